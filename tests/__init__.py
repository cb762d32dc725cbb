"""Tests of Rapport; the oracle and the strategies that several of them share."""
