"""What may be kept of answers, and conditional requests: nothing is sent twice that has not
changed, nobody is shown what another may see, and nobody overwrites what they have not seen.

The ETag of an answer is the hash of its body, so whatever a client can see is part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import request
from werkzeug.http import generate_etag

from webapp.access import callers
from webapp.http.answers import as_json
from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

    from webapp.settings import Settings


# What says whose an answer is.
_SAYS_WHOSE: Final = ("Authorization", callers.KEY_HEADER, callers.WORKSPACE_HEADER)


def install(app: Flask, settings: Settings) -> None:
    """Say of each answer who may keep it; give what is read its ETag, and 304 to who has it."""

    in_development = (callers.DEVELOPMENT_HEADER,) if settings.in_development else ()
    varies_by = ", ".join(_SAYS_WHOSE + in_development)

    @app.after_request
    def tag(response: Response) -> Response:
        is_read = (
            response.status_code == 200
            and request.method in ("GET", "HEAD")
            and response.mimetype == "application/json"
        )
        keep = response.headers.get("Cache-Control")
        if keep is None:
            # Kept by whoever asked and by nobody between, and asked about again each time; where it
            # is an error or the answer to a change, by nobody.
            keep = "private, no-cache" if is_read else "no-store"
            response.headers.add("Cache-Control", keep)
        if not keep.startswith("public"):
            response.headers.add("Vary", varies_by)
        if not is_read or keep == "no-store":
            return response
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
