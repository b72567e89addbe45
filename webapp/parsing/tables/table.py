"""The tables of a document, and their encoding on the way from the child to the caller."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import orjson

from webapp.parsing.documents.document import Box
from webapp.parsing.documents.media import BY_TYPE, Media

if TYPE_CHECKING:
    from collections.abc import Iterator

# How a table was found: by lines that are drawn, by columns of white space, in what OCR read; or
# the document says that it is one: a sheet, HTML, a table of a word processor, delimited text.
Method = Literal["ruled", "white_space", "ocr", "sheet", "html", "word", "csv"]

_NOWHERE = (math.nan,) * 4


class Cell(NamedTuple):
    """A cell. `row` and `column` count from 0; the spans say how many rows and columns it takes.
    `box` is the place of its text on the page, None if it has no text or the page no geometry."""

    row: int
    column: int
    text: str
    page: int
    box: Box | None
    row_span: int = 1
    column_span: int = 1
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or the part of one that is on this page.

    `texts` has the text as read of each place, in rows of equal length. A cell that spans several
    places has its text in the first one, the upper left, and its spans in `spans`; the others are
    empty. The first `header_rows` rows and `header_columns` columns have headings.

    `boxes` has four numbers for each place, row by row, or none at all; NaN where there is no text.
    `box` is the whole table. Both as in `document.Box`, on page `page`, from 1, of the document: a
    sheet is a page of a workbook.

    `confidence` is from 0 to 1: how surely this is a table and its cells are the right ones.
    `continued_from` is the number, in the list of all tables from 0, of the one before if this goes
    on with it; rows of headings that are repeated are then counted in `header_rows`.
    """

    page: int
    method: Method
    confidence: float
    texts: list[list[str]]
    box: Box | None = None
    boxes: array[float] = field(default_factory=lambda: array("f"))
    spans: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    header_rows: int = 0
    header_columns: int = 0
    title: str = ""
    continued_from: int | None = None

    @property
    def width(self) -> int:
        """The number of columns."""
        return len(self.texts[0]) if self.texts else 0

    def rows(self) -> Iterator[list[Cell]]:
        """The cells of each row, from left to right, without places that another cell covers."""
        covered = {
            (row + down, column + right)
            for (row, column), (height, width) in self.spans.items()
            for down in range(height)
            for right in range(width)
            if down or right
        }
        for row, texts in enumerate(self.texts):
            yield [
                self._cell(row, column, text)
                for column, text in enumerate(texts)
                if (row, column) not in covered
            ]

    def _cell(self, row: int, column: int, text: str) -> Cell:
        is_header = row < self.header_rows or column < self.header_columns
        spans = self.spans.get((row, column), (1, 1))
        return Cell(row, column, text, self.page, self._box(row, column), *spans, is_header)

    def _box(self, row: int, column: int) -> Box | None:
        at = 4 * (row * self.width + column)
        box = Box(*self.boxes[at : at + 4]) if self.boxes else None
        return None if box is None or math.isnan(box.left) else box


@dataclass(frozen=True, slots=True)
class DocumentTables:
    """The tables of a document in reading order. `pages` is the number of its pages, `pictures` the
    numbers of those that show pictures of text which were not read. `is_cut` means that there is
    more than Coffer accepts."""

    media: Media
    pages: int
    tables: list[Table]
    pictures: list[int] = field(default_factory=list)
    is_cut: bool = False

    def with_pictures(self, read: DocumentTables) -> DocumentTables:
        """With the tables that were found on pictures, in the order of the pages."""
        every = sorted(
            [*enumerate(self.tables), *((-1, table) for table in read.tables)],
            key=lambda each: each[1].page,
        )
        number_of = {old: new for new, (old, _) in enumerate(every) if old >= 0}
        tables = [
            table
            if table.continued_from is None
            else replace(table, continued_from=number_of[table.continued_from])
            for _, table in every
        ]
        return replace(self, tables=tables, pictures=read.pictures)


def placed(boxes: list[Box | None]) -> array[float]:
    """`Table.boxes` from a box for each place."""
    flat = array("f")
    for box in boxes:
        flat.extend(box or _NOWHERE)
    return flat


def encode(found: DocumentTables) -> bytes:
    """The form that `decode` reads: JSON, a line end, then the boxes of all tables as 32-bit
    floats."""
    said = {
        "media_type": found.media.type,
        "pages": found.pages,
        "pictures": found.pictures,
        "is_cut": found.is_cut,
        "tables": [
            {
                "page": table.page,
                "method": table.method,
                "confidence": table.confidence,
                "texts": table.texts,
                "box": table.box and list(table.box),
                "boxes": len(table.boxes),
                "spans": [(*place, *spans) for place, spans in table.spans.items()],
                "header_rows": table.header_rows,
                "header_columns": table.header_columns,
                "title": table.title,
                "continued_from": table.continued_from,
            }
            for table in found.tables
        ],
    }
    return orjson.dumps(said) + b"\n" + b"".join(table.boxes.tobytes() for table in found.tables)


def decode(data: bytes) -> DocumentTables:
    """Raises ValueError, TypeError or KeyError for anything that `encode` did not produce."""
    head, _, tail = data.partition(b"\n")
    said = orjson.loads(head)
    boxes = array("f")
    boxes.frombytes(tail)
    tables = []
    at = 0
    for each in said["tables"]:
        count = each.pop("boxes")
        box = each.pop("box")
        spans = {(row, column): (down, right) for row, column, down, right in each.pop("spans")}
        own = boxes[at : at + count]
        tables.append(Table(**each, box=box and Box(*box), boxes=own, spans=spans))
        at += count
    return DocumentTables(
        *(BY_TYPE[said["media_type"]], said["pages"], tables, said["pictures"], said["is_cut"])
    )
