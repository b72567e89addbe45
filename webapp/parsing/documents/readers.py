"""Reads documents in limited children of a fork server.

This imports none of the libraries that read: they are in the server alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, cast

from webapp.parsing.child import ChildError
from webapp.parsing.documents.document import decode
from webapp.parsing.documents.errors import CODES, DocumentError
from webapp.parsing.fork_server.client import ForkServer, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.parsing.documents.document import Document
    from webapp.parsing.documents.errors import Code

Format = Literal["webp", "jpeg", "png"]

_TASKS = "webapp.parsing.documents.tasks"
_LIMITS = Limits(seconds=60, megabytes=1_024, output_megabytes=64)
_LARGEST_SIDE = 4_000  # pixels
# Signals that tell of a wrong step rather than of too little memory.
_MISSTEPS = frozenset({"SIGSEGV", "SIGBUS", "SIGFPE"})


class Readers:
    """Reads documents. Safe to use from several threads at once; nothing starts before the first
    document comes, and what was started ends with this process, however that ends.

    Files are descriptors of regular files that are open for reading. Others may read them
    meanwhile; nobody may make them shorter. A name is what the owner calls the document; it decides
    only between kinds of text. A password goes to the child that reads and nowhere else.

    All methods raise DocumentError for what the document is to blame for, or too little time. They
    raise ChildError with the reason `unavailable`, which is not permanent, where there is no child
    to be had at the moment.
    """

    def __init__(self, *, most_pages: int = 2_000) -> None:
        self._most_pages = most_pages
        self._server = ForkServer("webapp.parsing.documents.preload")

    def read(
        self,
        file: int,
        *,
        name: str = "",
        password: str | None = None,
        on_page: Callable[[int, int], None] | None = None,
    ) -> Document:
        """All there is to read in a document, attachments within reason.

        `on_page` is called in this thread with the number of pages that are done and of all pages,
        as far as that is known; what it raises ends the child, and comes out of here.
        """
        begun: list[int] = []

        def on_step(step: dict[str, Any]) -> None:
            if "attachment" in step:
                begun.append(step["attachment"])
            elif on_page is not None:
                on_page(step["page"], step["of"])

        asked = {"name": name, "password": password, "most_pages": self._most_pages}
        try:
            answer = self._call("read", file, {**asked, "reads_attachments": True}, on_step)
        except DocumentError as error:
            if not begun or error.code not in {"too_complex", "damaged"}:
                raise
            # An attachment took more than there is: the document is read without any.
            answer = self._call("read", file, {**asked, "reads_attachments": False}, on_step)
        return _decoded(answer)

    def attachment(
        self, file: int, number: int, *, name: str = "", password: str | None = None
    ) -> bytes:
        """The bytes of the attachment that is at `number` in `Document.attachments`."""
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
    ) -> bytes:
        """A page as a picture that fits into so many pixels, at most 4,000 a side. Of documents
        that have no pages as they are shown, the picture of the first that they carry themselves,
        if they do; else DocumentError `unsupported`."""
        asked = {
            "name": name,
            "password": password,
            "page": page,
            "width": min(width, _LARGEST_SIDE),
            "height": min(height, _LARGEST_SIDE),
            "format": format,
        }
        return self._call("picture", file, asked)

    def close(self) -> None:
        """End all children and their server."""
        self._server.close()

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
    ) -> bytes:
        try:
            return self._server.call(
                f"{_TASKS}.{task}", file, arguments, limits=limits, on_step=on_step
            )
        except ChildError as error:
            raise _document_error(error) from error


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
