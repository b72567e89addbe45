"""Whether a request is for us, by the name and the path that it asks for."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import NotFound

from webapp.http.errors import Problem

if TYPE_CHECKING:
    from flask import Flask

    from webapp.settings import Settings


def install(app: Flask, settings: Settings) -> None:
    """Refuse what is not for us, after all that is done for every request."""

    @app.before_request
    def refuse_other_paths() -> None:
        # Werkzeug leaves out what is twice at the beginning, so that `//metrics` would pass by a
        # proxy that lets nobody in to `/metrics`.
        if request.environ["PATH_INFO"].startswith("//"):
            raise NotFound

    if settings.in_development:
        # Who is signed in by a header alone must not be reached by any page that a browser shows:
        # its name can be made to lead here. In production the operator says who may ask, by what
        # names the proxy serves, and what a name is for stands in no answer.
        ours = urlsplit(settings.public_url).hostname

        @app.before_request
        def refuse_other_names() -> None:
            name = _name_of(request.environ.get("HTTP_HOST", "localhost"))
            if name != ours and not _is_local(name):
                raise Problem(
                    421,
                    "unknown_host",
                    "In development this server only answers to localhost and PUBLIC_URL's host.",
                )


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_local(name: str | None) -> bool:
    if name is None or name == "localhost" or name.endswith(".localhost"):
        return name is not None
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
