"""Measurements, each a module that can be run alone; README.md has the latest results."""
