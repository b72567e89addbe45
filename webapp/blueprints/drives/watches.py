"""Watched folders of drives, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.drives.opening import connection_of_caller, position
from webapp.filing.drives import check_path
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import PageArguments
from webapp.schemas.drives.watches import NewWatch, Watch, WatchPage
from webapp.schemas.library.events import EventPage

watches = Blueprint(
    "watches",
    __name__,
    url_prefix="/api",
    description="Watched folders of drives.",
)


@watches.post("/connections/<uuid:connection_id>/watches")
@permit("workspace:connections:manage")
@idempotent
@watches.arguments(NewWatch)
@watches.response(201, Watch)
@watches.alt_response(409, description="The folder is watched already; the connection is broken.")
@watches.alt_response(502, description="The mail server does not answer, or not as one should.")
def create(new: dict[str, Any], connection_id: UUID) -> Response:
    """Watch a folder of the drive or mailbox

    Every file directly in it becomes a document, once: those that are there now, and those that
    appear later, within minutes. A file that changes becomes a new version of its document. What
    is deleted there stays here.

    Of a mailbox, every message that arrives in the folder from now on, or is moved there, is
    received like mail to an inbox. Those that are there now are not, and nothing in the mailbox
    changes.
    """
    row = connection_of_caller(connection_id)
    check_path(row["provider"], new["path"])
    end = position(row, new["path"])
    with transaction() as conn:
        watch_id = queries.watches.create(
            conn,
            **_whose(),
            **new,
            connection_id=connection_id,
            uid_validity=end and end.uid_validity,
            last_uid=end and end.next_uid - 1,
        )
        watch = queries.watches.get(conn, **_whose(), id=watch_id)
    return answer(watch, 201)


@watches.get("/connections/<uuid:connection_id>/watches")
@permit("workspace:connections:manage")
@watches.arguments(PageArguments, location="query")
@watches.response(200, WatchPage)
def list_of_connection(arguments: dict[str, Any], connection_id: UUID) -> Response:
    """List the folders that are watched, newest first"""
    connection_of_caller(connection_id)
    ask = queries.watches.list_of_connection
    return list_page(arguments, UUID, ask, **_whose(), connection_id=connection_id)


@watches.get("/watches/<uuid:watch_id>/events")
@permit("workspace:connections:manage")
@watches.arguments(PageArguments, location="query")
@watches.response(200, EventPage)
def list_events(arguments: dict[str, Any], watch_id: UUID) -> Response:
    """Show a watch's timeline, oldest first"""
    with connection() as conn:
        queries.watches.get(conn, **_whose(), id=watch_id)
    return timeline("watch", watch_id, arguments)


@watches.delete("/watches/<uuid:watch_id>")
@permit("workspace:connections:manage")
@watches.response(204)
def remove(watch_id: UUID) -> Response:
    """Stop watching a folder

    Documents that came from it stay.
    """
    with transaction() as conn:
        queries.watches.remove(conn, **_whose(), id=watch_id)
    return Response(status=204)


def _whose() -> dict[str, UUID]:
    return {"workspace_id": caller().workspace_id, "user_id": caller().user_id}
