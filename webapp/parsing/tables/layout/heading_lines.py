"""Lines that are drawn below the headings of a table."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import area_of, text_of
from webapp.parsing.tables.layout.rulings import from_side_to_side
from webapp.parsing.tables.numbers import are_ascending, is_number, is_year

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.tables.layout.grid import Grid
    from webapp.parsing.tables.layout.rulings import Ruling

_MOST_ROWS, _FEWEST_BELOW = 5, 2
_NEAR = 1.2  # of a line's height: how far from the first and last row their lines are


def ruled_heading_rows(grid: Grid, across: Sequence[Ruling]) -> int:
    """The number of rows down to the first line from one side to the other that has a heading for
    each column above it; 0 if there is none. What is below that line is no heading, although it
    has no values, and what is above it is none of values, although it has numbers that ascend."""
    whole = from_side_to_side(across, grid.area.left, grid.area.right)
    if not whole:
        return 0
    rows = grid.rows[: min(_MOST_ROWS + 1, len(grid.rows) + 1 - _FEWEST_BELOW)]
    areas = [area_of(word for words in row for word in words) for row in rows]
    for number, (upper, lower) in enumerate(pairwise(areas), 1):
        is_ruled = any(lower.bottom + lower.top < 2 * at < upper.bottom + upper.top for at in whole)
        if is_ruled and are_headings([text_of(words) for words in rows[number - 1][1:]]):
            return number
    return 0


def is_framed(grid: Grid, across: Sequence[Ruling]) -> bool:
    """Whether lines from one side to the other are above the headings, below them, and below the
    last row: who draws these three says that it is a table, however long its texts are."""
    area = grid.area
    size = median(word.height for word in grid.words())
    whole = from_side_to_side(across, area.left, area.right)
    return (
        any(0 <= at - area.top < _NEAR * size for at in whole)
        and any(0 <= area.bottom - at < _NEAR * size for at in whole)
        and ruled_heading_rows(grid, across) > 0
    )


def are_headings(texts: Sequence[str]) -> bool:
    """Whether the texts above a line, but the one above the labels, can be headings."""
    if not texts or not all(texts):
        return False
    numbers = [text for text in texts if is_number(text) and not is_year(text)]
    return len(numbers) < 0.5 * len(texts) or are_ascending(texts)
