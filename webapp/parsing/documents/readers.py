"""Reads documents in restricted children of a fork server.

This imports none of the parsing libraries: only the server does.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import orjson

from webapp.parsing import child
from webapp.parsing.documents import document
from webapp.parsing.documents.calls import LIMITS, PRELOAD, Calls
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.extraction import extracted
from webapp.parsing.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from webapp.parsing.documents.document import Document, Page
    from webapp.parsing.extraction.extracted import Extraction
    from webapp.parsing.tables.table import DocumentTables

Found = TypeVar("Found")
Format = Literal["webp", "jpeg", "png"]
Ocr = Literal["auto", "always", "never"]

_MOST_PICTURES = 50
_LARGEST_SIDE = 4_000  # pixels
# A typed table takes twice the space of one as it is found.
_EXTRACT_LIMITS = dataclasses.replace(LIMITS, output_megabytes=128)


def check_readers() -> None:
    """Raise ChildError, for whoever runs Coffer, unless the readers can be loaded here."""
    child.check(PRELOAD, megabytes=LIMITS.megabytes)


class Readers(Calls):
    """Reads documents. Thread-safe; nothing starts before the first document, and everything it
    started ends with this process, however that ends.

    Files are descriptors of regular files open for reading. Others may read them at the same time;
    nobody may truncate them. A name is what the owner calls the document; it only decides between
    kinds of text. A password goes only to the child that reads.

    All methods raise DocumentError if the document is to blame, or for too little time. They raise
    ChildError with the reason `unavailable`, which is not permanent, if no child is available at
    the moment.
    """

    def __init__(self, *, most_pages: int = 2_000) -> None:
        super().__init__()
        self._most_pages = most_pages

    def read(
        self,
        file: int,
        *,
        name: str = "",
        password: str | None = None,
        ocr: Ocr = "auto",
        on_page: Callable[[int, int], None] | None = None,
    ) -> Document:
        """Everything readable in a document, including attachments within limits.

        Pages that show pictures of text are read by OCR if it is installed: at most 50, of those
        with hardly any text, or with `always` of all. Pages that could not be read this way keep
        the origin `picture`.

        `on_page` is called in this thread with the number of finished pages and of all pages, as
        far as known, and then again for those read by OCR; an exception from it ends the child, and
        is passed on.
        """
        begun: list[int] = []

        def on_step(step: dict[str, Any]) -> None:
            if "attachment" in step:
                begun.append(step["attachment"])
            elif on_page is not None:
                on_page(step["page"], step["of"])

        asked: dict[str, Any] = {"name": name, "password": password, "most_pages": self._most_pages}
        try:
            asked["reads_attachments"] = True
            answer = self._call("read", file, asked, on_step=on_step)
        except DocumentError as error:
            if not begun or error.code not in {"too_complex", "damaged"}:
                raise
            # An attachment exceeded the limits: read the document without any.
            asked["reads_attachments"] = False
            answer = self._call("read", file, asked, on_step=on_step)
        read = _decoded(document.decode, answer)
        pictures = [
            page.number
            for page in read.pages
            if page.origin == "picture" or (ocr == "always" and page.width)
        ]
        if ocr == "never" or self._engine is None or not pictures:
            return read
        wanted = {**asked, "pages": pictures[:_MOST_PICTURES]}
        return self._recognised(read, file, wanted, ocr, on_step)

    def _recognised(
        self,
        read: Document,
        file: int,
        asked: dict[str, Any],
        ocr: Ocr,
        on_step: Callable[[dict[str, Any]], None],
    ) -> Document:
        """The document with pages read from pictures, if that gave more text."""
        try:
            answer = self._recognise("recognise", file, asked, on_step)
        except DocumentError:
            return read  # what could be read is there, and pages say that they are pictures
        before = {page.number: page for page in read.pages}
        return read.with_pages(
            [
                page
                for page in _decoded(document.decode, answer).pages
                if page.text and (ocr == "always" or _says_more(page, before[page.number]))
            ]
        )

    def tables(
        self,
        file: int,
        *,
        name: str = "",
        password: str | None = None,
        ocr: Literal["auto", "never"] = "auto",
        on_page: Callable[[int, int], None] | None = None,
    ) -> DocumentTables:
        """The tables of a document, in reading order, with the place of each cell.

        Pictures of text are read by OCR as by `read`; pages that could not be read this way remain
        in `pictures`. `on_page` is called as by `read`.
        """

        def on_step(step: dict[str, Any]) -> None:
            if on_page is not None:
                on_page(step["page"], step["of"])

        asked: dict[str, Any] = {"name": name, "password": password, "most_pages": self._most_pages}
        found = _decoded(table.decode, self._call("tables", file, asked, on_step=on_step))
        if ocr == "never" or self._engine is None or not found.pictures:
            return found
        wanted = {**asked, "pages": found.pictures[:_MOST_PICTURES]}
        try:
            answer = self._recognise("recognise_tables", file, wanted, on_step)
        except DocumentError:
            return found
        read = _decoded(table.decode, answer)
        left_out = found.pictures[_MOST_PICTURES:]
        return found.with_pictures(dataclasses.replace(read, pictures=read.pictures + left_out))

    def extract(
        self,
        file: int,
        *,
        body: Mapping[str, Any],
        name: str = "",
        password: str | None = None,
        ocr: Literal["auto", "never"] = "auto",
        on_page: Callable[[int, int], None] | None = None,
    ) -> Extraction:
        """What the body of a configuration takes out of a document: see docs/extraction.md.

        Pictures of text are read, and `on_page` is called, as by `tables`, and as by `read` if the
        body has fields. Raises DocumentError `pattern_too_slow` if its patterns take too long.
        """
        found = self.tables(file, name=name, password=password, ocr=ocr, on_page=on_page)
        content = table.encode(found)
        asked = {"body": dict(body), "length_of_tables": len(content)}
        if body.get("fields"):
            read = self.read(file, name=name, password=password, ocr=ocr, on_page=on_page)
            content += document.encode(read)
        answer = self._call_on("extract", content, asked, _EXTRACT_LIMITS)
        return _decoded(extracted.decode, answer)

    def propose(
        self,
        file: int,
        *,
        name: str = "",
        password: str | None = None,
        ocr: Literal["auto", "never"] = "auto",
    ) -> dict[str, Any] | None:
        """The body of a configuration for documents such as this one, None if it has no table."""
        found = self.tables(file, name=name, password=password, ocr=ocr)
        answer = self._call_on("propose", table.encode(found), {})
        body: dict[str, Any] | None = _decoded(orjson.loads, answer)
        return body

    def pattern_mistakes(self, patterns: Sequence[str]) -> list[str | None]:
        """What is wrong with each pattern of a configuration, None if nothing is."""
        answer = self._call_on("check_patterns", b"", {"patterns": list(patterns)})
        mistakes: list[str | None] = _decoded(orjson.loads, answer)
        return mistakes

    def attachment(
        self, file: int, number: int, *, name: str = "", password: str | None = None
    ) -> bytes:
        """The bytes of attachment `number` in `Document.attachments`."""
        asked = {"name": name, "password": password, "number": number}
        return self._call("attachment", file, {**asked, "most_pages": self._most_pages})

    def picture(
        self,
        file: int,
        *,
        page: int = 1,
        width: int = 400,
        height: int = 400,
        format: Format = "webp",  # noqa: A002 -- what it is called everywhere
        name: str = "",
        password: str | None = None,
        seconds: float = LIMITS.seconds,
    ) -> bytes:
        """A page as a picture of at most so many pixels, at most 4,000 a side, made within so many
        seconds. For documents without a page layout, the first preview picture they contain, if
        any; else DocumentError `unsupported`."""
        asked = {
            "name": name,
            "password": password,
            "page": page,
            "width": min(width, _LARGEST_SIDE),
            "height": min(height, _LARGEST_SIDE),
            "format": format,
        }
        return self._call(
            "picture", file, asked, limits=dataclasses.replace(LIMITS, seconds=seconds)
        )


def _says_more(page: Page, before: Page) -> bool:
    """Whether a picture of a page has more text than its text layer, whose letters may be right."""
    letters, known = (sum(map(str.isalnum, each.text)) for each in (page, before))
    return letters > 1.2 * known or not known


def _decoded(decode: Callable[[bytes], Found], answer: bytes) -> Found:
    try:
        return decode(answer)
    except (ValueError, TypeError, KeyError) as error:  # from a child that was taken over
        raise DocumentError("damaged") from error
