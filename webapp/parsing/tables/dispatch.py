"""Chooses the finder for each type. Importing this imports them all: only in a fork server or its
child."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from webapp.parsing.documents import picture
from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.dispatch import unlocked
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.tables import delimited, html, opendocument, sheets, word
from webapp.parsing.tables.finding import Finding
from webapp.parsing.tables.pdf import finder as pdf
from webapp.parsing.tables.table import DocumentTables

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_OOXML = "application/vnd.openxmlformats-officedocument."
_EXCEL, _WORD = "application/vnd.ms-excel", "application/vnd.ms-word."


def _pictures(source: Source, finding: Finding) -> None:
    """What is on a picture is not read here."""
    picture.read(source, finding.reading)
    finding.pages = len(finding.reading.pages)
    finding.pictures = [page.number for page in finding.reading.pages]


# By prefix of the media type; the first match.
_FINDERS: tuple[tuple[str, Callable[[Source, Finding], None]], ...] = (
    ("application/pdf", pdf.find),
    (_OOXML + "wordprocessingml.", word.find),
    (_OOXML + "spreadsheetml.", sheets.find_xlsx),
    (_WORD, word.find),
    (_EXCEL + ".sheet.binary.", sheets.find),
    (_EXCEL + ".", sheets.find_xlsx),
    (_EXCEL, sheets.find),
    ("application/vnd.oasis.opendocument.", opendocument.find),
    ("text/html", html.find),
    ("text/csv", delimited.find),
    ("text/tab-separated-values", delimited.find),
    ("image/svg", lambda *_: None),
    ("image/", _pictures),
)


def find_tables(source: Source, name: str, reading: Reading) -> DocumentTables:
    """The tables of a document that its owner calls `name`. Kinds of documents that have no tables
    to find, such as mails, have none. Raises DocumentError, and whatever its libraries raise."""
    if source.size == 0:
        raise DocumentError("empty")
    sys.setrecursionlimit(5_000)  # as for reading
    source, media = unlocked(source, detect(source.open(), name), reading)
    if not media.can_be_read:
        raise DocumentError("unsupported")
    finding = Finding(reading)
    for beginning, find in _FINDERS:
        if media.type.startswith(beginning):
            try:
                find(source, finding)
            except RecursionError as error:
                raise DocumentError("too_complex") from error
            break
    return DocumentTables(media, finding.pages, finding.tables, finding.pictures, finding.is_cut)
