"""Uploads of documents over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.receiving import (
    admit,
    file_in_body,
    most_bytes,
    name_of,
    received,
)
from webapp.filing.intake import Owner
from webapp.filing.keeping import About, keep
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

    from webapp.filing.intake import Received

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
    with received(new_id(), name) as upload:
        fields = loaded(UploadFields, upload.fields)
        return idempotency.once(upload.digest(), lambda: _keep(upload.file, fields))


def _keep(file: Received, fields: dict[str, Any]) -> Response:
    me = caller()
    may_be_second = fields.pop("allow_duplicate")
    about = About(**fields | {"name": name_of(fields["name"] or file.name)})
    with transaction() as conn:
        owner = Owner(me.user_id, me.workspace_id)
        kept = keep(conn, file, owner, about, may_be_second=may_be_second)
        document = queries.documents.get(conn, id=kept.document_id, workspace_id=me.workspace_id)
    if kept.is_duplicate:
        return answer(document | {"duplicate_of": kept.document_id})
    file.is_used = True
    location = f"/api/documents/{kept.document_id}"
    return answer(document | {"trashed_duplicates": kept.trashed}, 201, location=location)
