"""Conditional requests: nothing is sent twice that has not changed, and nobody overwrites what they
have not seen.

The ETag of an answer is the hash of its body, so whatever a client can see is part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request
from werkzeug.http import generate_etag

from webapp.http.answers import as_json
from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response


def install(app: Flask) -> None:
    """Give each answer to a GET its ETag, and 304 to who has it already."""

    @app.after_request
    def tag(response: Response) -> Response:
        if (
            request.method not in ("GET", "HEAD")
            or response.status_code != 200
            or response.mimetype != "application/json"
            or "Cache-Control" in response.headers
        ):
            return response
        # Kept by whoever asked and by nobody between, and asked about again each time.
        response.headers["Cache-Control"] = "private, no-cache"
        response.add_etag()
        # No other condition is meant for what is only read.
        if "HTTP_IF_NONE_MATCH" in request.environ:
            response.make_conditional(request)
        return response


def takes_if_match(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route that calls `check`, for its description."""
    view.takes_if_match = True  # type: ignore[attr-defined]
    return view


def check(current: Callable[[], dict[str, Any]]) -> None:
    """Refuse a change where `If-Match` names another state than the `current` one, which is read
    only where the header was sent, with the row held. Raises Problem 412."""
    if not request.if_match:
        return
    if not request.if_match.contains(generate_etag(as_json(current()))):
        raise Problem(
            412,
            "precondition_failed",
            "It was changed since you read it: read it again, then send its ETag as If-Match.",
        )
