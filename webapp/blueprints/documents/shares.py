"""Shares of documents and folders over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.shares import NewShare, Share, ShareChange, SharePage

if TYPE_CHECKING:
    from sql.connection import Connection

shares = Blueprint(
    "shares", __name__, url_prefix="/api", description="Shares of documents and folders."
)


@shares.post("/documents/<uuid:document_id>/shares")
@permit("workspace:documents:write")
@idempotent
@shares.arguments(NewShare)
@shares.response(201, Share)
def create_of_document(new: dict[str, Any], document_id: UUID) -> Response:
    """Share a document with a user

    They reach it, from their personal workspace, at the same addresses as you. A user who already
    has the workspace gives 422.
    """
    return _create(new, document_id=document_id)


@shares.post("/folders/<uuid:folder_id>/shares")
@permit("workspace:documents:write")
@idempotent
@shares.arguments(NewShare)
@shares.response(201, Share)
def create_of_folder(new: dict[str, Any], folder_id: UUID) -> Response:
    """Share a folder with a user, and all documents in it

    What is moved into the folder later is shared too, until it is moved out again. Items in it are
    not shared.
    """
    return _create(new, folder_id=folder_id)


@shares.get("/documents/<uuid:document_id>/shares")
@permit("workspace:documents:read")
@shares.arguments(PageArguments, location="query")
@shares.response(200, SharePage)
def list_of_document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """List with whom a document is shared, newest first

    Shares of folders that the document is in are listed there.
    """
    return _list(arguments, document_id=document_id)


@shares.get("/folders/<uuid:folder_id>/shares")
@permit("workspace:documents:read")
@shares.arguments(PageArguments, location="query")
@shares.response(200, SharePage)
def list_of_folder(arguments: dict[str, Any], folder_id: UUID) -> Response:
    """List with whom a folder is shared, newest first"""
    return _list(arguments, folder_id=folder_id)


@shares.patch("/documents/<uuid:document_id>/shares/<uuid:share_id>")
@permit("workspace:documents:write")
@shares.arguments(ShareChange)
@shares.response(200, Share)
def change_of_document(change: dict[str, Any], document_id: UUID, share_id: UUID) -> Response:
    """Change what a share of a document allows, or until when"""
    return _change(change, share_id, document_id=document_id)


@shares.patch("/folders/<uuid:folder_id>/shares/<uuid:folder_share_id>")
@permit("workspace:documents:write")
@shares.arguments(ShareChange)
@shares.response(200, Share)
def change_of_folder(change: dict[str, Any], folder_id: UUID, folder_share_id: UUID) -> Response:
    """Change what a share of a folder allows, or until when"""
    return _change(change, folder_share_id, folder_id=folder_id)


@shares.delete("/documents/<uuid:document_id>/shares/<uuid:share_id>")
@permit("workspace:documents:write")
@shares.response(204)
def end_of_document(document_id: UUID, share_id: UUID) -> Response:
    """End a share of a document

    Once this is answered, nothing more is read or changed through it.
    """
    return _end(share_id, document_id=document_id)


@shares.delete("/folders/<uuid:folder_id>/shares/<uuid:folder_share_id>")
@permit("workspace:documents:write")
@shares.response(204)
def end_of_folder(folder_id: UUID, folder_share_id: UUID) -> Response:
    """End a share of a folder"""
    return _end(folder_share_id, folder_id=folder_id)


def _create(new: dict[str, Any], **thing: UUID) -> Response:
    create = {
        "document_id": queries.shares.create_of_document,
        "folder_id": queries.shares.create_of_folder,
    }[next(iter(thing))]
    with transaction() as conn:
        home = _home(conn, **thing)
        sharee = queries.shares.sharee(conn, handle=new.pop("handle").lower())
        if sharee is None:
            raise Problem(404, "no_such_user", "There is no user with this handle.")
        made = create(
            conn,
            workspace_id=home,
            user_id=sharee["id"],
            shared_by=caller().user_id,
            **thing,
            **new,
        )
        if made is None:
            raise Problem(
                409,
                "already_shared",
                "It is shared with this user already; change that share.",
            )
        _record(conn, "share.made", made["id"], sharee["id"], new, **thing)
        share = _share(conn, made["id"], **thing)
    kind, thing_id = next(iter(thing.items()))
    where = f"/api/{kind.removesuffix('_id')}s/{thing_id}/shares"
    return answer(share, 201, location=f"{where}/{share['id']}")


def _list(arguments: dict[str, Any], **thing: UUID) -> Response:
    with connection() as conn:
        home = _home(conn, **thing)
    ask = queries.shares.list_of_thing
    return list_page(arguments, UUID, ask, workspace_id=home, **_either(**thing))


def _change(change: dict[str, Any], share_id: UUID, **thing: UUID) -> Response:
    with transaction() as conn:
        changed = queries.shares.change(
            conn,
            id=share_id,
            workspace_id=_home(conn, **thing),
            fields=as_json(change).decode(),
            **_either(**thing),
        )
        _record(conn, "share.changed", share_id, changed["user_id"], change, **thing)
        return answer(_share(conn, share_id, **thing))


def _end(share_id: UUID, **thing: UUID) -> Response:
    with transaction() as conn:
        ended = queries.shares.remove(
            conn, id=share_id, workspace_id=_home(conn, **thing), **_either(**thing)
        )
        level = {"level": ended["level"]}
        _record(conn, "share.ended", share_id, ended["user_id"], level, **thing)
    return Response(status=204)


def _home(
    conn: Connection, *, document_id: UUID | None = None, folder_id: UUID | None = None
) -> UUID:
    """The caller's workspace, if the thing is its own. Raises NoRow; the database refuses what is
    only shared with them."""
    mine = {"workspace_id": caller().workspace_id}
    home: UUID
    if document_id is not None:
        home = queries.documents.home_to_change(conn, id=document_id, needed="own", **mine)
    else:
        home = queries.folders.home_to_change(conn, id=folder_id, **mine)
    return home


def _share(conn: Connection, share_id: UUID, **thing: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.shares.get(
        conn, id=share_id, workspace_id=caller().workspace_id, **_either(**thing)
    )
    return found


def _either(**thing: UUID) -> dict[str, UUID | None]:
    return {"document_id": None, "folder_id": None, **thing}


def _record(
    conn: Connection,
    action: str,
    share_id: UUID,
    sharee: UUID,
    facts: dict[str, Any],
    **thing: UUID,
) -> None:
    told = {name: str(value) for name, value in facts.items() if value is not None}
    ids = {name: str(value) for name, value in thing.items()}
    audit.record(
        conn,
        action,
        user_id=sharee,
        workspace_id=caller().workspace_id,
        share_id=str(share_id),
        **ids,
        **told,
    )
