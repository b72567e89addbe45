"""The title of what has none."""

from __future__ import annotations


def first_line(text: str) -> str:
    """The first line with something on it, at most 60 characters. Raises StopIteration for none."""
    return next(line.strip() for line in text.splitlines() if line.strip())[:60].rstrip()
