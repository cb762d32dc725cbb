"""Tests of the engine and of the oracle that it is held against."""
