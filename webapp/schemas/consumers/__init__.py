"""Schemas of what other programs are told."""
