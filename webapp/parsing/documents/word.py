"""Reads Word's DOCX: text by pages as last printed, with everything around it.

Headers come before the first page's text and footers after the last one's, each once; footnotes,
endnotes and comments at the end of the page that refers to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents import html
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.flow import Flow
from webapp.parsing.documents.markup import attribute, child, children, local
from webapp.parsing.documents.ooxml import Package, texts_of
from webapp.parsing.documents.word_numbers import Numbers

if TYPE_CHECKING:
    from webapp.parsing.documents.document import Metadata
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_SKIPPED = frozenset(
    "pPr rPr sectPr tblPr tblGrid trPr tcPr sdtPr sdtEndPr del moveFrom instrText delInstrText "
    "delText fldData txbxStyle".split()
)
_CHARACTERS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}


def read(source: Source, reading: Reading) -> Metadata:
    package = Package(source, reading)
    main = package.main("word/document.xml")
    root = package.xml(main)
    if root is None or (body := child(root, "body")) is None:
        raise DocumentError("damaged")
    flow = Flow()
    walk = Walk(package, main, flow)
    around = {kind: _around(package, main, kind) for kind in ("header", "footer")}
    for line in around["header"]:
        flow.line(line)
    walk.blocks(body)
    walk.remaining_notes()
    for line in around["footer"]:
        flow.line(line)
    flow.end_page()
    for text in flow.pages or [""]:
        reading.page(text, of=len(flow.pages))
    package.attach_embedded(main.rpartition("/")[0])
    return package.metadata()


def _around(package: Package, main: str, kind: str) -> list[str]:
    """The text of headers or footers, with duplicates only once."""
    found: dict[str, None] = {}
    for name in package.related(main, kind):
        if (root := package.xml(name)) is not None:
            flow = Flow()
            Walk(package, name, flow).blocks(root)
            flow.end_page()
            found.update(dict.fromkeys(flow.pages))
    return list(found)


class Walk:
    """Walks through the blocks of one part: paragraphs, tables, and their containers."""

    def __init__(self, package: Package, part: str, flow: Flow) -> None:
        self._package = package
        self._part = part
        self.flow = flow
        self._numbers = Numbers(package, part)
        self._notes: dict[str, dict[str, str]] = {}

    def blocks(self, parent: Any) -> None:
        for element in parent:
            name = local(element)
            if name == "p":
                self.paragraph(element)
            elif name == "tbl":
                self.table(element)
            elif name == "altChunk":
                self._chunk(element)
            elif name == "AlternateContent":
                self.blocks(_chosen(element))
            elif name not in _SKIPPED:
                self.blocks(element)

    def remaining_notes(self) -> None:
        """The notes that nothing refers to."""
        for kind in ("footnotes", "endnotes", "comments"):
            for text in self._notes_of(kind).values():
                self.flow.note(text)

    def paragraph(self, element: Any) -> None:
        if child(element, "pPr", "pageBreakBefore") is not None:
            self.flow.end_page()
        parts = [self._numbers.label(element)]
        self._runs(element, parts)
        self.flow.line("".join(parts))

    def table(self, table: Any) -> None:
        for row in rows_of(table, "tr"):
            cells = [self.cell(cell) for cell in rows_of(row, "tc")]
            self.flow.line("\t".join(cells))

    def cell(self, cell: Any) -> str:
        """The text of a table's cell on one line."""
        outer, self.flow = self.flow, Flow()
        self.blocks(cell)
        inner, self.flow = self.flow, outer
        inner.end_page()
        return " ".join(" ".join(inner.pages).split("\n"))

    def _runs(self, parent: Any, parts: list[str]) -> None:
        """The text of a paragraph or inside one; page breaks are delayed to its end, if it has one,
        so that a word across one stays whole."""
        for element in parent:
            name = local(element)
            if name == "t":
                parts.append(element.text or "")
            elif name in _CHARACTERS:
                parts.append(_CHARACTERS[name])
            elif name == "lastRenderedPageBreak" or (
                name == "br" and attribute(element, "type") == "page"
            ):
                self.flow.line("".join(parts))
                parts.clear()
                self.flow.end_page()
            elif name == "br":
                parts.append("\n")
            elif name == "AlternateContent":
                self._runs(_chosen(element), parts)
            elif name == "ruby":
                self._ruby(element, parts)
            elif name in _NOTES or name == "commentReference":
                notes = self._notes_of(_NOTES.get(name, "comments"))
                self.flow.note(notes.pop(attribute(element, "id") or "", ""))
            elif name in {"p", "tbl"}:  # in a text box
                inner = Walk(self._package, self._part, Flow())
                inner.flow.line("")
                (inner.paragraph if name == "p" else inner.table)(element)
                inner.flow.end_page()
                parts += ["\n", *inner.flow.pages, "\n"]
            elif name == "docPr" and (said := element.get("descr")):
                parts.append(f" {said} ")
            elif name == "textpath":
                parts.append(element.get("string", ""))
            elif name not in _SKIPPED:
                if name in {"chart", "relIds"}:
                    parts += [
                        f"\n{text}\n" for text in texts_of(element, self._package, self._part)
                    ]
                self._runs(element, parts)

    def _ruby(self, element: Any, parts: list[str]) -> None:
        """The base, and its reading in parentheses."""
        base: list[str] = []
        sound: list[str] = []
        for each in children(element, "rubyBase"):
            self._runs(each, base)
        for each in children(element, "rt"):
            self._runs(each, sound)
        parts += [*base, " (", *sound, ")"] if sound else base

    def _notes_of(self, kind: str) -> dict[str, str]:
        """The notes not yet referred to, by id."""
        if kind not in self._notes:
            found: dict[str, str] = {}
            for name in self._package.related(self._part, kind):
                root = self._package.xml(name)
                for note in [] if root is None else root:
                    if attribute(note, "type") not in {"separator", "continuationSeparator"}:
                        inner = Flow()
                        Walk(self._package, name, inner).blocks(note)
                        inner.end_page()
                        found[attribute(note, "id") or ""] = "\n".join(inner.pages)
            self._notes[kind] = found
        return self._notes[kind]

    def _chunk(self, element: Any) -> None:
        """A file of another type in place of text: HTML is read, anything else skipped."""
        relation = self._package.relations(self._part).get(attribute(element, "id") or "")
        if relation and relation.target.lower().endswith((".html", ".htm", ".xhtml")):
            self.flow.line(html.text_of(self._package.bytes(relation.target) or b"")[0])


def _chosen(alternatives: Any) -> Any:
    """The first choice, or its fallback if that is empty."""
    chosen = child(alternatives, "Choice")
    if chosen is not None and any((each.text or "").strip() for each in chosen.iter("{*}t")):
        return chosen
    fallback = child(alternatives, "Fallback")
    return next((each for each in (fallback, chosen) if each is not None), ())


def rows_of(parent: Any, name: str) -> Any:
    """Rows or cells, including those inside wrappers."""
    for element in parent:
        found = local(element)
        if found == name:
            yield element
        elif found in {"sdt", "sdtContent", "ins", "customXml", "smartTag"}:
            yield from rows_of(element, name)
