"""Rows and columns that turned out to be empty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid


def trimmed(grid: Grid) -> Grid | None:
    """The grid without empty rows and columns; None if it is too small for a table then."""
    rows = [number for number, row in enumerate(grid.rows) if any(row)]
    columns = [
        number for number in range(len(grid.rows[0])) if any(row[number] for row in grid.rows)
    ]
    if len(rows) < 2 or len(columns) < 2:
        return None
    spans = {}
    for (row, column), (down, right) in grid.spans.items():
        if grid.rows[row][column]:
            height = sum(row <= each < row + down for each in rows)
            width = sum(column <= each < column + right for each in columns)
            if (height, width) != (1, 1):
                spans[rows.index(row), columns.index(column)] = (height, width)
    kept = [[grid.rows[row][column] for column in columns] for row in rows]
    headings = grid.header_rows and sum(row < grid.header_rows for row in rows)
    return replace(grid, rows=kept, spans=spans, header_rows=headings)
