"""Connections to drives and mailboxes over HTTP."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.drives.opening import connection_of_caller, drives, opened, refusal
from webapp.clients.drives.contract import DriveError
from webapp.http.answers import answer, as_cursor, list_page, read_cursor, read_position
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.identity.ids import new_id
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import PageArguments
from webapp.schemas.drives.connections import (
    Connection,
    ConnectionChange,
    ConnectionPage,
    DriveEntryPage,
    FileListArguments,
    NewConnection,
)
from webapp.schemas.library.events import EventPage

connections = Blueprint(
    "connections",
    __name__,
    url_prefix="/api/connections",
    description="Connections to drives and mailboxes elsewhere. Each belongs to one user.",
)


@connections.post("")
@permit("workspace:connections:manage")
@connections.arguments(NewConnection)
@connections.response(201, Connection)
def create(new: dict[str, Any]) -> Response:
    """Connect to a WebDAV, Nextcloud or IMAP server

    It is tried first: if it does not work, the response is 422, with a code that says why. The
    password is stored encrypted, and never shown again.
    """
    connection_id = new_id()
    credentials = {"user": new["user"], "password": new["password"]}
    _try(new["provider"], new["base_url"], credentials)
    mine = _mine(connection_id)
    with transaction() as conn:
        queries.connections.create(
            conn,
            **mine,
            provider=new["provider"],
            name=new["name"],
            base_url=new["base_url"],
            account=new["user"],
            credentials=drives().seal(mine["user_id"], connection_id, credentials),
        )
        row = queries.connections.get(conn, **mine)
    return answer(row, 201, location=f"/api/connections/{connection_id}")


@connections.get("")
@permit("workspace:connections:manage")
@connections.arguments(PageArguments, location="query")
@connections.response(200, ConnectionPage)
def list_own(arguments: dict[str, Any]) -> Response:
    """List your connections in this workspace, newest first"""
    me = caller()
    ask = queries.connections.list_of_user
    return list_page(arguments, UUID, ask, workspace_id=me.workspace_id, user_id=me.user_id)


@connections.get("/<uuid:connection_id>")
@permit("workspace:connections:manage")
@connections.response(200, Connection)
def get(connection_id: UUID) -> Response:
    """Show a connection"""
    with connection() as conn:
        return answer(queries.connections.get(conn, **_mine(connection_id)))


@connections.get("/<uuid:connection_id>/events")
@permit("workspace:connections:manage")
@connections.arguments(PageArguments, location="query")
@connections.response(200, EventPage)
def list_events(arguments: dict[str, Any], connection_id: UUID) -> Response:
    """Show a connection's timeline, oldest first"""
    connection_of_caller(connection_id)
    return timeline("connection", connection_id, arguments)


@connections.patch("/<uuid:connection_id>")
@permit("workspace:connections:manage")
@connections.arguments(ConnectionChange)
@connections.response(200, Connection)
@connections.alt_response(409, description="The connection takes no password.")
def change(change: dict[str, Any], connection_id: UUID) -> Response:
    """Rename a connection, or give it a new password

    A new password is tried first, and mends a broken connection.
    """
    mine = _mine(connection_id)
    row = connection_of_caller(connection_id)
    sealed = None
    if "password" in change:
        if row["base_url"] is None:
            raise Problem(
                409, "connection_without_password", "This connection is mended by authorizing it."
            )
        user = change.get("user") or row["account"]
        credentials = {"user": user, "password": change["password"]}
        _try(row["provider"], row["base_url"], credentials)
        sealed = drives().seal(mine["user_id"], connection_id, credentials)
    with transaction() as conn:
        if "name" in change:
            queries.connections.rename(conn, **mine, name=change["name"])
        if sealed is not None:
            queries.connections.mend(
                conn, id=connection_id, credentials=sealed, account=change.get("user")
            )
        return answer(queries.connections.get(conn, **mine))


@connections.delete("/<uuid:connection_id>")
@permit("workspace:connections:manage")
@connections.response(204)
def remove(connection_id: UUID) -> Response:
    """Remove a connection, with its credentials and transfers

    Documents that came through it stay.
    """
    with transaction() as conn:
        queries.connections.remove(conn, **_mine(connection_id))
    return Response(status=204)


@connections.get("/<uuid:connection_id>/files")
@permit("workspace:connections:manage")
@connections.arguments(FileListArguments, location="query")
@connections.response(200, DriveEntryPage)
@connections.alt_response(409, description="The connection is broken: `drive_credentials`.")
@connections.alt_response(502, description="The drive does not answer, or not as one should.")
def list_files(arguments: dict[str, Any], connection_id: UUID) -> Response:
    """List a folder of the drive or mailbox

    Of a mailbox, only folders are listed. The drive itself is asked, so it takes as long as that
    takes.
    """
    cursor = read_cursor(arguments["cursor"], read_position)
    with opened(connection_id) as drive:
        found = drive.list_folder(arguments["path"], limit=arguments["limit"], cursor=cursor)
    entries = [
        {
            "path": each.path,
            "name": each.name,
            "is_folder": each.is_folder,
            "bytes": each.bytes,
            "modified_at": each.modified_at,
        }
        for each in found.entries
    ]
    return answer({"items": entries, "next_cursor": as_cursor(found.next_cursor)})


def _try(provider: str, base_url: str, credentials: dict[str, str]) -> None:
    """Raises Problem 422 unless the drive accepts the credentials."""
    try:
        with closing(drives().open_with(provider, base_url, credentials)) as drive:
            drive.check()
    except DriveError as error:
        raise refusal(error) from None


def _mine(connection_id: UUID) -> dict[str, UUID]:
    me = caller()
    return {"id": connection_id, "workspace_id": me.workspace_id, "user_id": me.user_id}
