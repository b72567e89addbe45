"""Reads a PDF: words with their positions, metadata, form values and attachments."""

from __future__ import annotations

import ctypes
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pypdfium2
import pypdfium2.raw as pdfium

from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.pdf.annotations import annotations_of, bytes_of, files_of, name_of
from webapp.parsing.documents.pdf.characters import characters_of
from webapp.parsing.documents.pdf.lines import Frame, text_of
from webapp.parsing.documents.pdf.words import words_of
from webapp.parsing.documents.reading import clean

if TYPE_CHECKING:
    from webapp.parsing.documents.document import Origin
    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_MOST_CHARACTERS = 200_000  # of a page
_MOST_OBJECTS = 5_000
# A page with fewer letters may be a scan with a stamp or a number on it.
_FEW_LETTERS, _SOME_LETTERS = 25, 200
_UNREADABLE = re.compile("[\ue000-\uf8ff\ufffd]")
_DATE = re.compile(
    r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:(Z)|([+-])(\d\d)'?(\d\d)?)?"
)


def open_pdf(source: Source, password: str | None) -> Any:
    """The PDF as a `pypdfium2.PdfDocument`. Raises DocumentError."""
    try:
        return pypdfium2.PdfDocument(source.read(), password=password)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}
        raise DocumentError("encrypted" if locked else "damaged") from error


def read(source: Source, reading: Reading) -> Metadata:
    """Read all pages and attachments into `reading`."""
    document = open_pdf(source, reading.password)
    count = len(document)
    reading.expect(count)
    document.init_forms()
    files = list(files_of(document))
    is_readable = False
    for index in range(count):
        try:
            page = document[index]
        except pypdfium2.PdfiumError:
            reading.page("", of=count)
            continue
        is_readable = True
        _read_page(page, document.formenv and document.formenv.raw, count, files, reading)
        page.close()
    if not is_readable:
        raise DocumentError("damaged")
    for file in files:
        reading.attach(name_of(file), bytes_of(file, reading.inflate))
    return _metadata(document)


def _read_page(page: Any, forms: Any, count: int, files: list[Any], reading: Reading) -> None:
    frame = frame_of(page)
    characters = characters_of(page, _MOST_CHARACTERS)
    text, boxes = text_of(words_of(characters), frame)
    origin: Origin = "picture" if is_picture(page, text, frame) else "text"
    for annotation in annotations_of(page, forms):
        if annotation.file:
            files.append(annotation.file)
        words = clean(annotation.text).split()
        text += "\n\n" * bool(text and words) + " ".join(words)
        for _ in words:
            boxes.extend(frame.shown(*annotation.box))
    reading.page(text, of=count, size=(frame.width, frame.height), boxes=boxes, origin=origin)


def frame_of(page: Any) -> Frame:
    """How a page is shown."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page.raw, ctypes.byref(box))
    quarters = pdfium.FPDFPage_GetRotation(page.raw)
    return Frame((box.left, box.bottom, box.right, box.top), quarters)


def is_picture(page: Any, text: str, frame: Frame) -> bool:
    """Whether the page shows hardly any text: a scan, or drawn letters."""
    letters = sum(map(str.isalnum, text))
    unreadable = len(_UNREADABLE.findall(text))
    is_bare = letters < _FEW_LETTERS or unreadable > 0.3 * (letters + unreadable)
    if not is_bare and letters >= _SOME_LETTERS:
        return False
    pictures, is_drawn = 0.0, False
    bounds = [ctypes.c_float() for _ in range(4)]
    for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _MOST_OBJECTS)):
        part = pdfium.FPDFPage_GetObject(page.raw, index)
        kind = pdfium.FPDFPageObj_GetType(part)
        is_drawn = is_drawn or kind != pdfium.FPDF_PAGEOBJ_TEXT
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE and pdfium.FPDFPageObj_GetBounds(part, *bounds):
            left, bottom, right, top = (bound.value for bound in bounds)
            pictures += abs((right - left) * (top - bottom))
    return is_drawn if is_bare else pictures > 0.5 * frame.width * frame.height


def _metadata(document: Any) -> Metadata:
    said = document.get_metadata_dict()
    names = map(said.get, ("Title", "Author", "Subject", "Keywords"))
    return Metadata.of(*names, created=_date(said.get("CreationDate", "")))


def _date(value: str) -> datetime | None:
    """A PDF date, `D:20240131235959+01'00'`; omitted parts default to the first."""
    if not (parts := _DATE.match(value.strip())):
        return None
    *numbers, utc, sign, hours, minutes = parts.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    zone = None
    if utc or sign:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = UTC if utc else timezone(-offset if sign == "-" else offset)
    try:
        return datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
