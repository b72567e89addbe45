"""What the finders share: the limits of a document, and the tables found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.parsing.documents.reading import without_controls

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.tables.table import Table

_MOST_TABLES = 10_000
_MOST_PLACES = 4_000_000  # of all tables together
_MOST_CHARACTERS = 32_000_000


@dataclass
class Finding:
    """One document while its tables are being found, and then what was found.

    `reading` has the password, the numbers of pages and bytes that are accepted, and how to report
    steps. `pages` is set by the finder, `pictures` where a page has none but pictures of text.
    """

    reading: Reading
    tables: list[Table] = field(default_factory=list)
    pages: int = 0
    pictures: list[int] = field(default_factory=list)
    is_cut: bool = False
    _places: int = _MOST_PLACES
    _characters: int = _MOST_CHARACTERS

    def add(self, table: Table) -> None:
        """Add a table, its text without controls. It is cut, and everything after it is dropped, if
        there is more than a document may have."""
        if self.is_cut or not table.texts or not table.width:
            return
        if len(self.tables) >= _MOST_TABLES:
            self.is_cut = True
            return
        texts = table.texts
        for number, row in enumerate(texts):
            texts[number] = [without_controls(text) for text in row]
            self._places -= len(row)
            self._characters -= sum(map(len, texts[number]))
            if self._places < 0 or self._characters < 0:
                self.is_cut = True
                self._cut(table, number)
                break
        if texts:
            self.tables.append(table)

    @staticmethod
    def _cut(table: Table, rows: int) -> None:
        """Keep only so many rows."""
        del table.texts[rows:]
        if table.boxes:
            del table.boxes[4 * rows * table.width :]
        for (row, column), (down, right) in list(table.spans.items()):
            if row >= rows:
                del table.spans[row, column]
            elif row + down > rows:
                table.spans[row, column] = (rows - row, right)
