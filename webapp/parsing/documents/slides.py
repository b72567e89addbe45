"""Reads PowerPoint's PPTX: a page for each slide, with its notes, comments, charts and diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.markup import attribute, child, children, local
from webapp.parsing.documents.ooxml import Package, drawn_text, texts_of

if TYPE_CHECKING:
    from webapp.parsing.documents.document import Metadata
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

# Placeholders of a master contain prompts ("Click to edit"), except those that are the same on
# every slide.
_SAME_ON_EACH = frozenset({"ftr", "hdr"})


def read(source: Source, reading: Reading) -> Metadata:
    package = Package(source, reading)
    main = package.main("ppt/presentation.xml")
    root = package.xml(main)
    if root is None:
        raise DocumentError("damaged")
    slides = _slides(package, main, root)
    said: set[str] = set()  # of masters, by slides before
    for slide in slides:
        reading.page("\n".join(_slide(package, slide, said)), of=len(slides))
    if not slides:
        reading.page("", of=1)
    package.attach_embedded(main.rpartition("/")[0])
    return package.metadata()


def _slides(package: Package, main: str, root: Any) -> list[str]:
    """The parts of the slides, in display order."""
    relations = package.relations(main)
    listed = child(root, "sldIdLst")
    asked = [] if listed is None else [_relation(each) for each in children(listed, "sldId")]
    return [relations[each].target for each in asked if each in relations]


def _relation(element: Any) -> str:
    """The reference of an element that has an id of its own as well."""
    return next((value for key, value in element.items() if key.endswith("}id")), "")


def _slide(package: Package, name: str, said: set[str]) -> list[str]:
    root = package.xml(name)
    if root is None:
        return []
    texts = [_shapes(root, package, name)]
    for layout in package.related(name, "slideLayout"):
        for part in (layout, *package.related(layout, "slideMaster")):
            texts += _background(package, part, said)
    for note in package.related(name, "notesSlide"):
        if (notes := package.xml(note)) is not None:
            texts.append(_notes(notes))
    for comments in package.related(name, "comments"):
        if (listed := package.xml(comments)) is not None:
            texts += [drawn_text(listed), *(each.text or "" for each in listed.iter("{*}text"))]
    # A footer is on the slide, its layout and its master.
    return [text for text in dict.fromkeys(texts) if text.strip()]


def _shapes(root: Any, package: Package, name: str) -> str:
    """All text on a slide in order, tables by rows, charts and diagrams in place."""
    parts: list[str] = []
    _walk(root, package, name, parts)
    return "\n".join(part for part in parts if part.strip())


def _walk(parent: Any, package: Package, name: str, parts: list[str]) -> None:
    for element in parent:
        kind = local(element)
        if kind == "txBody":
            parts.append(drawn_text(element))
        elif kind == "tbl":
            parts += ["\t".join(_cells(row)) for row in children(element, "tr")]
        elif kind in {"chart", "relIds"}:
            parts += texts_of(element, package, name)
        elif kind == "AlternateContent":
            chosen = child(element, "Choice")
            before = len(parts)
            _walk(() if chosen is None else chosen, package, name, parts)
            fallback = child(element, "Fallback")
            if len(parts) == before and fallback is not None:
                _walk(fallback, package, name, parts)
        elif kind == "cNvPr" and (said := element.get("descr")):
            parts.append(said)
        else:
            _walk(element, package, name, parts)


def _cells(row: Any) -> list[str]:
    return [" ".join(drawn_text(cell).split("\n")) for cell in children(row, "tc")]


def _background(package: Package, part: str, said: set[str]) -> list[str]:
    """The text of a layout or master, for the first slide that uses it."""
    if part in said or (root := package.xml(part)) is None:
        return []
    said.add(part)
    found = []
    for shape in root.iter("{*}sp"):
        place = next(shape.iter("{*}ph"), None)
        if place is None or attribute(place, "type") in _SAME_ON_EACH:
            found.append(drawn_text(shape))
    return found


def _notes(root: Any) -> str:
    """The notes without their page's number and date."""
    found = []
    for shape in root.iter("{*}sp"):
        place = next(shape.iter("{*}ph"), None)
        if place is None or attribute(place, "type") not in {"sldNum", "dt", "sldImg"}:
            found.append(drawn_text(shape))
    return "\n".join(text for text in found if text.strip())
