"""Reads plain text, Markdown, CSV and XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.charset import decode
from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.markup import parse_xml
from webapp.parsing.documents.reading import MOST_CHARACTERS

if TYPE_CHECKING:
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source


def read(source: Source, reading: Reading) -> Metadata:
    """Its pages are separated by form feeds, as for printers."""
    # A character takes four bytes at most; anything beyond would be cut anyway.
    data = source.read(4 * MOST_CHARACTERS + 1)
    reading.is_cut = source.size > len(data)
    pages = decode(data, None).split("\f")
    if len(pages) > reading.most_pages:
        pages = ["\n".join(pages)]
    for page in pages:
        reading.page(page, of=len(pages))
    return Metadata()


def read_xml(source: Source, reading: Reading) -> Metadata:
    """The text between the tags."""
    root = parse_xml(source.read())
    lines = (" ".join(text.split()) for text in root.itertext())
    reading.page("\n".join(line for line in lines if line), of=1)
    return Metadata()
