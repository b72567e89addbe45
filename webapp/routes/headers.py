"""Headers that tell browsers what they may do with our responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask_cors import CORS

from webapp.access import callers, cookies
from webapp.http import request_id
from webapp.routes import idempotency

if TYPE_CHECKING:
    from flask import Flask, Response

    from webapp.settings import Settings

_HEADERS: Final = {
    # An API response is data: nothing in it may run, load or be framed.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-site",
}
_TWO_YEARS: Final = "max-age=63072000; includeSubDomains"


def install(app: Flask, settings: Settings) -> None:
    """Send the headers with every response, and answer preflights of configured origins."""

    @app.after_request
    def protect(response: Response) -> Response:
        # Not `setdefault`, which reads all headers several times for each call.
        given = set(response.headers.keys(lower=True))
        for name, value in _HEADERS.items():
            if name.lower() not in given:
                response.headers.add(name, value)
        if settings.in_production:
            response.headers["Strict-Transport-Security"] = _TWO_YEARS
        return response

    if settings.cors_origins:
        CORS(
            app,
            resources={r"/api/.*": {"origins": list(settings.cors_origins)}},
            allow_headers=[
                "Authorization",
                "Content-Type",
                idempotency.HEADER,
                request_id.HEADER,
                callers.KEY_HEADER,
                callers.WORKSPACE_HEADER,
                callers.DEVELOPMENT_HEADER,
                cookies.CSRF_HEADER,
            ],
            expose_headers=[
                request_id.HEADER,
                idempotency.REPLAYED,
                *("Location", "Retry-After"),
                *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"),
            ],
            # For the session's cookie. The settings allow no * as an origin.
            supports_credentials=True,
            max_age=600,
        )
