"""Builds the web application; the one place where its parts meet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, g, request

from webapp import (
    callers,
    client_address,
    db,
    errors,
    etags,
    limits,
    logs,
    metrics,
    openapi,
    request_id,
    request_span,
    security,
    settings,
    sign_in,
    single_sign_on,
    tracing,
)
from webapp.blueprints import docs, health
from webapp.blueprints import metrics as metrics_route
from webapp.blueprints.accounts import accounts
from webapp.blueprints.api_keys import api_keys
from webapp.blueprints.audit_log import audit_log
from webapp.blueprints.events import events
from webapp.blueprints.exports import exports
from webapp.blueprints.imports import imports
from webapp.blueprints.invitations import invitations
from webapp.blueprints.items import items
from webapp.blueprints.library import library
from webapp.blueprints.members import members
from webapp.blueprints.search import search
from webapp.blueprints.sessions import sessions
from webapp.blueprints.sso import sso
from webapp.blueprints.tags import tags
from webapp.blueprints.tasks import tasks
from webapp.blueprints.totp import totp
from webapp.blueprints.users import users
from webapp.blueprints.workspaces import workspaces

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger("webapp.requests")


class App(Flask):
    """Flask, told what it would ask of every function around every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """A function of ours as it is: none of them is a coroutine."""
        return func


def create_app(given: settings.Settings | None = None) -> Flask:
    """The WSGI application. Raises SettingsError where the environment is wrong.

    It touches no database: its pool opens at the first request, and so after any fork.
    """
    ours = given or settings.load()
    logs.configure(ours)
    tracing.configure(ours, "coffer web")
    app = App(__name__, static_folder=None)
    # `//api//items` is no address of ours, and a redirect from it would be no problem+json.
    app.url_map.merge_slashes = False
    app.config |= {
        "SETTINGS": ours,
        "MAX_CONTENT_LENGTH": ours.max_body_bytes,
    }
    client_address.install(app, ours)
    request_id.install(app)
    request_span.install(app)
    errors.install(app)
    security.install(app, ours)
    _log_requests(app)
    db.install(app, ours)
    sign_in.install(app, ours)
    single_sign_on.install(app)
    limits.install(app, ours)
    etags.install(app)
    callers.install(app, ours)
    metrics.install(app, ours)
    health.install(app)

    api = openapi.make_api(app)
    for blueprint in (
        *(items, events, library, tags, tasks, search, exports, imports),
        *(sessions, accounts, totp, sso, api_keys),
        *(workspaces, members, invitations),
        *(users, audit_log),
        health.health,
    ):
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
            actor=g.caller.actor if "caller" in g else None,
        )
        return response
