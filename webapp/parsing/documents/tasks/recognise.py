"""Reads pages that are pictures: returns `document.encode` of only those."""

from __future__ import annotations

import math
import signal
from typing import TYPE_CHECKING, Any

from webapp.parsing.documents.detection import detect
from webapp.parsing.documents.document import Document, Page, encode
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.ocr.lines import text_of
from webapp.parsing.documents.ocr.rapid import RapidOcr
from webapp.parsing.documents.ocr.tesseract import Tesseract
from webapp.parsing.documents.pdf.reader import open_pdf
from webapp.parsing.documents.pdf.render import render_page
from webapp.parsing.documents.picture import open_picture, upright
from webapp.parsing.documents.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL.Image import Image

    from webapp.parsing.documents.media import Media
    from webapp.parsing.documents.ocr.lines import Line

_MOST_PIXELS = 12_000_000
_DOTS = 200 / 72  # pixels per point, as in a good scan
# For a page. RapidOCR takes a second for each dozen or two of lines: 40 s for a page full of small
# print on a slow machine.
_CPU_SECONDS = 60.0
_prepared: list[RapidOcr | Tesseract] = []


class _TooSlow(BaseException):
    """Not an Exception: a library might catch those."""


def prepare(arguments: dict[str, Any]) -> None:
    """Load the models, before files can no longer be opened."""
    _prepared.append(RapidOcr() if arguments["engine"] == "rapidocr" else Tesseract())


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:
    source = Source(file)
    media = detect(source.open(), arguments["name"])
    read: list[Page] = []
    for number, lines, scale, size in recognised(source, media, arguments, report):
        text, boxes = text_of(lines, scale)
        read.append(Page(number, text, *size, boxes, "ocr" if text else "picture"))
    return encode(Document(media, read))


def recognised(
    source: Source, media: Media, arguments: dict[str, Any], report: Callable[..., None]
) -> Iterator[tuple[int, Sequence[Line], float, tuple[float, float]]]:
    """Each page's number, the lines on its picture, none if it took too long, the pixels per unit
    of the page, and its size in those."""
    engine = _prepared[0]
    signal.signal(signal.SIGPROF, _give_up)
    numbers = arguments["pages"]
    pictures = _pictures(source, media, numbers, arguments["password"])
    for done, (number, picture, size) in enumerate(pictures, 1):
        lines: Sequence[Line] = []
        try:
            signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
            lines = engine.lines(picture)
        except _TooSlow:
            pass
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        yield number, lines, picture.width / size[0], size
        report(page=done, of=len(numbers))


def _give_up(*_: object) -> None:
    raise _TooSlow


def _pictures(
    source: Source, media: Media, numbers: list[int], password: str | None
) -> Iterator[tuple[int, Image, tuple[float, float]]]:
    """Each page's number, its picture, and how large it is in units of its own."""
    if media.type == "application/pdf":
        document = open_pdf(source, password)
        document.init_forms()
        for number in numbers:
            page = document[number - 1]
            width, height = page.get_size()
            scale = min(_DOTS, math.sqrt(_MOST_PIXELS / max(1.0, width * height)))
            yield number, render_page(page, scale), (width, height)
            page.close()
        return
    picture = open_picture(source)
    for number in numbers:
        picture.seek(number - 1)
        largest = max(picture.size)
        most = min(1.0, math.sqrt(_MOST_PIXELS / (picture.width * picture.height)))
        try:
            shown = upright(picture, max(1, int(largest * most)))
        except (OSError, ValueError, SyntaxError) as error:
            raise DocumentError("damaged") from error
        unit = largest / max(shown.size)
        yield number, shown, (round(shown.width * unit), round(shown.height * unit))
