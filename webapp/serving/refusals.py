"""Requests that are refused before the app sees them, in the form of the app's own errors."""

from __future__ import annotations

import re
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gunicorn.http import errors

from webapp.http import problem_form

if TYPE_CHECKING:
    from gunicorn.http.message import Request


class Refused(Exception):
    """A request that only gets a problem as its response."""

    def __init__(
        self, status: int, code: str, detail: str, *, retry_after: int | None = None
    ) -> None:
        """`retry_after` is in seconds."""
        super().__init__(detail)
        self._retry_after = retry_after
        self.status = status
        self.code = code
        self.detail = detail

    def answer(self, request_id: str) -> bytes:
        """The whole response, as sent."""
        body = problem_form.as_json(self.status, self.code, self.detail, request_id)
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            f"Content-Type: {problem_form.MIMETYPE}\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"X-Request-Id: {request_id}\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Cache-Control: no-store\r\n"
            "Connection: close\r\n"
        )
        if self._retry_after is not None:
            head += f"Retry-After: {self._retry_after}\r\n"
        return head.encode() + b"\r\n" + body


TOO_SLOW: Final = Refused(408, "request_timeout", "The request arrived too slowly.")
TOO_MANY: Final = Refused(
    429,
    "too_many_at_once",
    "Too many requests at once; wait for some of them to be answered.",
    retry_after=2,
)
BUSY: Final = Refused(
    503,
    "earlier_requests_hang",
    "Earlier requests of yours are not answered yet; try again in a few seconds.",
    retry_after=5,
)
HUGE_HEAD: Final = Refused(
    431, "head_too_large", "The headers are larger than this server accepts."
)
LONG_LINE: Final = Refused(
    414, "address_too_long", "The address is longer than this server accepts."
)
_NO_HTTP: Final = Refused(400, "bad_request", "This is not a valid HTTP/1.1 request.")
_INTERNAL: Final = Refused(
    500,
    "internal_error",
    "Something went wrong on our side; the request id helps to find the cause.",
)

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]*)(:[0-9]{0,5})?")

# Errors of gunicorn's parser that are more specific than a bad request.
_OF_PARSER: Final = {
    errors.LimitRequestLine: LONG_LINE,
    errors.LimitRequestHeaders: HUGE_HEAD,
    errors.InvalidHTTPVersion: Refused(
        505, "http_version_not_supported", "This server speaks HTTP/1.1."
    ),
    errors.UnsupportedTransferCoding: Refused(
        501, "transfer_coding_not_supported", "The only transfer coding accepted is chunked."
    ),
    errors.ExpectationFailed: Refused(
        417, "expectation_failed", "The only expectation accepted is 100-continue."
    ),
}


def of(error: Exception) -> Refused:
    """The refusal for a server error. If it is our fault, its status is 500."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, errors.ParseException) and not isinstance(
        error, errors.ConfigurationProblem
    ):
        return _OF_PARSER.get(type(error), _NO_HTTP)
    return _INTERNAL


def new_request_id() -> str:
    """An id for a request whose own cannot be trusted."""
    return str(uuid.uuid4())


def check(request: Request) -> None:
    """Refuse requests that gunicorn accepts and another server in front of or behind us may read
    differently. Raises Refused."""
    host = coding = None
    for name, value in request.headers:
        if name == "HOST":
            host = value
        elif name == "TRANSFER-ENCODING":
            coding = value.lower() if coding is None else f"{coding}, {value}"
    if request.version != (1, 0):
        if request.version != (1, 1):
            raise _OF_PARSER[errors.InvalidHTTPVersion]
        if host is None:
            raise Refused(400, "bad_request", "HTTP/1.1 requires a Host header.")
    if host is not None and not _HOST.fullmatch(host):
        raise Refused(400, "bad_request", "The Host header is not valid.")
    if coding not in (None, "chunked"):
        raise _OF_PARSER[errors.UnsupportedTransferCoding]
    uri = request.uri
    if "#" in uri:
        raise _NO_HTTP
    # An address may name the server it is meant for, and then that name counts.
    if uri[0] != "/" and uri != "*":
        named = urlsplit(uri)
        if named.scheme not in ("http", "https") or named.netloc != host:
            raise Refused(400, "bad_request", "The address and Host name different servers.")
