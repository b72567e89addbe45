"""The request's id: from `X-Request-Id` if it is well formed, otherwise generated."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

import structlog
from flask import g, request

if TYPE_CHECKING:
    from flask import Flask, Response

HEADER: Final = "X-Request-Id"

# Short, and only of characters with no special meaning in a log, a header or a shell.
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def current() -> str:
    """The id of the current request."""
    request_id: str = g.request_id
    return request_id


def install(app: Flask) -> None:
    """Give every request an id, bind it to the log lines, and send it back."""

    @app.before_request
    def take_or_make() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _WELL_FORMED.fullmatch(given) else str(uuid.uuid4())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def send_back(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        return response
