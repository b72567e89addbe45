"""Measurements, each a module to run by itself; README.md has the last results."""
