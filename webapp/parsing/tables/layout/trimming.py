"""Rows and columns that turned out to be empty."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.tables.layout.grid import Grid


def trimmed(grid: Grid) -> Grid | None:
    """The grid without empty rows and columns; None if it is too small for a table then."""
    rows = [number for number, row in enumerate(grid.rows) if any(row)]
    columns = [
        number for number in range(len(grid.rows[0])) if any(row[number] for row in grid.rows)
    ]
    if len(rows) < 2 or len(columns) < 2:
        return None
    row_of, column_of = _counted(rows, len(grid.rows)), _counted(columns, len(grid.rows[0]))
    spans = {}
    for (row, column), (down, right) in grid.spans.items():
        if grid.rows[row][column]:
            size = (row_of[row + down] - row_of[row], column_of[column + right] - column_of[column])
            if size != (1, 1):
                spans[row_of[row], column_of[column]] = size
    kept = [[grid.rows[row][column] for column in columns] for row in rows]
    headings = grid.header_rows and row_of[grid.header_rows]
    return replace(grid, rows=kept, spans=spans, header_rows=headings)


def _counted(kept: Sequence[int], count: int) -> list[int]:
    """How many are kept before each of `count`, and of all."""
    found = [0] * (count + 1)
    for number in kept:
        found[number + 1] = 1
    return list(accumulate(found))
