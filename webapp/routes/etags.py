"""Caching and conditional requests: nothing unchanged is sent twice, nobody is shown what another
may see, and nobody overwrites what they have not seen.

The ETag of a response is the hash of its body, so it covers whatever a client can see.
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


# The types of responses that get an ETag.
TAGGED: Final = ("application/json", "application/atom+xml")
# The headers that determine whose response it is.
_SAYS_WHOSE: Final = ("Authorization", callers.KEY_HEADER, callers.WORKSPACE_HEADER)


def install(app: Flask, settings: Settings) -> None:
    """Say for each response who may cache it; give reads an ETag, and 304 to clients that have the
    current one."""

    in_development = (callers.DEVELOPMENT_HEADER,) if settings.in_development else ()
    varies_by = ", ".join(_SAYS_WHOSE + in_development)

    @app.after_request
    def tag(response: Response) -> Response:
        is_read = (
            response.status_code == 200
            and request.method in ("GET", "HEAD")
            and response.mimetype in TAGGED
        )
        keep = response.headers.get("Cache-Control")
        if keep is None:
            # Cached by the client only, and revalidated each time; errors and responses to changes
            # are not cached at all.
            keep = "private, no-cache" if is_read else "no-store"
            response.headers.add("Cache-Control", keep)
        if not keep.startswith("public"):
            response.headers.add("Vary", varies_by)
        if not is_read or keep == "no-store":
            return response
        response.add_etag()
        # No other condition applies to reads.
        if "HTTP_IF_NONE_MATCH" in request.environ:
            response.make_conditional(request)
        return response


def takes_if_match(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route that calls `check`, for its description."""
    view.takes_if_match = True  # type: ignore[attr-defined]
    return view


def check(current: Callable[[], dict[str, Any]]) -> None:
    """Refuse a change if `If-Match` names a state other than the `current` one, which is only read
    if the header was sent, with the row locked. Raises Problem 412."""
    if "If-Match" not in request.headers:
        return
    # A malformed one names no state, and so not the current one.
    if not request.if_match.contains(generate_etag(as_json(current()))):
        raise Problem(
            412,
            "precondition_failed",
            "It was changed since you read it: read it again, then send its ETag as If-Match.",
        )
