"""Lines over a group of rows that stand in the middle of all columns of values."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.centring import is_centred
from webapp.parsing.tables.layout.grid import area_of

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid

_FEWEST_COLUMNS = 3


def with_group_titles(grid: Grid) -> Grid:
    """The grid with such lines over all columns but that of the labels, rather than in the one
    where they happen to begin. What begins or ends where others of its column do is one of them."""
    width = len(grid.rows[0])
    values = [word for row in grid.rows if all(row) for words in row[1:] for word in words]
    if width < _FEWEST_COLUMNS or not values:
        return grid
    first = grid.header_rows or 0
    area = area_of(values)
    areas = [
        (column, area_of(words))
        for row in grid.rows[first:]
        for column, words in enumerate(row)
        if words
    ]
    lefts = Counter((column, round(each.left)) for column, each in areas)
    rights = Counter((column, round(each.right)) for column, each in areas)
    rows, spans = list(grid.rows), dict(grid.spans)
    for number, row in enumerate(grid.rows[first:], first):
        filled = [column for column, words in enumerate(row) if words]
        if len(filled) != 1 or filled == [0]:
            continue
        (column,) = filled
        words = row[column]
        own = area_of(words)
        is_title = lefts[column, round(own.left)] == rights[column, round(own.right)] == 1
        if is_title and is_centred(own, area.left, area.right):
            rows[number] = [[], words, *([] for _ in range(width - 2))]
            spans[number, 1] = (1, width - 1)
    return replace(grid, rows=rows, spans=spans)
