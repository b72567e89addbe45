"""Benchmarks of extraction."""
