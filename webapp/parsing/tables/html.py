"""The tables of a web page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.html import element_text, parse_html
from webapp.parsing.tables.headings import heading_rows
from webapp.parsing.tables.placing import Placing
from webapp.parsing.tables.table import Table

if TYPE_CHECKING:
    from webapp.parsing.documents.source import Source
    from webapp.parsing.tables.finding import Finding


def find(source: Source, finding: Finding) -> None:
    finding.pages = 1
    root = parse_html(source.read())
    if root is None:
        return
    for table in root.iter("table"):
        # One around others arranges the page.
        if next(table.iterdescendants("table"), None) is None:
            _add(table, finding)


def _add(table: Any, finding: Finding) -> None:
    placing = Placing()
    heading: list[bool] = []  # of each row
    beginning: list[bool] = []
    for row in table.iter("tr"):
        cells = [cell for cell in row if cell.tag in {"td", "th"}]
        placing.row()
        for cell in cells:
            text = " ".join(element_text(cell).split())
            placing.cell(text, _span(cell, "rowspan"), _span(cell, "colspan"))
        tags = [cell.tag for cell in cells]
        heading.append(row.getparent().tag == "thead" or set(tags) == {"th"})
        beginning.append(tags[:1] == ["th"])
    texts, spans = placing.placed()
    if len(texts) < 2 or len(texts[0]) < 2:
        return
    header_rows = next((at for at, is_one in enumerate(heading) if not is_one), len(texts))
    below = beginning[header_rows : len(texts)]
    caption = next(table.iter("caption"), None)
    finding.add(
        Table(
            page=1,
            method="html",
            confidence=1.0,
            texts=texts,
            spans=spans,
            header_rows=min(header_rows, len(texts)) or heading_rows(texts),
            header_columns=int(bool(below) and all(below)),
            title="" if caption is None else " ".join(element_text(caption).split())[:500],
        )
    )


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 1
