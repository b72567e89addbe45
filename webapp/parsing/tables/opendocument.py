"""The tables of OpenDocument: of a text, and the regions of each sheet of a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.archive import Archive
from webapp.parsing.documents.markup import attribute, local
from webapp.parsing.documents.opendocument import cell_text, content_of, count_of
from webapp.parsing.tables.headings import heading_rows
from webapp.parsing.tables.placing import Placing
from webapp.parsing.tables.sheets import add_sheet
from webapp.parsing.tables.table import Table

if TYPE_CHECKING:
    from webapp.parsing.documents.source import Source
    from webapp.parsing.tables.finding import Finding

# A row or cell may be repeated a million times, for the rest of the sheet.
_MOST_REPEATED = 1_000
_MOST_SPANNED = 65_536
# Two empty rows already end a table.
_MOST_EMPTY = 2


def find(source: Source, finding: Finding) -> None:
    root = content_of(Archive(source, finding.reading))
    sheets = [
        each for book in root.iter("{*}spreadsheet") for each in book if local(each) == "table"
    ]
    for number, sheet in enumerate(sheets, 1):
        add_sheet(finding, number, attribute(sheet, "name") or "", *_placed(sheet))
    finding.pages = len(sheets)
    if sheets:
        return
    finding.pages = 1
    for element in root.iter("{*}table", "{*}soft-page-break", "{*}page"):
        if local(element) == "soft-page-break":
            finding.pages += 1
        elif local(element) == "table" and next(element.iterdescendants("{*}table"), None) is None:
            _add(element, finding)


def _add(table: Any, finding: Finding) -> None:
    texts, spans = _placed(table)
    if len(texts) < 2 or len(texts[0]) < 2:
        return
    repeated = sum(1 for rows in table.iter("{*}table-header-rows") for _ in rows)
    header_rows = min(repeated, len(texts)) or heading_rows(texts)
    finding.add(Table(finding.pages, "word", 1.0, texts, spans=spans, header_rows=header_rows))


def _placed(table: Any) -> tuple[list[list[str]], dict[tuple[int, int], tuple[int, int]]]:
    placing = Placing()
    empty = 0  # rows, put in place only when another one follows
    for row in table.iter("{*}table-row"):
        cells = [cell for cell in row if local(cell) in {"table-cell", "covered-table-cell"}]
        texts = [cell_text(cell) for cell in cells]
        most = _MOST_REPEATED if any(texts) else _MOST_EMPTY
        for _ in range(count_of(row, "number-rows-repeated", most)):
            if not any(texts):
                empty = min(empty + 1, _MOST_EMPTY)
                continue
            for _ in range(empty):
                placing.row()
            empty = 0
            placing.row()
            _place(cells, texts, placing)
    return placing.placed()


def _place(cells: list[Any], texts: list[str], placing: Placing) -> None:
    for cell, text in zip(cells, texts, strict=True):
        count = count_of(cell, "number-columns-repeated", _MOST_REPEATED)
        if local(cell) == "covered-table-cell" or not text:
            # What a cell covers is listed too, so it needs no other place to be kept free.
            placing.skip(count)
            continue
        down = count_of(cell, "number-rows-spanned", _MOST_SPANNED)
        right = count_of(cell, "number-columns-spanned", _MOST_REPEATED)
        for _ in range(count):
            placing.cell(text, down, right)
            placing.skip(1 - right)
