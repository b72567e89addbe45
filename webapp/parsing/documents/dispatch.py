"""Chooses the reader for each type. Importing this imports them all: only in a fork server or its
child."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from webapp.parsing.documents import (
    book,
    encrypted,
    html,
    mail,
    opendocument,
    outlook,
    picture,
    plain,
    rtf,
    sheets,
    slides,
    word,
)
from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.document import Document
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.pdf import reader as pdf
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.parsing.documents.document import Metadata
    from webapp.parsing.documents.media import Media
    from webapp.parsing.documents.reading import Reading

_OOXML = "application/vnd.openxmlformats-officedocument."
_EXCEL, _WORD, _POWERPOINT = (
    "application/vnd.ms-excel",
    "application/vnd.ms-word.",
    "application/vnd.ms-powerpoint.",
)
# By prefix of the media type; the first match.
_READERS: tuple[tuple[str, Callable[[Source, Reading], Metadata]], ...] = (
    ("application/pdf", pdf.read),
    (_OOXML + "wordprocessingml.", word.read),
    (_OOXML + "presentationml.", slides.read),
    (_OOXML + "spreadsheetml.", sheets.read_xlsx),
    (_WORD, word.read),
    (_POWERPOINT, slides.read),
    (_EXCEL + ".sheet.binary.", sheets.read),
    (_EXCEL + ".", sheets.read_xlsx),
    (_EXCEL, sheets.read),
    ("application/vnd.ms-outlook", outlook.read),
    ("application/vnd.oasis.opendocument.", opendocument.read),
    ("application/epub+zip", book.read),
    ("application/rtf", rtf.read),
    ("application/xml", plain.read_xml),
    ("image/svg+xml", plain.read_xml),
    ("message/rfc822", mail.read),
    ("multipart/related", mail.read),
    ("text/html", html.read),
    ("text/", plain.read),
    ("image/", picture.read),
)
_NEWER = {"application/msword": "DOCX", "application/vnd.ms-powerpoint": "PPTX"}


def read_inside(source: Source, media: Media, reading: Reading) -> Metadata:
    """Read a document of this type into `reading`. Raises DocumentError, and whatever its libraries
    raise."""
    source, media = unlocked(source, media, reading)
    for beginning, read in _READERS:
        if media.type.startswith(beginning):
            try:
                return read(source, reading)
            except RecursionError as error:
                raise DocumentError("too_complex") from error
    raise DocumentError("unsupported")


def unlocked(source: Source, media: Media, reading: Reading) -> tuple[Source, Media]:
    """The document, or what is in the envelope if it is encrypted. Raises DocumentError if nothing
    can read it."""
    if media.type == encrypted.MEDIA_TYPE:
        inside = encrypted.decrypted(source, reading.password)
        reading.inflate(len(inside))
        source = Source(inside)
        media = detect(source.open(), "")
    if media.type == "application/x-empty":
        raise DocumentError("empty")
    if media.type in _NEWER:
        newer = _NEWER[media.type]
        raise DocumentError("unsupported", f"Save the document as {newer}: Coffer reads that.")
    if media.type == "image/heic":
        raise DocumentError("unsupported", "Save the picture as JPEG: Coffer reads that.")
    return source, media


def read_document(source: Source, name: str, reading: Reading) -> Document:
    """A document that its owner calls `name`. Raises like `read_inside`."""
    if source.size == 0:
        raise DocumentError("empty")
    # Nested tables and boxes take a few calls each; libxml2 allows 256 elements within each other.
    sys.setrecursionlimit(5_000)
    media = detect(source.open(), name)
    reading.read_inside = read_inside
    metadata = read_inside(source, media, reading)
    return Document(media, reading.pages, metadata, reading.attachments, reading.is_cut)
