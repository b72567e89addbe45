"""Folders over HTTP: a tree in each workspace, of documents and items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.library.folders import (
    Folder,
    FolderArguments,
    FolderChange,
    FolderPage,
    NewFolder,
)

if TYPE_CHECKING:
    from sql.connection import Connection

folders = Blueprint(
    "folders", __name__, url_prefix="/api/folders", description="Folders of documents and items."
)


@folders.get("")
@permit("workspace:folders:read")
@folders.arguments(FolderArguments, location="query")
@folders.response(200, FolderPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List folders, newest first

    Those of the workspace, or with `shared=with_me` those of others that are shared with you. Of
    these only the documents are shared, not the items: `items` is null.
    """
    with_me = arguments.pop("shared") == "with_me"
    ask = queries.shares.list_folders if with_me else queries.folders.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@folders.post("")
@permit("workspace:folders:write")
@idempotent
@folders.arguments(NewFolder)
@folders.response(201, Folder)
def create(new: dict[str, Any]) -> Response:
    """Make a folder

    Names are unique within a folder, in any case: 409 `folder_exists`.
    """
    who = caller()
    with transaction() as conn:
        folder_id = queries.folders.create(
            conn, workspace_id=who.workspace_id, created_by=who.user_id, **new
        )
        return answer(_folder(conn, folder_id), 201, location=f"/api/folders/{folder_id}")


@folders.get("/<uuid:folder_id>")
@permit("workspace:folders:read")
@folders.response(200, Folder)
def get(folder_id: UUID) -> Response:
    """Show a folder"""
    with connection() as conn:
        return answer(_folder(conn, folder_id))


@folders.patch("/<uuid:folder_id>")
@permit("workspace:folders:write")
@folders.arguments(FolderChange)
@folders.response(200, Folder)
def change(change: dict[str, Any], folder_id: UUID) -> Response:
    """Rename or move a folder, with everything in it

    A folder cannot be moved into itself or a folder in it (409 `folder_in_itself`), nor deeper than
    32 levels (409 `folders_too_deep`). What is moved into a folder that is shared, or that a public
    link leads to, is shown there.
    """
    with transaction() as conn:
        queries.folders.change(conn, **_mine(folder_id), fields=as_json(change).decode())
        return answer(_folder(conn, folder_id))


@folders.delete("/<uuid:folder_id>")
@permit("workspace:documents:write")
@folders.response(204)
def remove(folder_id: UUID) -> Response:
    """Delete a folder, and the folders in it

    Their documents go to the trash; their items stay, and only leave the folders.
    """
    with transaction() as conn:
        queries.folders.hold(conn, **_mine(folder_id))
        queries.folders.remove(conn, **_mine(folder_id))
    return Response(status=204)


def _folder(conn: Connection, folder_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.folders.get(conn, **_mine(folder_id))
    return found


def _mine(folder_id: UUID) -> dict[str, UUID]:
    return {"id": folder_id, "workspace_id": caller().workspace_id}
