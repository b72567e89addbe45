"""The web's store of objects, and the responses when it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from webapp.blueprints.server import health
from webapp.clients.storage.contract import NoObject, StorageError
from webapp.clients.storage.prepared import PreparedStore
from webapp.http.errors import Problem
from webapp.http.installed import Installed, settings

if TYPE_CHECKING:
    from flask import Flask, Response

    from webapp.clients.storage.contract import Store

log = structlog.get_logger("webapp.documents")


_storage: Final[Installed[PreparedStore]] = Installed("storage")


def install(app: Flask) -> None:
    """Give the app its store, and add it to `/health`."""
    storage = PreparedStore(settings.of(app).storage_url)
    _storage.install(app, storage)
    health.watch(app, "storage", lambda: storage.ready().check())
    if settings.of(app).environment == "production" and not storage.is_shared:
        health.warn(app, "storage_is_local")
        log.warning(
            "storage_is_local",
            consequence="Documents are lost if this machine's disk is, as on platforms that replace"
            " it with each release. Set STORAGE_URL to a bucket, or keep the disk.",
        )
    app.register_error_handler(StorageError, _problem_of)


def store() -> Store:
    """The app's store. Raises StorageError if it does not answer."""
    return _storage().ready()


def _problem_of(error: StorageError) -> Response:
    log.error("storage_failed", error=str(error))
    if isinstance(error, NoObject):
        problem = Problem(410, "file_lost", "The bytes of this file are no longer in the store.")
    else:
        problem = Problem(
            503,
            "storage_unavailable",
            "The store of documents does not answer; try again in a few seconds.",
            headers={"Retry-After": "5"},
        )
    return problem.response()
