"""Public links to documents and folders over HTTP: made, listed, ended, and what they lead to."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import passwords
from webapp.blueprints.documents import linked
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import not_found
from webapp.http.installed import settings
from webapp.identity.keyring import digest
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.links import (
    LinkedThing,
    LinkPage,
    MadeFolderLink,
    MadeLink,
    NewFolderLink,
    NewLink,
)

if TYPE_CHECKING:
    from sql.connection import Connection

links = Blueprint(
    "links", __name__, url_prefix="/api", description="Public links to documents and folders."
)


@links.post("/documents/<uuid:document_id>/links")
@permit("workspace:documents:write")
@links.arguments(NewLink)
@links.response(201, MadeLink)
def create_of_document(new: dict[str, Any], document_id: UUID) -> Response:
    """Make a link by which anybody can download a document

    It leads to the current version. Its address is in this response only.
    """
    return _create(new, document_id=document_id)


@links.post("/folders/<uuid:folder_id>/links")
@permit("workspace:items:write")
@links.arguments(NewFolderLink)
@links.response(201, MadeFolderLink)
def create_of_folder(new: dict[str, Any], folder_id: UUID) -> Response:
    """Make a link by which anybody can read the items in a folder

    As a page of JSON and as a feed, with those in the folders below, also what is put there later.
    Only confirmed items, and of these title, address, summary, author, tags and times; no texts,
    so that of a note only its title and summary are public. Documents in the folder are not. Its
    address is in this response only.
    """
    return _create(new | {"most_downloads": None}, folder_id=folder_id)


@links.get("/documents/<uuid:document_id>/links")
@permit("workspace:documents:read")
@links.arguments(PageArguments, location="query")
@links.response(200, LinkPage)
def list_of_document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """List the links to a document that have not expired, newest first

    Their addresses are not stored, so they are not shown again.
    """
    return _list(arguments, document_id=document_id)


@links.get("/folders/<uuid:folder_id>/links")
@permit("workspace:items:read")
@links.arguments(PageArguments, location="query")
@links.response(200, LinkPage)
def list_of_folder(arguments: dict[str, Any], folder_id: UUID) -> Response:
    """List the links to a folder that have not expired, newest first

    Their addresses are not stored, so they are not shown again.
    """
    return _list(arguments, folder_id=folder_id)


@links.delete("/documents/<uuid:document_id>/links/<uuid:link_id>")
@permit("workspace:documents:write")
@links.response(204)
def end_of_document(document_id: UUID, link_id: UUID) -> Response:
    """End a link to a document"""
    return _end(link_id, document_id=document_id)


@links.delete("/folders/<uuid:folder_id>/links/<uuid:folder_link_id>")
@permit("workspace:items:write")
@links.response(204)
def end_of_folder(folder_id: UUID, folder_link_id: UUID) -> Response:
    """End a link to a folder"""
    return _end(folder_link_id, folder_id=folder_id)


@links.get("/links/<token>")
@permit(PUBLIC, limit=linked.USES)
@links.response(200, LinkedThing)
def show(token: str) -> Response:
    """Show what a link leads to: a folder, or a file's name, size and type

    Without its password, which only the file and the items themselves need.
    """
    link = linked.find(token)
    if link["is_used_up"]:
        raise not_found()
    kind = "document" if link["folder_id"] is None else "folder"
    told = {name: link[name] for name in ("name", "bytes", "media_type")}
    needs = {"needs_password": link["password_hash"] is not None}
    ends = {"expires_at": link["expires_at"]}
    return linked.kept_by_nobody(answer({"type": kind} | told | needs | ends))


def _create(new: dict[str, Any], **thing: UUID) -> Response:
    token = secrets.token_urlsafe(32)
    password = new.pop("password")
    password_hash = None if password is None else passwords().hash(password)
    with transaction() as conn:
        link = queries.links.create(
            conn,
            workspace_id=_home(conn, **thing),
            token_hash=digest(token),
            password_hash=password_hash,
            created_by=caller().user_id,
            **_either(**thing),
            **new,
        )
        facts = {name: str(value) for name, value in new.items() if value is not None}
        needs = {"needs_password": link["needs_password"]}
        _record(conn, "link.made", link["id"], thing, **facts, **needs)
    response = answer(link | {"url": f"{settings().public_url}/api/links/{token}"}, 201)
    response.headers["Cache-Control"] = "no-store"
    return response


def _list(arguments: dict[str, Any], **thing: UUID) -> Response:
    with connection() as conn:
        home = _home(conn, **thing)
    ask = queries.links.list_of_thing
    return list_page(arguments, UUID, ask, workspace_id=home, **_either(**thing))


def _end(link_id: UUID, **thing: UUID) -> Response:
    with transaction() as conn:
        home = _home(conn, **thing)
        queries.links.remove(conn, id=link_id, workspace_id=home, **_either(**thing))
        _record(conn, "link.ended", link_id, thing)
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


def _either(**thing: UUID) -> dict[str, UUID | None]:
    return {"document_id": None, "folder_id": None, **thing}


def _record(
    conn: Connection, action: str, link_id: UUID, thing: dict[str, UUID], **facts: object
) -> None:
    ids = {name: str(value) for name, value in thing.items()}
    told: dict[str, Any] = {"link_id": str(link_id), **ids, **facts}
    audit.record(conn, action, workspace_id=caller().workspace_id, **told)
