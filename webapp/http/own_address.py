"""Whether a request is for this server, by its host and path."""

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
    """Refuse requests that are not for us, after the steps that apply to every request."""

    @app.before_request
    def refuse_other_paths() -> None:
        # Werkzeug collapses a double slash at the beginning, so that `//metrics` would pass a proxy
        # that blocks `/metrics`.
        if request.environ["PATH_INFO"].startswith("//"):
            raise NotFound

    if settings.in_development:
        # A user signed in by a header alone must not be reachable from any page in a browser: its
        # name can be made to resolve here. In production the operator decides with the proxy who
        # may call and by which names, and responses do not depend on the name.
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
