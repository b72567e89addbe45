"""The body of a request, never larger than the settings allow."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import g, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger("webapp.http.request_body")

# What is read at once, and what of a received body stays in memory.
_PART: Final = 262_144
_IN_MEMORY: Final = 1_048_576


def read() -> bytes:
    """The whole body. Raises Problem where it breaks off or comes too slowly, and
    RequestEntityTooLarge before reading more than is allowed.

    A body of stated length is refused by its length. One that comes in chunks is cut off by
    werkzeug at the limit without a word, so one that fills the limit counts as too large.
    """
    try:
        body = request.get_data()
    except (ClientDisconnected, ParseException) as error:
        raise _broken_off(error) from None
    _check_length(len(body))
    return body


def parts() -> Iterator[bytes]:
    """The body piece by piece, of one that was received without having it all in memory. Raises as
    `read` does."""
    file = g.get("received_body")
    if file is None:
        yield read()
        return
    file.seek(0)
    while part := file.read(_PART):
        yield part
    file.seek(0)


@contextmanager
def received() -> Iterator[None]:
    """Receive the whole body into a file of its own, which takes the place of the connection: who
    reads it meanwhile, by `read`, `parts` or Flask's form, waits for no client. Raises as `read`
    does."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="coffer-upload-") as file:
        _check_length(_copy(file))
        file.seek(0)
        request.environ["wsgi.input"] = g.received_body = file
        del request.stream  # werkzeug's, of the connection
        try:
            yield
        finally:
            del g.received_body


def _copy(file: Any) -> int:
    stream, length = request.stream, 0
    while True:
        try:
            part = stream.read(_PART)
        except (ClientDisconnected, ParseException) as error:
            raise _broken_off(error) from None
        if not part:
            return length
        length += len(part)
        try:
            file.write(part)
        except OSError as error:
            log.error("upload_not_kept", error=str(error))
            raise Problem(
                503,
                "too_many_uploads",
                "There is no room to receive this file at the moment.",
                headers={"Retry-After": "60", "Connection": "close"},
            ) from None


def _check_length(length: int) -> None:
    stated, limit = request.content_length, request.max_content_length
    if stated is None:
        if limit is not None and length >= limit:
            raise RequestEntityTooLarge
    elif length < stated:
        # gunicorn gives what there is of a body that breaks off, and says nothing.
        raise _broken_off(ClientDisconnected())


def _broken_off(error: Exception) -> Problem:
    if isinstance(error.__context__, TimeoutError):
        status, code, said = (
            408,
            "request_timeout",
            "The body arrived too slowly.",
        )
    else:
        status, code = 400, "invalid_body"
        said = f"The body could not be read to its end: {type(error).__name__}."
    return Problem(status, code, said, headers={"Connection": "close"})
