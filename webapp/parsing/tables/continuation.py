"""Tables that go on from one page to the next."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.parsing.tables.table import Table

# Shares of a page's height: one ends below, the other begins above. Headers and footers of pages
# are in between.
_LOW, _HIGH = 0.6, 0.35
_SAME_PLACE = 0.02  # of the page's width


def link(tables: list[Table], sizes: Mapping[int, tuple[float, float]]) -> None:
    """Set `continued_from` of the tables of a document, whose pages have these sizes.

    The last table of a page goes on with the first one of the next if it reaches low enough, both
    have the same columns at the same places, and the headings are repeated, or there are none.
    """
    for number, (before, after) in enumerate(pairwise(tables)):
        if after.page != before.page + 1 or not _reaches_over(before, after, sizes):
            continue
        if before.width != after.width or not _are_aligned(before, after, sizes):
            continue
        count = before.header_rows
        is_repeated = 0 < count <= len(after.texts) and _same(before, after, count)
        if is_repeated or after.header_rows == 0:
            headings = count if is_repeated else 0
            tables[number + 1] = replace(after, continued_from=number, header_rows=headings)


def _reaches_over(before: Table, after: Table, sizes: Mapping[int, tuple[float, float]]) -> bool:
    if before.box is None or after.box is None:
        return False
    low = before.box.bottom > _LOW * sizes[before.page][1]
    return low and after.box.top < _HIGH * sizes[after.page][1]


def _same(before: Table, after: Table, count: int) -> bool:
    """Whether both have the same headings, apart from white space and what is added to say that
    the table is continued."""
    ours, theirs = (
        ["".join(text.split()).casefold() for row in table.texts[:count] for text in row]
        for table in (before, after)
    )
    return sum(a == b for a, b in zip(ours, theirs, strict=True)) >= 0.8 * len(ours)


def _are_aligned(before: Table, after: Table, sizes: Mapping[int, tuple[float, float]]) -> bool:
    """Whether the columns are at the same places: each has a left or a right side in common."""
    width = sizes[before.page][0]
    if abs(width - sizes[after.page][0]) > _SAME_PLACE * width:
        return False
    return all(
        any(abs(a - b) < _SAME_PLACE * width for a, b in zip(ours, theirs, strict=True))
        for ours, theirs in zip(_columns(before), _columns(after), strict=True)
    )


def _columns(table: Table) -> list[tuple[float, float]]:
    """The outermost sides of what is in each column."""
    found = []
    for column in range(table.width):
        lefts = table.boxes[4 * column :: 4 * table.width]
        rights = table.boxes[4 * column + 2 :: 4 * table.width]
        filled = [(a, b) for a, b in zip(lefts, rights, strict=True) if not math.isnan(a)]
        found.append((min(a for a, _ in filled), max(b for _, b in filled)))
    return found
