"""Schemas of what is extracted from documents."""
