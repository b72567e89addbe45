"""How surely a grid is a table, and its cells are the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.tables.numbers import is_number

if TYPE_CHECKING:
    from webapp.parsing.tables.layout.grid import Grid


def confidence_of(grid: Grid) -> float:
    """From 0 to 1. Lines that are drawn are the best evidence; then cells that are filled, numbers
    below each other, and many rows that have the same columns."""
    texts = grid.texts()
    filled = [text for row in texts for text in row if text]
    fill = len(filled) / (len(texts) * len(texts[0]))
    if grid.method == "ruled":
        return round(0.8 + 0.2 * min(1.0, fill / 0.8), 2)
    rest = [text for row in texts[grid.header_rows or 0 :] for text in row[1:] if text]
    numbers = sum(map(is_number, rest)) / len(rest) if rest else 0.0
    rows = 1 - 1 / len(texts)
    found = 0.25 + 0.3 * min(1.0, fill / 0.8) + 0.25 * numbers + 0.2 * rows
    return round(found - (0.1 if grid.method == "ocr" else 0.0), 2)
