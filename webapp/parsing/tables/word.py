"""The tables of a DOCX, with the pages as last printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.flow import Flow
from webapp.parsing.documents.markup import attribute, child, local
from webapp.parsing.documents.ooxml import Package
from webapp.parsing.documents.word import Walk, rows_of
from webapp.parsing.tables.headings import heading_rows
from webapp.parsing.tables.placing import Placing
from webapp.parsing.tables.table import Table

if TYPE_CHECKING:
    from webapp.parsing.documents.source import Source
    from webapp.parsing.tables.finding import Finding


def find(source: Source, finding: Finding) -> None:
    package = Package(source, finding.reading)
    main = package.main("word/document.xml")
    root = package.xml(main)
    if root is None or (body := child(root, "body")) is None:
        raise DocumentError("damaged")
    flow = Flow()
    _TableWalk(package, main, flow, finding).blocks(body)
    flow.end_page()
    finding.pages = max(1, len(flow.pages))


class _TableWalk(Walk):
    """Walks through the text as its reader does, and takes the tables on the way."""

    def __init__(self, package: Package, part: str, flow: Flow, finding: Finding) -> None:
        super().__init__(package, part, flow)
        self._whole = flow
        self._finding = finding

    def table(self, table: Any) -> None:
        page = len(self._whole.pages) + 1
        placing = Placing()
        repeated = 0  # rows that Word repeats on each page
        for number, row in enumerate(rows_of(table, "tr")):
            placing.row()
            placing.skip(_number(child(row, "trPr", "gridBefore"), 0))
            self.flow.line("\t".join(self._cells(row, placing)))
            if repeated == number and child(row, "trPr", "tblHeader") is not None:
                repeated += 1
        texts, spans = placing.placed()
        # One around others arranges the page.
        is_layout = any(local(each) == "tbl" for each in table.iterdescendants("{*}tbl"))
        if len(texts) < 2 or len(texts[0]) < 2 or is_layout:
            return
        header_rows = min(repeated, len(texts)) or heading_rows(texts)
        self._finding.add(Table(page, "word", 1.0, texts, spans=spans, header_rows=header_rows))

    def _cells(self, row: Any, placing: Placing) -> list[str]:
        """Place the cells of a row; returns their texts."""
        said = []
        for cell in rows_of(row, "tc"):
            properties = child(cell, "tcPr")
            merge = None if properties is None else child(properties, "vMerge")
            right = _number(None if properties is None else child(properties, "gridSpan"), 1)
            text = self.cell(cell)
            said.append(text)
            if merge is not None and attribute(merge, "val") != "restart":
                placing.reach_down(placing.column)
                placing.skip(right)
            else:
                placing.cell(text, 1, right)
        return said


def _number(element: Any, missing: int) -> int:
    value = (attribute(element, "val") if element is not None else None) or ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 5 else missing
