"""Reads plain text, Markdown, CSV and XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.charset import decode
from webapp.parsing.documents.detection import wide_codec
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
    pages = decode_text(data).split("\f")
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


def decode_text(data: bytes, charset: str | None = None, *, markup: bool = False) -> str:
    """Like `charset.decode`, but also UTF-16 without a byte order mark, and a guess if the declared
    charset is plainly wrong: a fifth of the non-ASCII text does not fit it."""
    if wide := wide_codec(data[:4096]):
        return data.decode(wide, "replace").lstrip("\ufeff")
    text = decode(data, charset, markup=markup)
    wrong = text.count("\N{REPLACEMENT CHARACTER}")
    if wrong and 5 * wrong > sum(character > "\x7f" for character in text):
        return decode(data, None)
    return text
