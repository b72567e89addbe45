"""Calls of the tasks that read documents, each in a restricted child of a fork server.

This imports none of the parsing libraries: only the server does.
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any, Self, cast

from webapp.parsing.child import ChildError
from webapp.parsing.documents.errors import CODES, DocumentError
from webapp.parsing.documents.ocr import find_engine
from webapp.parsing.fork_server.client import ForkServer, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.parsing.documents.errors import Code

PRELOAD = "webapp.parsing.documents.preload"
LIMITS = Limits(seconds=60, megabytes=1_024, output_megabytes=64)
_TASKS = "webapp.parsing.documents.tasks"
# A page may take a minute of CPU time, which the child itself enforces, and this long by the clock:
# less than the lease of whoever reads documents, which each page renews.
_OCR_LIMITS = Limits(seconds=3_600, step_seconds=150, megabytes=1_843, output_megabytes=64)
# Signals that mean a bug rather than too little memory.
_MISSTEPS = frozenset({"SIGSEGV", "SIGBUS", "SIGFPE"})


class Calls:
    """What calls tasks. Thread-safe; nothing starts before the first call, and everything it
    started ends with this process, however that ends.

    All methods raise DocumentError if the document is to blame, or for too little time. They raise
    ChildError with the reason `unavailable`, which is not permanent, if no child is available at
    the moment.
    """

    def __init__(self) -> None:
        self._server = ForkServer(PRELOAD)
        self._engine = find_engine()  # of OCR, None if there is none
        # A separate server, because its imports need as much memory again.
        self._recogniser = (
            ForkServer("webapp.parsing.documents.ocr.preload")
            if self._engine == "rapidocr"
            else self._server
        )

    def _call(
        self,
        task: str,
        file: int,
        arguments: dict[str, Any],
        *,
        on_step: Callable[[dict[str, Any]], None] | None = None,
        limits: Limits = LIMITS,
        server: ForkServer | None = None,
    ) -> bytes:
        """What a task makes of a file."""
        try:
            return (server or self._server).call(
                f"{_TASKS}.{task}", file, arguments, limits=limits, on_step=on_step
            )
        except ChildError as error:
            raise _document_error(error) from error

    def _call_on(
        self, task: str, content: bytes, arguments: dict[str, Any], limits: Limits = LIMITS
    ) -> bytes:
        """What a task makes of something in memory, which is never written to a disk."""
        file = os.memfd_create("content")
        try:
            with os.fdopen(os.dup(file), "wb") as out:
                out.write(content)
            return self._call(task, file, arguments, limits=limits)
        finally:
            os.close(file)

    def _recognise(
        self,
        task: str,
        file: int,
        arguments: dict[str, Any],
        on_step: Callable[[dict[str, Any]], None],
    ) -> bytes:
        """What a task that needs OCR makes of a file."""
        return self._call(
            *(task, file, {**arguments, "engine": self._engine}),
            on_step=on_step,
            limits=dataclasses.replace(_OCR_LIMITS, may_start_programs=self._engine == "tesseract"),
            server=self._recogniser,
        )

    def close(self) -> None:
        """End all children and their servers."""
        self._server.close()
        self._recogniser.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _document_error(error: ChildError) -> Exception:
    if error.reason in CODES:
        code = cast("Code", error.reason)
        return DocumentError(code, str(error), permanent=error.permanent)
    if error.reason == "unavailable":
        return error
    if error.reason == "failed" or (error.reason == "crash" and error.detail in _MISSTEPS):
        return DocumentError("damaged")
    return DocumentError("too_complex", permanent=error.permanent)
