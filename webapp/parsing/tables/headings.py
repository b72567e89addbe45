"""Tells which rows of a table are headings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.tables.numbers import is_number, is_year

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_ROWS = 8  # of headings
_LOOKED_AT = 50  # rows


def heading_rows(texts: Sequence[Sequence[str]]) -> int:
    """The number of rows above the first one with values.

    Rows of values are told by their numbers: in most of the cells that are not the first. Years do
    not count in the first rows, because they are headings more often than values. In a table
    without numbers, the first row is a heading if each of its cells says something of its own.
    """
    for number, row in enumerate(texts[:_MOST_ROWS]):
        if _has_values(row):
            # A table that begins with values has no headings.
            return number
    if any(map(_has_values, texts[_MOST_ROWS:_LOOKED_AT])) or len(texts) < 2:
        return 0
    first = [text.strip().casefold() for text in texts[0]]
    return int(all(first) and len(set(first)) == len(first) > 1)


def _has_values(row: Sequence[str]) -> bool:
    filled = [text.strip() for text in row[1:] if text.strip()]
    numbers = [text for text in filled if is_number(text) and not is_year(text)]
    return bool(numbers) and len(numbers) >= 0.5 * len(filled)
