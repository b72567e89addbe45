"""Tables that have the same headings, so that a gap does not tell them apart: side by side, or one
below the other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import area_of
from webapp.parsing.tables.layout.heading_lines import are_headings
from webapp.parsing.tables.layout.rulings import from_side_to_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.tables.layout.blocks import Row
    from webapp.parsing.tables.layout.grid import Grid
    from webapp.parsing.tables.layout.rulings import Ruling

_FEWEST_ROWS = 2  # of values


def without_repeated_headings(grid: Grid) -> list[Grid]:
    """The grid, or its parts if all headings are there twice or more: `Age, People, Age, People`.

    Columns that only repeat below a heading over them (`2009: number, share; 2010: number, share`)
    are one table, whose first column has another heading.
    """
    headings = grid.header_rows or 0
    columns = list(zip(*grid.texts()[:headings], strict=True))
    width = len(columns)
    for own in range(2, width // 2 + 1):
        is_repeated = width % own == 0 and all(
            columns[at] == columns[at % own] for at in range(width)
        )
        if is_repeated and any(columns[0]) and len(set(columns)) == own:
            return [_part(grid, at, at + own) for at in range(0, width, own)]
    return [grid]


def _part(grid: Grid, first: int, end: int) -> Grid:
    rows = [row[first:end] for row in grid.rows]
    spans = {
        (row, column - first): (down, min(right, end - column))
        for (row, column), (down, right) in grid.spans.items()
        if first <= column < end
    }
    area = area_of(word for row in rows for words in row for word in words)
    return replace(grid, rows=rows, spans=spans, area=area)


def without_next_table(block: list[Row], across: Sequence[Ruling]) -> list[list[Row]]:
    """The block, or its parts if the first heading is there again, with a line below it as before:
    the columns of the next table need not be where those of the one above are."""
    left, right = min(row.left for row in block), max(row.right for row in block)
    whole = from_side_to_side(across, left, right)
    # The numbers of rows with such a line below them.
    lined = [
        number
        for number, (row, next_) in enumerate(pairwise(block) if whole else ())
        if any(next_.bottom + next_.top < 2 * at < row.bottom + row.top for at in whole)
    ]
    starts, heading = [0], 0  # the last one a place in `lined`
    for place, number in enumerate(lined):
        # With what is above it, up to the last row of the table before.
        first = number
        while first > starts[-1] and not block[first - 1].is_parted:
            first -= 1
        between = lined[heading + 1 : place]
        if (
            first - lined[heading] > _FEWEST_ROWS
            and between in ([], [first - 1])  # values have no lines between them
            and block[number].texts()[0] == block[lined[heading]].texts()[0]
            and all(are_headings(block[each].texts()[1:]) for each in (lined[heading], number))
        ):
            starts.append(first)
            heading = place
    return [block[start:end] for start, end in pairwise([*starts, len(block)])]
