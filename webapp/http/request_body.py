"""The body of a request, never larger than the settings allow."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import g, request
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger("webapp.http.request_body")

# How much is read at once, and how much of a received body stays in memory.
_PART: Final = 524_288
_ENOUGH: Final = 131_072
_IN_MEMORY: Final = 1_048_576


def read() -> bytes:
    """The whole body. Raises Problem if it ends early or arrives too slowly, and
    RequestEntityTooLarge before reading more than is allowed.

    A body with a stated length is refused by its length. werkzeug silently cuts a chunked one off
    at the limit, so one that reaches the limit counts as too large.
    """
    _check_encoding()
    try:
        body = request.get_data()
    except (ClientDisconnected, ParseException) as error:
        raise _broken_off(error) from None
    _check_length(len(body))
    return body


def arriving() -> Iterator[bytes]:
    """The pieces of the body while the client sends it, once. Raises like `read`, so what was made
    of the pieces so far must be discarded then."""
    _check_encoding()
    length = 0
    for part in _pieces():
        length += len(part)
        yield part
    _check_length(length)


def parts() -> Iterator[bytes]:
    """The pieces of a body that was received without keeping it all in memory. Raises like
    `read`."""
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
    """Receive the whole body into a file that replaces the connection, so that reading it with
    `read`, `parts` or Flask's form waits for no client. Raises like `read`."""
    _check_encoding()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="coffer-upload-") as file:
        _check_length(_copy(file))
        file.seek(0)
        request.environ["wsgi.input"] = g.received_body = file
        del request.stream  # werkzeug's, of the connection
        try:
            yield
        finally:
            del g.received_body


def _pieces() -> Iterator[bytes]:
    stream = request.stream  # raises if the stated length is more than is allowed
    left = request.max_content_length
    if request.environ.get("wsgi.input_terminated"):
        # The server's own, which ends with the body: werkzeug's copies it twice more.
        stream = request.environ["wsgi.input"]
        left = left if request.content_length is None else request.content_length
        if isinstance(reader := getattr(stream, "reader", None), LengthReader):
            yield from _as_they_come(reader)
            return
    while left is None or left > 0:
        try:
            part = stream.read(_PART if left is None else min(_PART, left))
        except (ClientDisconnected, ParseException, OSError) as error:
            raise _broken_off(error) from None
        if not part:
            return
        left = None if left is None else left - len(part)
        yield part


def _as_they_come(reader: LengthReader) -> Iterator[bytes]:
    """The pieces of a body as the connection gives them, of which gunicorn would make several
    copies on the way; small ones are put together."""
    while reader.length:
        gathered, length = [], 0
        while length < min(_ENOUGH, reader.length):
            try:
                part = reader.unreader.read(None, read_ahead=reader.length - length)
            except (ParseException, OSError) as error:
                raise _broken_off(error) from None
            if not part:
                break
            gathered.append(part)
            length += len(part)
        if not gathered:
            return
        piece = gathered[0] if len(gathered) == 1 else b"".join(gathered)
        if length > reader.length:
            reader.unreader.unread(piece[reader.length :])
            piece = piece[: reader.length]
        reader.length -= len(piece)
        yield piece


def _copy(file: Any) -> int:
    length = 0
    for part in _pieces():
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
    return length


def _check_encoding() -> None:
    """A compressed body is not what it seems, and may be a thousand times larger."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Problem(
            415,
            "unsupported_media_type",
            "Send the body without Content-Encoding.",
            headers={"Accept-Encoding": "identity", "Connection": "close"},
        )


def _check_length(length: int) -> None:
    stated, limit = request.content_length, request.max_content_length
    if stated is None:
        if limit is not None and length >= limit:
            raise RequestEntityTooLarge
    elif length < stated:
        # gunicorn returns what it has of an incomplete body, without an error.
        raise _broken_off(ClientDisconnected())


def _broken_off(error: Exception) -> Problem:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        status, code, said = (
            408,
            "request_timeout",
            "The body arrived too slowly.",
        )
    else:
        status, code = 400, "invalid_body"
        said = "The connection ended in the middle of the body."
    return Problem(status, code, said, headers={"Connection": "close"})
