"""Tests of the logs and of the loops that run the processor on them."""
