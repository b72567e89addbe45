"""Benchmarks of tokens, on a real node of a chain."""
