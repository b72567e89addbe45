"""Tables whose cells are drawn, completely or in part."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.parsing.tables.layout.grid import Grid
from webapp.parsing.tables.layout.lattice import lattices_of
from webapp.parsing.tables.layout.rows import lines_of, phrases_of
from webapp.parsing.tables.layout.splitting import split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.tables.layout.grid import Words
    from webapp.parsing.tables.layout.lattice import Cell, Lattice
    from webapp.parsing.tables.layout.rulings import Ruling

_OUTSIDE = 2.0  # points: how far the middle of a word may be beyond the outermost lines


def ruled_grids(
    words: Sequence[PlacedWord], across: Sequence[Ruling], down: Sequence[Ruling]
) -> Iterator[Grid]:
    """The grids that lines draw and words fill, the ones with most words first.

    None has words that an earlier one has: a frame around a table is not another table.
    """
    found = [_Filled.of(lattice, words) for lattice in lattices_of(across, down)]
    used: set[int] = set()
    for filled in sorted(found, key=lambda filled: -filled.count):
        own = {id(word) for words in filled.words.values() for word in words}
        if len(own & used) > 0.3 * len(own) or not filled.is_table() or filled.is_crowded():
            continue
        used |= own
        yield filled.grid()


@dataclass(slots=True)
class _Filled:
    """A lattice and the words of its cells."""

    lattice: Lattice
    words: dict[Cell, Words]

    @classmethod
    def of(cls, lattice: Lattice, words: Sequence[PlacedWord]) -> _Filled:
        area = lattice.area
        by_place = {}
        filled: dict[Cell, Words] = {}
        for cell in lattice.cells():
            filled[cell] = []
            for row in range(cell.top, cell.bottom + 1):
                for column in range(cell.left, cell.right + 1):
                    by_place[row, column] = cell
        for word in words:
            x, y = (word.left + word.right) / 2, (word.bottom + word.top) / 2
            if (
                area.left - _OUTSIDE <= x <= area.right + _OUTSIDE
                and area.bottom - _OUTSIDE <= y <= area.top + _OUTSIDE
            ):
                filled[by_place[lattice.row_at(y), lattice.column_at(x)]].append(word)
        return cls(lattice, filled)

    @property
    def count(self) -> int:
        return sum(map(len, self.words.values()))

    def is_table(self) -> bool:
        """Whether text is in three cells of two rows and columns or more: otherwise it is a frame,
        a box around text, or a heading with a line."""
        full = [cell for cell, words in self.words.items() if words]
        rows, columns = {cell.top for cell in full}, {cell.left for cell in full}
        return len(full) >= 3 and len(rows) >= 2 and len(columns) >= 2

    def is_crowded(self) -> bool:
        """Whether cells hold lines of several columns themselves: the lines that are drawn only
        part blocks of a table, whose rows and columns are shown by white space."""
        crowded = 0
        for words in self.words.values():
            lines = lines_of(words)
            several = sum(1 for line in lines if len(phrases_of(line)) >= 2)
            if len(lines) >= 3 and several >= max(2, 0.5 * len(lines)):
                crowded += len(words)
        return crowded > 0.4 * self.count

    def grid(self) -> Grid:
        lattice = self.lattice
        rows: list[list[Words]] = [[[] for _ in lattice.xs[1:]] for _ in lattice.ys[1:]]
        spans = {}
        for cell, words in self.words.items():
            parts = _parted(cell, words, lattice.xs)
            for column, part in parts.items():
                rows[cell.top][column] += part
            size = (cell.bottom - cell.top + 1, cell.right - cell.left + 1)
            if size != (1, 1) and len(parts) <= 1:
                spans[cell.top, cell.left] = size
        return split_rows(Grid(lattice.area, rows, "ruled", spans=spans))


def _parted(cell: Cell, words: Words, xs: Sequence[float]) -> dict[int, Words]:
    """The words of a cell over several columns by the column: all in its first one, unless the
    words part where the columns below do, so that only the lines between them are not drawn."""
    inner = range(cell.left + 1, cell.right + 1)
    cuts = [
        xs[edge]
        for edge in inner
        if not any(word.left + 1 < xs[edge] < word.right - 1 for word in words)
    ]
    if cuts and words:
        lines = lines_of(words)
        phrases = sum(len(phrases_of(line)) for line in lines) / len(lines)
        if phrases >= max(2, 0.6 * min(len(inner) + 1, len(cuts) + 1)):
            parts: defaultdict[int, Words] = defaultdict(list)
            for word in words:
                middle = (word.left + word.right) / 2
                parts[cell.left + sum(xs[edge] <= middle for edge in inner)].append(word)
            return dict(parts)
    return {cell.left: words}
