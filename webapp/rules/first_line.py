"""A title for a text that has none."""

from __future__ import annotations

import re
from typing import Final

# Characters of a document in which to look for a title.
_WITHIN: Final = 10_000
_WORD: Final = re.compile(r"[^\W\d_]{3}")


def first_line(text: str) -> str:
    """The first non-empty line, at most 60 characters. Raises StopIteration for none."""
    return next(line.strip() for line in text.splitlines() if line.strip())[:60].rstrip()


def first_line_with_a_word(text: str) -> str | None:
    """The same of a document's first line with a word in it, unlike a page number or a date."""
    lines = text[:_WITHIN].splitlines()
    return next((first_line(line) for line in lines if _WORD.search(line)), None)
