"""Documents over HTTP: upload, edit, trash, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response
from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents import sharing
from webapp.blueprints.documents.files import no_such_page
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes import etags
from webapp.routes.blueprint import Blueprint
from webapp.routes.etags import takes_if_match
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.documents import (
    Document,
    DocumentArguments,
    DocumentChange,
    DocumentPage,
    DocumentText,
    Reprocessing,
    TextArguments,
)
from webapp.schemas.library.events import EventPage
from webapp.schemas.library.folders import Move

if TYPE_CHECKING:
    from sql.connection import Connection

documents = Blueprint(
    "documents",
    __name__,
    url_prefix="/api/documents",
    description="Files that are stored, read and searched.",
)


@documents.get("")
@permit("workspace:documents:read")
@documents.arguments(DocumentArguments, location="query")
@documents.response(200, DocumentPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List documents, newest first

    Those of the workspace; with `shared=by_me` those of them that you have shared, and with
    `shared=with_me` those of others that are shared with you. The files that jobs export are only
    in the list with `produced=true`.
    """
    shared = arguments.pop("shared")
    mine = {"workspace_id": caller().workspace_id}
    if shared == "with_me":
        del arguments["produced"]
        return list_page(arguments, UUID, queries.shares.list_documents, **mine)
    by = caller().user_id if shared == "by_me" else None
    return list_page(arguments, UUID, queries.documents.list_of_workspace, shared_by=by, **mine)


@documents.get("/trash")
@permit("workspace:documents:read")
@documents.arguments(PageArguments, location="query")
@documents.response(200, DocumentPage)
def list_trash(arguments: dict[str, Any]) -> Response:
    """List discarded documents, newest first"""
    ask = queries.documents.list_trash
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@documents.get("/<uuid:document_id>")
@permit("workspace:documents:read")
@documents.response(200, Document)
def get(document_id: UUID) -> Response:
    """Show a document"""
    with connection() as conn:
        return answer(_document(conn, document_id))


@documents.get("/<uuid:document_id>/text")
@permit("workspace:documents:read")
@documents.arguments(TextArguments, location="query")
@documents.response(200, DocumentText)
def text(arguments: dict[str, Any], document_id: UUID) -> Response:
    """Show the text of a document, or of one page

    A page after the last one gives 404 `no_such_page`.
    """
    asked = {"page": arguments["page"], "number": arguments["version"]}
    with connection() as conn:
        found = queries.documents.text(conn, **_mine(document_id), **asked)
    if found["pages"] and asked["page"] and asked["page"] > found["pages"]:
        raise no_such_page()
    return answer(found)


@documents.get("/<uuid:document_id>/events")
@permit("workspace:documents:read")
@documents.arguments(PageArguments, location="query")
@documents.response(200, EventPage)
def list_events(arguments: dict[str, Any], document_id: UUID) -> Response:
    """Show a document's timeline, oldest first"""
    with connection() as conn:
        home = queries.documents.home(conn, **_mine(document_id))
    if home != caller().workspace_id:
        return sharing.timeline(home, document_id, arguments)
    return timeline("document", document_id, arguments)


@documents.patch("/<uuid:document_id>")
@permit("workspace:documents:write")
@takes_if_match
@documents.arguments(DocumentChange)
@documents.response(200, Document)
def change(change: dict[str, Any], document_id: UUID) -> Response:
    """Edit a document

    Who has it by a share at the level `write` may change everything but `expires_at`, which would
    end it.
    """
    needed = "own" if "expires_at" in change else "write"
    added, removed = change.pop("add_tags", []), change.pop("remove_tags", [])
    fields = as_json(change).decode()
    with transaction() as conn:
        if added:
            home = _home_to_change(conn, document_id, needed)
            queries.tags.make(conn, workspace_id=home, names=added)
        etags.check(lambda: _held(conn, document_id))
        edits = sorted([*change, *(["tags"] if added or removed else [])])
        if edits:
            home = queries.documents.change(
                conn, **_mine(document_id), fields=fields, needed=needed
            )
            tagged = {"document_ids": [document_id], "workspace_id": home}
            if added:
                queries.documents.tag(conn, **tagged, names=added)
            if removed:
                queries.documents.untag(conn, **tagged, names=removed)
            queries.events.record(
                conn,
                workspace_id=home,
                entity="document",
                entity_id=document_id,
                event="document.edited",
                payload=Jsonb({"fields": edits}),
            )
        return answer(_document(conn, document_id))


