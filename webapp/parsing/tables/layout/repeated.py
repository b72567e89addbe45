"""Tables side by side that have the same headings, so that a gap does not tell them apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import area_of

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid


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
