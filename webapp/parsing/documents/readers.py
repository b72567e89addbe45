"""Reads documents in restricted children of a fork server.

This imports none of the parsing libraries: only the server does.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from webapp.parsing import child
from webapp.parsing.child import ChildError
from webapp.parsing.documents.document import decode
from webapp.parsing.documents.errors import CODES, DocumentError
from webapp.parsing.documents.ocr import find_engine
from webapp.parsing.fork_server.client import ForkServer, Limits
from webapp.parsing.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.parsing.documents.document import Document, Page
    from webapp.parsing.documents.errors import Code
    from webapp.parsing.tables.table import DocumentTables

Format = Literal["webp", "jpeg", "png"]
Ocr = Literal["auto", "always", "never"]

_PRELOAD = "webapp.parsing.documents.preload"
_TASKS = "webapp.parsing.documents.tasks"
_LIMITS = Limits(seconds=60, megabytes=1_024, output_megabytes=64)
# A page may take a minute of CPU time, which the child itself enforces, and this long by the clock:
# less than the lease of whoever reads documents, which each page renews.
_OCR_LIMITS = Limits(seconds=3_600, step_seconds=150, megabytes=1_843, output_megabytes=64)
_MOST_PICTURES = 50
_LARGEST_SIDE = 4_000  # pixels
# Signals that mean a bug rather than too little memory.
_MISSTEPS = frozenset({"SIGSEGV", "SIGBUS", "SIGFPE"})


def check_readers() -> None:
    """Raise ChildError, for whoever runs Coffer, unless the readers can be loaded here."""
    child.check(_PRELOAD, megabytes=_LIMITS.megabytes)


class Readers:
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
        self._most_pages = most_pages
        self._server = ForkServer(_PRELOAD)
        # A separate server, because its imports need as much memory again.
        self._engine = find_engine()
        self._recogniser = (
            ForkServer("webapp.parsing.documents.ocr.preload")
            if self._engine == "rapidocr"
            else self._server
        )

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
            answer = self._call("read", file, {**asked, "reads_attachments": True}, on_step)
        except DocumentError as error:
            if not begun or error.code not in {"too_complex", "damaged"}:
                raise
            # An attachment exceeded the limits: read the document without any.
            answer = self._call("read", file, {**asked, "reads_attachments": False}, on_step)
        document = _decoded(answer)
        pictures = [
            page.number
            for page in document.pages
            if page.origin == "picture" or (ocr == "always" and page.width)
        ]
        if ocr == "never" or self._engine is None or not pictures:
            return document
        wanted = {**asked, "engine": self._engine, "pages": pictures[:_MOST_PICTURES]}
        return self._recognised(document, file, wanted, ocr, on_step)

    def _recognised(
        self,
        document: Document,
        file: int,
        asked: dict[str, Any],
        ocr: Ocr,
        on_step: Callable[[dict[str, Any]], None],
    ) -> Document:
        """The document with pages read from pictures, if that gave more text."""
        limits = dataclasses.replace(_OCR_LIMITS, may_start_programs=self._engine == "tesseract")
        try:
            answer = self._call("recognise", file, asked, on_step, limits, self._recogniser)
        except DocumentError:
            return document  # what could be read is there, and pages say that they are pictures
        before = {page.number: page for page in document.pages}
        return document.with_pages(
            [
                page
                for page in _decoded(answer).pages
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
        found = _decoded_tables(self._call("tables", file, asked, on_step))
        if ocr == "never" or self._engine is None or not found.pictures:
            return found
        pictures = found.pictures[:_MOST_PICTURES]
        wanted = {**asked, "engine": self._engine, "pages": pictures}
        limits = dataclasses.replace(_OCR_LIMITS, may_start_programs=self._engine == "tesseract")
        try:
            answer = self._call("recognise_tables", file, wanted, on_step, limits, self._recogniser)
        except DocumentError:
            return found
        read = _decoded_tables(answer)
        left_out = found.pictures[_MOST_PICTURES:]
        return found.with_pictures(dataclasses.replace(read, pictures=read.pictures + left_out))

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
        seconds: float = _LIMITS.seconds,
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
            "picture", file, asked, limits=dataclasses.replace(_LIMITS, seconds=seconds)
        )

    def close(self) -> None:
        """End all children and their server."""
        self._server.close()
        self._recogniser.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(
        self,
        task: str,
        file: int,
        arguments: dict[str, Any],
        on_step: Callable[[dict[str, Any]], None] | None = None,
        limits: Limits = _LIMITS,
        server: ForkServer | None = None,
    ) -> bytes:
        try:
            return (server or self._server).call(
                f"{_TASKS}.{task}", file, arguments, limits=limits, on_step=on_step
            )
        except ChildError as error:
            raise _document_error(error) from error


def _says_more(page: Page, before: Page) -> bool:
    """Whether a picture of a page has more text than its text layer, whose letters may be right."""
    letters, known = (sum(map(str.isalnum, each.text)) for each in (page, before))
    return letters > 1.2 * known or not known


def _document_error(error: ChildError) -> Exception:
    if error.reason in CODES:
        code = cast("Code", error.reason)
        return DocumentError(code, str(error), permanent=error.permanent)
    if error.reason == "unavailable":
        return error
    if error.reason == "failed" or (error.reason == "crash" and error.detail in _MISSTEPS):
        return DocumentError("damaged")
    return DocumentError("too_complex", permanent=error.permanent)


def _decoded(answer: bytes) -> Document:
    try:
        return decode(answer)
    except (ValueError, TypeError, KeyError) as error:  # from a child that was taken over
        raise DocumentError("damaged") from error


def _decoded_tables(answer: bytes) -> DocumentTables:
    try:
        return table.decode(answer)
    except (ValueError, TypeError, KeyError) as error:
        raise DocumentError("damaged") from error
