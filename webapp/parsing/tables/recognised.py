"""The tables in what OCR read on a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from webapp.parsing.documents.document import Box
from webapp.parsing.documents.ocr.lines import words_of
from webapp.parsing.documents.pdf.words import PlacedWord
from webapp.parsing.tables.layout.page import grids_of
from webapp.parsing.tables.layout.tabling import table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.documents.ocr.lines import Line
    from webapp.parsing.tables.finding import Finding
    from webapp.parsing.tables.layout.grid import Area


def find(lines: Sequence[Line], scale: float, page: int, finding: Finding) -> None:
    """Add the tables in the lines of a page, which has `scale` pixels per unit. Lines that are
    drawn on it are not looked for."""
    # Pictures are measured from above, pages from below.
    words = [
        PlacedWord(left, -bottom, right, -top, text, bottom - top, 0)
        for line in lines
        for text, (left, top, right, bottom) in words_of(line)
    ]

    def shown(area: Area) -> Box:
        sides = (area.left, -area.top, area.right, -area.bottom)
        return Box(*(side / scale for side in sides))

    for grid in grids_of(words):
        finding.add(table_of(replace(grid, method="ocr"), page, shown))
