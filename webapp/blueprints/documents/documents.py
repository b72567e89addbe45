"""Documents over HTTP: upload, edit, trash, read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response
from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.receiving import Received, admit, most_bytes, name_of, received
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes import etags, idempotency
from webapp.routes.blueprint import Blueprint, loaded
from webapp.routes.etags import takes_if_match
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.routes.uploads import takes_upload
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.documents import (
    Document,
    DocumentArguments,
    DocumentChange,
    DocumentPage,
    DocumentText,
    DuplicateDocument,
    TextArguments,
    UploadedDocument,
    UploadFields,
)
from webapp.schemas.documents.folders import Move
from webapp.schemas.library.events import EventPage

if TYPE_CHECKING:
    from sql.connection import Connection

_FILE_IN_BODY: Final = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                    **{name: {"type": "string"} for name in UploadFields().fields},
                },
            }
        },
        "application/octet-stream": {"schema": {}},
    },
}

documents = Blueprint(
    "documents", __name__, url_prefix="/api/documents", description="Files that are kept."
)


@documents.post("")
@permit("workspace:documents:write")
@takes_upload(most_bytes, admit=admit)
@idempotency.claims_its_key
@documents.doc(requestBody=_FILE_IN_BODY)
@documents.response(201, UploadedDocument)
@documents.alt_response(200, schema=DuplicateDocument, description="The workspace has this file.")
def create() -> Response:
    """Upload a document

    A form whose field `file` is the file, or the file alone as the body, with its name as `name` in
    the address. It is read in the background: text, pages, language and title within seconds, when
    its status becomes `ready`. Its type is told by what it holds, not by what the request says.

    A file that the workspace has, and has not discarded, gives the document that it has, as it is,
    with `duplicate_of`; unless `allow_duplicate` asks for a second one. `trashed_duplicates` names
    those in the trash.
    """
    return _receive()


@documents.post("/upload")
@permit("workspace:documents:write")
@takes_upload(most_bytes, admit=admit)
@idempotency.claims_its_key
@documents.doc(requestBody=_FILE_IN_BODY)
@documents.response(201, UploadedDocument)
@documents.alt_response(200, schema=DuplicateDocument, description="The workspace has this file.")
def upload() -> Response:
    """Upload a document, as by `POST /api/documents`"""
    return _receive()


def _receive() -> Response:
    with received() as file:
        fields = loaded(UploadFields, file.fields)
        return idempotency.once(file.digest(), lambda: _keep(file, fields))


def _keep(file: Received, fields: dict[str, Any]) -> Response:
    mine = {"workspace_id": caller().workspace_id}
    may_be_second, tags = fields.pop("allow_duplicate"), fields.pop("tags")
    with transaction() as conn:
        queries.documents.hold_file(conn, sha256=file.sha256, **mine)
        same = queries.documents.find_file(conn, sha256=file.sha256, **mine)
        standing = [each["id"] for each in same if each["status"] != "discarded"]
        if standing and not may_be_second:
            return answer(_document(conn, standing[0]) | {"duplicate_of": standing[0]})
        queries.objects.store(conn, id=file.object_id, bytes=file.length, sha256=file.sha256)
        if tags:
            queries.tags.make(conn, **mine, names=tags)
        queries.documents.create(
            conn,
            **mine,
            id=file.document_id,
            object_id=file.object_id,
            created_by=caller().user_id,
            media_type=file.media.type,
            kind=file.media.kind,
            bytes=file.length,
            sha256=file.sha256,
            **fields
            | {
                "name": name_of(fields["name"] or file.name),
                "metadata": Jsonb(fields["metadata"]),
            },
        )
        if tags:
            queries.documents.tag(conn, **mine, document_ids=[file.document_id], names=tags)
        document = _document(conn, file.document_id)
    file.is_used = True
    trashed = [each["id"] for each in same if each["status"] == "discarded"]
    location = f"/api/documents/{document['id']}"
    return answer(document | {"trashed_duplicates": trashed}, 201, location=location)


@documents.get("")
@permit("workspace:documents:read")
@documents.arguments(DocumentArguments, location="query")
@documents.response(200, DocumentPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List documents, newest first"""
    ask = queries.documents.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


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
    """Show what a document says, all of it or a page"""
    with connection() as conn:
        found = queries.documents.text(conn, **_mine(document_id), page=arguments["page"])
    return answer(found)


