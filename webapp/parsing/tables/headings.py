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
    What only names the group of rows below it, like `Head Start Group`, is no heading.
    """
    for number, row in enumerate(texts[:_MOST_ROWS]):
        if _has_values(row):
            # A table that begins with values has no headings.
            return number - _names_of_groups(texts[:number])
    if any(map(_has_values, texts[_MOST_ROWS:_LOOKED_AT])) or len(texts) < 2:
        return 0
    first = [text.strip().casefold() for text in texts[0]]
    return int(all(first) and len(set(first)) == len(first) > 1)


def title_rows(texts: Sequence[Sequence[str]]) -> int:
    """How many of the first rows are a title rather than headings: they say something in their
    first cell alone, above a row that says more. As in a list of invoice lines below the number of
    the invoice."""
    for number, (first, *others) in enumerate(texts[:_MOST_ROWS]):
        if any(map(str.strip, others)):
            return number
        if not first.strip():
            break
    return 0


def _names_of_groups(above: Sequence[Sequence[str]]) -> int:
    """How many of the last rows above the values say something in their first cell alone, below a
    row in which every column has its heading; unless they go on with what it began."""
    complete = next((number for number, row in enumerate(above, 1) if all(map(str.strip, row))), 0)
    count = 0
    for row in reversed(above[complete:] if complete else []):
        first, *others = map(str.strip, row)
        if not first or any(others) or first[0].islower() or first[0] in "([":
            break
        count += 1
    return count


def _has_values(row: Sequence[str]) -> bool:
    filled = [text.strip() for text in row[1:] if text.strip()]
    numbers = [text for text in filled if is_number(text) and not is_year(text)]
    return bool(numbers) and len(numbers) >= 0.5 * len(filled)
