"""Lines that go on with the row above."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import text_of
from webapp.parsing.tables.numbers import is_number

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid, Words


def join_wrapped(grid: Grid) -> Grid:
    """The grid with wrapped lines joined to their rows."""
    size = median(word.height for word in grid.words())
    headings = grid.header_rows or 0
    rows = grid.rows[:headings]
    for row in grid.rows[headings:]:
        if len(rows) > headings and _goes_on(rows[-1], row, size):
            for words, more in zip(rows[-1], row, strict=True):
                words += more
        else:
            rows.append(row)
    return replace(grid, rows=rows)


def _goes_on(above: list[Words], row: list[Words], size: float) -> bool:
    filled = [column for column, words in enumerate(row) if words]
    if not filled:
        return False
    gap = min(word.bottom for words in above for word in words) - max(
        word.top for words in row for word in words
    )
    if gap < 0 and row[0] == [] and not any(above[1:]):
        return True  # a label over several lines, with the values beside its middle
    texts = {column: text_of(row[column]) for column in filled}
    if row[0]:  # a label over two lines, and what is beside it too, if anything is
        return (
            all(above[column] and texts[column][:1].islower() for column in filled)
            and gap < 0.3 * size
        )
    return (
        bool(above[0])
        and all(above[column] for column in filled)
        and not any(map(is_number, texts.values()))
        and gap < 0.45 * size
        and len(filled) < sum(map(bool, above))
    )
