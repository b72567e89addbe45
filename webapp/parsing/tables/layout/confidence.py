"""How surely a grid is a table, and its cells are the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.rows import lines_of
from webapp.parsing.tables.numbers import is_number

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid

_WELL_FILLED, _MANY_ROWS, _MANY_LINES = 0.8, 6, 3


def confidence_of(grid: Grid) -> float:
    """From 0 to 1. Lines that are drawn are the best evidence; then cells that are filled, numbers
    below each other, and many rows that have the same columns. Drawn cells of many lines may be
    rows that no lines part."""
    texts = grid.texts()
    filled = [text for row in texts for text in row if text]
    fill = min(1.0, len(filled) / (len(texts) * len(texts[0])) / _WELL_FILLED)
    rows = min(1.0, (len(texts) - 1) / _MANY_ROWS)
    if grid.method == "ruled":
        cells = [words for row in grid.rows for words in row if words]
        tall = sum(len(lines_of(words)) > _MANY_LINES for words in cells) / len(cells)
        return round(0.7 + 0.2 * fill + 0.1 * rows - 0.4 * tall, 2)
    rest = [text for row in texts[grid.header_rows or 0 :] for text in row[1:] if text]
    numbers = sum(map(is_number, rest)) / len(rest) if rest else 0.0
    evidence = 0.2 + 0.25 * fill + 0.25 * numbers + 0.3 * rows
    return round(evidence - (0.1 if grid.method == "ocr" else 0.0), 2)
