"""Rows that are drawn around many lines of a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import text_of
from webapp.parsing.tables.layout.rows import lines_of
from webapp.parsing.tables.numbers import is_number

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid, Words


def split_rows(grid: Grid) -> Grid:
    """The grid with each row parted into its lines where they are rows of their own."""
    rows: list[list[Words]] = []
    first: list[int] = []  # where each row begins now
    for row in grid.rows:
        first.append(len(rows))
        rows += _lines(row)
    first.append(len(rows))
    spans = {
        (first[row], column): (first[row + down] - first[row], right)
        for (row, column), (down, right) in grid.spans.items()
    }
    return replace(grid, rows=rows, spans=spans)


def _lines(row: list[Words]) -> list[list[Words]]:
    """A row by its lines, if most cells of most lines are filled, with numbers except for the
    first: only the first and last row of the table have lines drawn around them."""
    filled = [column for column, words in enumerate(row) if words]
    lines = lines_of(word for words in row for word in words) if len(filled) >= 2 else []
    if len(lines) < 2:
        return [row]
    parts = []
    for line in lines:
        own = {id(word) for word in line}
        parts.append([[word for word in words if id(word) in own] for words in row])
    values = [
        is_number(text_of(part[column])) for part in parts for column in filled[1:] if part[column]
    ]
    full = sum(1 for part in parts if sum(map(bool, part)) >= max(2, 0.6 * len(filled)))
    are_numbers = bool(values) and sum(values) >= 0.6 * len(values)
    return parts if are_numbers and full >= max(2, 0.5 * len(parts)) else [row]