@documents.get("/<uuid:document_id>/events")
@permit("workspace:documents:read")
@documents.arguments(PageArguments, location="query")
@documents.response(200, EventPage)
def list_events(arguments: dict[str, Any], document_id: UUID) -> Response:
    """Show a document's timeline, oldest first"""
    with connection() as conn:
        queries.documents.exists(conn, **_mine(document_id))
    return timeline("document", document_id, arguments)


@documents.patch("/<uuid:document_id>")
@permit("workspace:documents:write")
@takes_if_match
@documents.arguments(DocumentChange)
@documents.response(200, Document)
def change(change: dict[str, Any], document_id: UUID) -> Response:
    """Edit a document"""
    added, removed = change.pop("add_tags", []), change.pop("remove_tags", [])
    mine = {"workspace_id": caller().workspace_id}
    with transaction() as conn:
        etags.check(lambda: _held(conn, document_id))
        if added:
            queries.tags.make(conn, **mine, names=added)
        edits = sorted([*change, *(["tags"] if added or removed else [])])
        if edits:
            queries.documents.change(conn, **_mine(document_id), fields=as_json(change).decode())
            tagged = {"document_ids": [document_id], **mine}
            if added:
                queries.documents.tag(conn, **tagged, names=added)
            if removed:
                queries.documents.untag(conn, **tagged, names=removed)
            queries.events.record(
                conn,
                **mine,
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
    """Move a document into a folder, or out of all"""
    mine = _mine(document_id)
    with transaction() as conn:
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
    """Put a document into the trash

    From there it is restored, or removed for good TRASH_KEPT_DAYS later.
    """
    return _act(document_id, "discard")


@documents.post("/<uuid:document_id>/restore")
@permit("workspace:documents:write")
@idempotent
@documents.response(200, Document)
def restore(document_id: UUID) -> Response:
    """Take a document out of the trash"""
    return _act(document_id, "restore")


@documents.post("/<uuid:document_id>/retry")
@permit("workspace:documents:write")
@idempotent
@documents.response(200, Document)
def retry(document_id: UUID) -> Response:
    """Read a failed document again

    A document that has not failed gives 400 `invalid_state`.
    """
    return _act(document_id, "retry")


@documents.post("/<uuid:document_id>/reprocess")
@permit("workspace:documents:write")
@idempotent
@documents.response(200, Document)
def reprocess(document_id: UUID) -> Response:
    """Read a document again, as if it had just come"""
    return _act(document_id, "reprocess")


@documents.delete("/<uuid:document_id>")
@permit("workspace:documents:write")
@documents.response(204)
def purge(document_id: UUID) -> Response:
    """Remove a discarded document for good

    Its files and versions go with it, and what they took is given back to the quota. A document
    that is not in the trash gives 409 `not_discarded`.
    """
    with transaction() as conn:
        if queries.documents.lock(conn, **_mine(document_id)) != "discarded":
            raise Problem(409, "not_discarded", "Only what is in the trash is removed for good.")
        queries.documents.purge(conn, **_mine(document_id))
    return Response(status=204)


def _act(document_id: UUID, action: str) -> Response:
    with transaction() as conn:
        queries.documents.act(conn, **_mine(document_id), action=action)
        return answer(_document(conn, document_id))


def _held(conn: Connection, document_id: UUID) -> dict[str, Any]:
    queries.documents.lock(conn, **_mine(document_id))
    return _document(conn, document_id)


def _document(conn: Connection, document_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.documents.get(conn, **_mine(document_id))
    return found


def _mine(document_id: UUID) -> dict[str, UUID]:
    return {"id": document_id, "workspace_id": caller().workspace_id}
