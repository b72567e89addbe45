"""Reads OpenDocument: ODT, ODS, ODP and ODG, as LibreOffice shows them.

Pages are slides, sheets and drawings, and in a text the pages of the last layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.archive import Archive
from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.flow import Flow
from webapp.parsing.documents.markup import attribute, local, parse_xml
from webapp.parsing.documents.ooxml import moment

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

# A row or cell may be repeated a million times, for the rest of the sheet.
_MOST_REPEATED = 1_000
_MOST_SPACES = 100
_SKIPPED = frozenset({"tracked-changes", "forms", "sequence-decls", "named-expressions"})
_NOTES = frozenset({"note", "annotation"})
_SHAPES = frozenset(
    "frame custom-shape text-box rect ellipse line connector polygon polyline path caption g "
    "image object".split()
)


def read(source: Source, reading: Reading) -> Metadata:
    archive = Archive(source, reading)
    content = content_of(archive)
    flow = Flow()
    if styles := archive.read("styles.xml"):
        _masters(parse_xml(styles), flow)
    for body in content.iter("{*}body"):
        _Walk(flow).blocks(body)
    # Embedded charts and sheets, each in its own folder, structured like the whole.
    for name in archive.like(r"object [^/]+/content\.xml"):
        if (part := archive.read(name)) and b"<!DOCTYPE" not in part[:500]:  # as formulas have it
            for body in parse_xml(part).iter("{*}body"):
                _Walk(flow).blocks(body)
    flow.end_page()
    for page in flow.pages or [""]:
        reading.page(page, of=len(flow.pages))
    for name in archive.like(r"object [^/]+|pictures/[^/]+\.(pdf|svg)"):
        if data := archive.read(name):
            reading.attach(name, data)
    return _metadata(archive)


def content_of(archive: Archive) -> Any:
    """The root of the main part. Raises DocumentError."""
    if b"encryption-data" in (archive.read("META-INF/manifest.xml") or b""):
        raise DocumentError("encrypted")
    if not (content := archive.read("content.xml")):
        raise DocumentError("damaged")
    return parse_xml(content)


def _masters(root: Any, flow: Flow) -> None:
    """Headers and footers, and the text on every slide: before the first page, each once."""
    found: dict[str, None] = {}
    for masters in root.iter("{*}master-styles"):
        inner = Flow()
        for master in masters:
            # A placeholder has its own prompt ("Click to edit"), which is not shown.
            for shape in list(master):
                if attribute(shape, "class") not in {"title", "outline", "subtitle", "notes"}:
                    _Walk(inner).blocks([shape])
        inner.end_page()
        for line in "\n".join(inner.pages).split("\n"):
            if line.strip() and not line.strip("<>").startswith(("number", "date", "header")):
                found[line] = None
    for line in found:
        flow.line(line)


class _Walk:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def blocks(self, parent: Any) -> None:
        for element in parent:
            name = local(element)
            if name in {"p", "h"}:
                self._paragraph(element)
            elif name == "table":
                self._table(element)
            elif name == "page":  # of a presentation or a drawing
                self._flow.end_page()
                self.blocks(element)
            elif name == "soft-page-break":
                self._flow.end_page()
            elif name not in _SKIPPED:
                self.blocks(element)

    def _paragraph(self, element: Any) -> None:
        parts: list[str] = []
        self._inline(element, parts)
        self._flow.line("".join(parts))

    def _inline(self, element: Any, parts: list[str]) -> None:
        parts.append(element.text or "")
        for each in element:
            name = local(each)
            if name == "s":
                parts.append(" " * count_of(each, "c", _MOST_SPACES))
            elif name == "tab":
                parts.append("\t")
            elif name == "line-break":
                parts.append("\n")
            elif name == "soft-page-break":
                self._flow.line("".join(parts))
                parts.clear()
                self._flow.end_page()
            elif name in _NOTES:
                self._flow.note(_inside(each, "note-citation"))
            elif name in _SHAPES:
                parts.append(f"\n{_inside(each)}\n")
            elif name == "ruby":
                self._ruby(each, parts)
            elif name:
                self._inline(each, parts)
            parts.append(each.tail or "")

    def _ruby(self, element: Any, parts: list[str]) -> None:
        for each in element:
            text: list[str] = []
            self._inline(each, text)
            parts += [" (", *text, ")"] if local(each) == "ruby-text" else text

    def _table(self, table: Any) -> None:
        """A table by rows, or a sheet: a table outside of text starts a page."""
        parent = table.getparent()
        is_sheet = parent is not None and local(parent) == "spreadsheet"
        if is_sheet:
            self._flow.end_page()
            self._flow.line(attribute(table, "name") or "")
        self._rows(table)

    def _rows(self, parent: Any) -> None:
        for element in parent:
            name = local(element)
            if name == "table-row":
                line = self._row(element)
                for _ in range(count_of(element, "number-rows-repeated", _MOST_REPEATED)):
                    if not line.strip():
                        break
                    self._flow.line(line)
            elif name in {"shapes", "p"}:
                self.blocks([element])
            elif name not in _SKIPPED:
                self._rows(element)

    def _row(self, row: Any) -> str:
        cells: list[str] = []
        for cell in row:
            if local(cell) in {"table-cell", "covered-table-cell"}:
                text = self.cell(cell)
                most = _MOST_REPEATED if text else 64
                cells += [text] * count_of(cell, "number-columns-repeated", most)
        return "\t".join(cells)

    def cell(self, cell: Any) -> str:
        inner = Flow()
        for each in cell:
            if local(each) in _NOTES:
                self._flow.note(_inside(each))
            else:
                _Walk(inner).blocks([each])
        inner.end_page()
        return " ".join(" ".join(inner.pages).split("\n"))


def cell_text(cell: Any) -> str:
    """The text of a table's cell on one line."""
    return _Walk(Flow()).cell(cell)


def _inside(element: Any, *left_out: str) -> str:
    """The text of a note or of a shape's inside, titles and descriptions of pictures too."""
    inner = Flow()
    for each in element:
        name = local(each)
        if name in {"title", "desc"}:
            inner.line(each.text or "")
        elif name in _SHAPES:
            inner.line(_inside(each))
        elif name not in {"creator", "date", "date-string", "creator-initials", *left_out}:
            _Walk(inner).blocks([each])
    inner.end_page()
    return "\n".join(inner.pages)


def count_of(element: Any, name: str, most: int) -> int:
    """The number in an attribute, such as how often a cell is repeated; 1 without one."""
    value = attribute(element, name) or "1"
    return min(int(value), most) if value.isdigit() and len(value) < 12 else 1


def _metadata(archive: Archive) -> Metadata:
    if not (data := archive.read("meta.xml")):
        return Metadata()
    said: dict[str, list[str]] = {}
    for element in parse_xml(data).iter():
        said.setdefault(local(element), []).append(element.text or "")
    first = {name: values[0] for name, values in said.items()}
    author = first.get("initial-creator") or first.get("creator")
    return Metadata.of(
        title=first.get("title"),
        author=author,
        subject=first.get("subject"),
        keywords=", ".join(said.get("keyword", [])),
        created=moment(first.get("creation-date")),
    )
