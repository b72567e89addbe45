"""Builds the web application; the one place where its parts meet."""

from __future__ import annotations

import time

import structlog
from flask import Flask, Response, g, request

from webapp import (
    db,
    errors,
    logs,
    metrics,
    openapi,
    request_id,
    request_span,
    security,
    settings,
    tracing,
)
from webapp.blueprints import docs, health
from webapp.blueprints import metrics as metrics_route
from webapp.blueprints.events import events
from webapp.blueprints.items import items

log = structlog.get_logger("webapp.requests")


def create_app(given: settings.Settings | None = None) -> Flask:
    """The WSGI application. Raises SettingsError where the environment is wrong.

    It touches no database: its pool opens at the first request, and so after any fork.
    """
    ours = given or settings.load()
    logs.configure(ours)
    tracing.configure(ours, "coffer web")
    app = Flask(__name__, static_folder=None)
    # `//api//items` is no address of ours, and a redirect from it would be no problem+json.
    app.url_map.merge_slashes = False
    app.config |= {
        "SETTINGS": ours,
        "SECRET_KEY": ours.secret_key,
        "MAX_CONTENT_LENGTH": ours.max_body_bytes,
    }
    request_id.install(app)
    request_span.install(app)
    errors.install(app)
    security.install(app, ours)
    _log_requests(app)
    db.install(app, ours)
    metrics.install(app, ours)
    health.install(app)

    api = openapi.make_api(app)
    for blueprint in (items, events, health.health):
        api.register_blueprint(blueprint)
    app.extensions["openapi"] = openapi.document(app, api)
    docs.install(app)
    metrics_route.install(app)
    return app


def _log_requests(app: Flask) -> None:
    """One line a request, with what an operator asks for first."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            duration_ms=round((time.perf_counter() - g.began) * 1000, 1),
            actor=f"user:{g.caller.user_id}" if "caller" in g else None,
        )
        return response
