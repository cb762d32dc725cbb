"""Tests on a real Apache Kafka, which `broker` starts from its published artifacts."""
