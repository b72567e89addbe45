"""Puts the cells that a document lists row by row where they stand, with their spans."""

from __future__ import annotations

from webapp.parsing.documents.errors import DocumentError

_MOST_COLUMNS = 1_024
_MOST_PLACES = 4_000_000


class Placing:
    """A table while its cells are listed, as HTML lists them: a cell goes to the next place that no
    cell of a row above spans."""

    def __init__(self) -> None:
        self._rows: list[dict[int, str]] = []
        self._spans: dict[tuple[int, int], tuple[int, int]] = {}
        self._taken: dict[int, int] = {}  # by column, the first row that is free again
        self._column = 0

    def row(self) -> None:
        """Begin the next row."""
        self._rows.append({})
        self._column = 0

    def cell(self, text: str, down: int = 1, right: int = 1) -> None:
        """The next cell, with the numbers of rows and columns that it spans."""
        row = len(self._rows) - 1
        while self._taken.get(self._column, 0) > row:
            self._column += 1
        column = self._column
        right = max(1, min(right, _MOST_COLUMNS - column))
        if column >= _MOST_COLUMNS:
            raise DocumentError("too_complex")
        self._rows[row][column] = text
        if down > 1 or right > 1:
            self._spans[row, column] = (max(1, down), right)
            for covered in range(column, column + right):
                self._taken[covered] = row + down
        self._column = column + right

    def skip(self, columns: int = 1) -> None:
        """Leave places empty."""
        self._column += columns

    def reach_down(self, column: int) -> None:
        """Have the last cell above that begins in `column` span this row too."""
        row = len(self._rows) - 1
        for above in range(row - 1, -1, -1):
            if column in self._rows[above]:
                _, right = self._spans.get((above, column), (1, 1))
                self._spans[above, column] = (row - above + 1, right)
                return

    @property
    def column(self) -> int:
        """Where the next cell goes."""
        return self._column

    def placed(self) -> tuple[list[list[str]], dict[tuple[int, int], tuple[int, int]]]:
        """The texts in rows of equal length and the spans, as in `Table`, without rows and columns
        at the ends that are empty."""
        height = max(
            (row + 1 for row, cells in enumerate(self._rows) if any(cells.values())), default=0
        )
        width = max(
            (at + 1 for cells in self._rows for at, text in cells.items() if text), default=0
        )
        for (row, column), (_, right) in self._spans.items():
            # A heading over columns that have no text of their own in any row.
            if row < height and column < width:
                width = max(width, column + right)
        if height * width > _MOST_PLACES:
            raise DocumentError("too_complex")
        texts = [[cells.get(at, "") for at in range(width)] for cells in self._rows[:height]]
        spans = {}
        for (row, column), (down, right) in self._spans.items():
            if row < height and column < width:
                size = (min(down, height - row), min(right, width - column))
                if size != (1, 1):
                    spans[row, column] = size
        return texts, spans
