"""Builds the web application; the only place where its parts meet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import structlog
from flask import Flask, Response, g, request

from webapp import settings
from webapp.access import callers, credentials, denials, limits
from webapp.blueprints import (
    consumers,
    documents,
    drives,
    extraction,
    library,
    people,
    server,
    tokens,
)
from webapp.http import (
    client_address,
    db,
    errors,
    installed,
    metrics,
    own_address,
    request_id,
    request_path,
    request_span,
)
from webapp.routes import description, etags, headers, uploads
from webapp.telemetry import logs, tracing

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger("webapp.requests")

# Each has BLUEPRINTS, which the API's description covers; INSTALLS, which give an app what else
# they need; and REFUSALS, the response for each constraint that the database may refuse with.
SYSTEMS: Final = (server, library, documents, extraction, drives, tokens, consumers, people)


class App(Flask):
    """Flask without a check that it makes around every function of every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return our function unchanged: none of them is a coroutine."""
        return func


def create_app(given: settings.Settings | None = None) -> Flask:
    """The WSGI application. Raises SettingsError if the environment is wrong.

    It does not touch the database: its pool opens at the first request, so after any fork.
    """
    ours = given or settings.load()
    logs.configure(ours)
    tracing.configure(ours, "coffer web")
    app = App(__name__, static_folder=None)
    # `//api//items` is not one of our addresses, and a redirect from it would not be problem+json.
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = ours.max_body_bytes
    installed.settings.install(app, ours)
    client_address.install(app, ours)
    request_id.install(app)
    request_span.install(app)
    errors.install(app, {name: said for each in SYSTEMS for name, said in each.REFUSALS.items()})
    headers.install(app, ours)
    _log_requests(app)
    db.install(app, ours)
    credentials.install(app, ours)
    limits.install(app, ours)
    etags.install(app, ours)
    uploads.install(app)
    callers.install(app, ours)
    denials.install(app)
    metrics.install(app, ours)
    own_address.install(app, ours)
    description.install(app)
    for system in SYSTEMS:
        for blueprint in system.BLUEPRINTS:
            description.api.of(app).register_blueprint(blueprint)
        for install in system.INSTALLS:
            install(app)
    return app


def _log_requests(app: Flask) -> None:
    """One line per request, with what an operator looks for first."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        log.info(
            "request",
            method=request.method,
            path=_printable(request_path.without_secrets()),
            status=response.status_code,
            duration_ms=round((time.perf_counter() - g.began) * 1000, 1),
            actor=g.caller.actor if "caller" in g else None,
        )
        return response


def _printable(path: str) -> str:
    """A path that does nothing to the terminal it is shown in."""
    return path if path.isprintable() else ascii(path)[1:-1]
