"""Uploads of documents over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.receiving import (
    Received,
    admit,
    file_in_body,
    most_bytes,
    name_of,
    received,
)
from webapp.http.answers import answer
from webapp.http.db import transaction
from webapp.identity.ids import new_id
from webapp.routes import idempotency
from webapp.routes.blueprint import Blueprint, loaded
from webapp.routes.permit import permit
from webapp.routes.uploads import takes_upload
from webapp.schemas.documents.documents import DuplicateDocument, UploadedDocument, UploadFields
from webapp.schemas.documents.files import FileName

if TYPE_CHECKING:
    from flask import Response

_FILE_IN_BODY: Final = file_in_body(UploadFields)
_DUPLICATE: Final = "The workspace already has this file."

uploads = Blueprint(
    "uploads", __name__, url_prefix="/api/documents", description="Uploads of documents."
)


@uploads.post("")
@permit("workspace:documents:write")
@takes_upload(most_bytes, admit=admit)
@idempotency.claims_its_key
@uploads.arguments(FileName, location="query")
@uploads.doc(requestBody=_FILE_IN_BODY)
@uploads.response(201, UploadedDocument)
@uploads.alt_response(200, schema=DuplicateDocument, description=_DUPLICATE)
def create(arguments: dict[str, str]) -> Response:
    """Upload a document

    Send a form whose field `file` is the file, or the file alone as the body with `?name=`. Text,
    pages, language and title are read in the background; within seconds the status becomes `ready`.
    The type is detected from the content, not taken from the request.

    If the workspace already has the file outside the trash, the response is 200 with the existing
    document and `duplicate_of`, unless `allow_duplicate` is true. `trashed_duplicates` lists copies
    in the trash.
    """
    return _receive(**arguments)


@uploads.post("/upload")
@permit("workspace:documents:write")
@takes_upload(most_bytes, admit=admit)
@idempotency.claims_its_key
@uploads.arguments(FileName, location="query")
@uploads.doc(requestBody=_FILE_IN_BODY)
@uploads.response(201, UploadedDocument)
@uploads.alt_response(200, schema=DuplicateDocument, description=_DUPLICATE)
def upload(arguments: dict[str, str]) -> Response:
    """Upload a document, as by `POST /api/documents`"""
    return _receive(**arguments)


def _receive(name: str) -> Response:
    with received(new_id(), name) as file:
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
            document = queries.documents.get(conn, id=standing[0], **mine)
            return answer(document | {"duplicate_of": standing[0]})
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
        document = queries.documents.get(conn, id=file.document_id, **mine)
    file.is_used = True
    trashed = [each["id"] for each in same if each["status"] == "discarded"]
    location = f"/api/documents/{document['id']}"
    return answer(document | {"trashed_duplicates": trashed}, 201, location=location)
