"""The session's cookie for browsers, and its protection against other sites.

The cookie holds only the refresh token, and is only sent to `/api/auth`. A request authenticated by
it must carry the session's CSRF token in a header, which another site's page can neither read nor
set, and must not come from another origin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import request

from webapp.access.credentials import keyring
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.identity.session_tokens import RefreshToken, csrf_token, is_csrf_token

if TYPE_CHECKING:
    from flask import Response

REFRESH_COOKIE: Final = "coffer_refresh"
CSRF_COOKIE: Final = "coffer_csrf"
CSRF_HEADER: Final = "X-CSRF-Token"

_PATH: Final = "/api/auth"


def give(response: Response, token: RefreshToken) -> None:
    """Send the session's cookies: the token, which no script can read, and the CSRF token, which
    scripts of our own site can."""
    lifetime = settings().session_days * 86_400
    csrf = csrf_token(keyring(), token.session_id)
    for name, value, path, hidden in (
        (REFRESH_COOKIE, str(token), _PATH, True),
        (CSRF_COOKIE, csrf, "/", False),
    ):
        response.set_cookie(
            name,
            value,
            max_age=lifetime,
            path=path,
            secure=settings().public_url.startswith("https:") or settings().in_production,
            httponly=hidden,
            samesite="Strict",
        )


def take_back(response: Response) -> None:
    """Remove the session's cookies."""
    response.delete_cookie(REFRESH_COOKIE, path=_PATH, httponly=True, samesite="Strict")
    response.delete_cookie(CSRF_COOKIE, path="/", samesite="Strict")


def refresh_token() -> str | None:
    """The refresh token of the cookie, None if there is none. Raises Problem 403 if the request may
    have been made by another site's page."""
    text = request.cookies.get(REFRESH_COOKIE)
    if text is None:
        return None
    token = RefreshToken.read(text)
    if token is None:
        return text  # not a token: it will be refused as one
    sent = request.headers.get(CSRF_HEADER, "")
    if not is_csrf_token(keyring(), token.session_id, sent):
        raise Problem(
            403,
            "csrf_token_missing",
            f"With the cookie, send {CSRF_HEADER}: the `csrf_token` of the log-in, or the value of "
            f"the cookie {CSRF_COOKIE}.",
        )
    origin = request.headers.get("Origin")
    if origin is not None and origin not in _own_origins():
        raise Problem(403, "foreign_origin", "The request comes from a page of another site.")
    return text


def _own_origins() -> set[str]:
    ours = {
        f"{parts.scheme}://{parts.netloc}"
        for parts in map(urlsplit, filter(None, (settings().public_url, settings().app_url)))
    }
    return ours | {request.host_url.rstrip("/"), *settings().cors_origins}
