"""Lines of dashes that are typed to part the rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import area_of
from webapp.parsing.tables.layout.rows import lines_of
from webapp.parsing.tables.layout.rulings import Ruling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord

_FEWEST = 5  # dashes: fewer stand for a value that is not known


def typed_rulings(words: Sequence[PlacedWord]) -> tuple[Sequence[PlacedWord], list[Ruling]]:
    """The words without lines that have nothing but dashes, and those as rulings."""
    if not any(map(_are_dashes, words)):
        return words, []
    lines = [line for line in lines_of(words) if all(map(_are_dashes, line))]
    typed = {id(word) for line in lines for word in line}
    rulings = [
        Ruling((area.bottom + area.top) / 2, word.left, word.right)
        for line in lines
        for area in [area_of(line)]
        for word in line
    ]
    return [word for word in words if id(word) not in typed], rulings


def _are_dashes(word: PlacedWord) -> bool:
    return len(word.text) >= _FEWEST and not word.text.strip("-–—_=")