@documents.post("/<uuid:document_id>/move")
@permit("workspace:documents:write")
@idempotent
@documents.arguments(Move)
@documents.response(200, Document)
def move(given: dict[str, Any], document_id: UUID) -> Response:
    """Move a document into a folder, or out of all folders"""
    mine = _mine(document_id)
    with transaction() as conn:
        _home_to_change(conn, document_id, "own")
        if queries.documents.move(conn, **mine, **given):
            queries.events.record(
                conn,
                workspace_id=mine["workspace_id"],
                entity="document",
                entity_id=document_id,
                event="document.moved",
                payload=Jsonb({"folder_id": given["folder_id"] and str(given["folder_id"])}),
            )
        return answer(_document(conn, document_id))


@documents.post("/<uuid:document_id>/discard")
@permit("workspace:documents:write")
@idempotent
@documents.response(200, Document)
def discard(document_id: UUID) -> Response:
    """Move a document to the trash

    It can be restored until it is permanently removed, `TRASH_KEPT_DAYS` days later.
    """
    return _act(document_id, "discard", "own")


@documents.post("/<uuid:document_id>/restore")
@permit("workspace:documents:write")
@idempotent
@documents.response(200, Document)
def restore(document_id: UUID) -> Response:
    """Restore a document from the trash"""
    return _act(document_id, "restore", "own")


@documents.post("/<uuid:document_id>/retry")
@permit("workspace:documents:write")
@idempotent
@sharing.replayed_within_reach("write")
@documents.response(200, Document)
def retry(document_id: UUID) -> Response:
    """Read a failed document again

    A document that has not failed gives 400 `invalid_state`.
    """
    return _act(document_id, "retry", "write")


@documents.post("/<uuid:document_id>/reprocess")
@permit("workspace:documents:write")
@idempotent
@sharing.replayed_within_reach("write")
@documents.arguments(Reprocessing, required=False)
@documents.response(200, Document)
def reprocess(asked: dict[str, Any], document_id: UUID) -> Response:
    """Read a document again, as if it had just been uploaded

    `ocr` says which pages are read as pictures: `auto`, those with hardly any text; `always`, also
    those whose text may be wrong; `never`, none. It applies to this reading only.
    """
    with transaction() as conn:
        queries.documents.act(conn, **_mine(document_id), action="reprocess", needed="write")
        queries.documents.ask_reading(conn, ids=[document_id], asked=Jsonb(asked))
        return answer(_document(conn, document_id))


@documents.delete("/<uuid:document_id>")
@permit("workspace:documents:write")
@documents.response(204)
def purge(document_id: UUID) -> Response:
    """Permanently remove a discarded document

    Its files and versions are removed too, and no longer count towards the quota. A document that
    is not in the trash gives 409 `not_discarded`.
    """
    with transaction() as conn:
        if queries.documents.lock(conn, **_mine(document_id), needed="own") != "discarded":
            raise Problem(
                409, "not_discarded", "Only documents in the trash can be permanently removed."
            )
        queries.documents.purge(conn, **_mine(document_id))
    return Response(status=204)


def _act(document_id: UUID, action: str, needed: str) -> Response:
    """Perform an action, for which a sharee needs a level."""
    with transaction() as conn:
        queries.documents.act(conn, **_mine(document_id), action=action, needed=needed)
        return answer(_document(conn, document_id))


def _held(conn: Connection, document_id: UUID) -> dict[str, Any]:
    queries.documents.lock(conn, **_mine(document_id), needed="write")
    return _document(conn, document_id)


def _home_to_change(conn: Connection, document_id: UUID, needed: str) -> UUID:
    """The document's workspace, if the caller may change it."""
    home: UUID = queries.documents.home_to_change(conn, **_mine(document_id), needed=needed)
    return home


def _document(conn: Connection, document_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.documents.get(conn, **_mine(document_id))
    return found


def _mine(document_id: UUID) -> dict[str, UUID]:
    return {"id": document_id, "workspace_id": caller().workspace_id}
