"""The tables of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.columns import spaced_grids
from webapp.parsing.tables.layout.leaders import with_leaders
from webapp.parsing.tables.layout.repeated import without_repeated_headings
from webapp.parsing.tables.layout.ruled import ruled_grids
from webapp.parsing.tables.layout.trimming import trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.layout.grid import Grid
    from webapp.parsing.tables.layout.rulings import Ruling

_FEWEST_WORDS = 4


def grids_of(
    words: Sequence[PlacedWord], across: Sequence[Ruling] = (), down: Sequence[Ruling] = ()
) -> list[Grid]:
    """The tables in some words and lines of a page, from above."""
    if len(words) < _FEWEST_WORDS:
        return []
    words = with_leaders(words)
    found = list(ruled_grids(words, across, down))
    used = {id(word) for grid in found for word in grid.words()}
    found += spaced_grids([word for word in words if id(word) not in used], across, down)
    parts = [part for grid in found for part in without_repeated_headings(grid)]
    grids = filter(None, map(trimmed, parts))
    return sorted(grids, key=lambda grid: -grid.area.top)
