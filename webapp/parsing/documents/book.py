"""Reads EPUB: a page for each chapter, in reading order."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from webapp.parsing.documents import html
from webapp.parsing.documents.archive import Archive
from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.markup import local, parse_xml
from webapp.parsing.documents.ooxml import moment

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source


def read(source: Source, reading: Reading) -> Metadata:
    archive = Archive(source, reading)
    if "META-INF/encryption.xml" in archive and "META-INF/rights.xml" in archive:
        raise DocumentError("encrypted")
    container = archive.read("META-INF/container.xml")
    roots = parse_xml(container or b"").iter("{*}rootfile")
    main = next((root.get("full-path") for root in roots), None) or ""
    if not (data := archive.read(main)):
        raise DocumentError("damaged")
    package = parse_xml(data)
    files = {item.get("id"): item.get("href", "") for item in package.iter("{*}item")}
    order = [item.get("idref") for item in package.iter("{*}itemref")]
    for name in order:
        path = posixpath.join(posixpath.dirname(main), unquote(files.get(name, "")))
        chapter = archive.read(posixpath.normpath(path)) or b""
        reading.page(html.text_of(chapter)[0], of=len(order))
    said = {local(each): each.text for each in package.iter() if each.text}
    names = map(said.get, ("title", "creator", "description", "subject"))
    return Metadata.of(*names, created=moment(said.get("date")))
