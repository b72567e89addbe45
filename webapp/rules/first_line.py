"""A title for a text that has none."""

from __future__ import annotations


def first_line(text: str) -> str:
    """The first non-empty line, at most 60 characters. Raises StopIteration for none."""
    return next(line.strip() for line in text.splitlines() if line.strip())[:60].rstrip()
