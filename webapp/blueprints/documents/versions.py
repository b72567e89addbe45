"""Versions of documents over HTTP: upload, list, make an old one current, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, g, request

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents import sharing
from webapp.blueprints.documents.receiving import (
    admit,
    file_in_body,
    most_bytes,
    name_of,
    received,
)
from webapp.filing.renewing import add_version, make_current, record_version
from webapp.http import request_id
from webapp.http.answers import answer, list_page, read_bigint
from webapp.http.db import connection, transaction
from webapp.routes import etags, idempotency
from webapp.routes.blueprint import Blueprint, loaded
from webapp.routes.etags import takes_if_match
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.uploads import takes_upload
from webapp.schemas.common import PageArguments
from webapp.schemas.documents.documents import Document
from webapp.schemas.documents.files import FileName
from webapp.schemas.documents.versions import Version, VersionFields, VersionPage

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection
    from webapp.filing.intake import Received

versions = Blueprint(
    "versions", __name__, url_prefix="/api/documents", description="Versions of documents."
)


def _admit() -> None:
    """Refuse a file before it is received: Problem 403 or 413, or NoRow for a document that is out
    of the caller's reach."""
    document_id: UUID = (request.view_args or {})["document_id"]
    with connection() as conn:
        g.home = _home(conn, document_id)
    admit()


@versions.post("/<uuid:document_id>/versions")
@permit("workspace:documents:write")
@takes_if_match
@takes_upload(most_bytes, admit=_admit)
@idempotency.claims_its_key
@versions.arguments(FileName, location="query")
@versions.doc(requestBody=file_in_body(VersionFields))
@versions.response(201, Document)
@versions.alt_response(200, schema=Document, description="It is the current version already.")
def create(arguments: dict[str, str], document_id: UUID) -> Response:
    """Upload a new version of a document

    As a form with the field `file`, or as the body with `?name=`. It becomes the current version
    and is read; title, tags and other fields stay. Older versions can be downloaded and made
    current again, and count towards the quota. A file that is the same as the current version adds
    none.
    """
    with received(document_id, arguments["name"], workspace_id=g.home) as upload:
        fields = loaded(VersionFields, upload.fields)
        return idempotency.once(
            upload.digest(), lambda: _add(upload.file, fields["name"], document_id)
        )


@versions.get("/<uuid:document_id>/versions")
@permit("workspace:documents:read")
@versions.arguments(PageArguments, location="query")
@versions.response(200, VersionPage)
def list_of_document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """List the versions of a document, newest first"""
    with connection() as conn:
        queries.documents.home(conn, **_mine(document_id))
    return list_page(
        arguments, read_bigint, queries.versions.list_of_document, **_mine(document_id)
    )


@versions.get("/<uuid:document_id>/versions/<int:number>")
@permit("workspace:documents:read")
@versions.response(200, Version)
def get(document_id: UUID, number: int) -> Response:
    """Show a version of a document

    `download`, `preview` and `text` take its number as `version`.
    """
    with connection() as conn:
        return answer(queries.versions.get(conn, **_mine(document_id), number=number))


@versions.post("/<uuid:document_id>/versions/<int:number>/restore")
@permit("workspace:documents:write")
@idempotent
@sharing.replayed_within_reach("write")
@takes_if_match
@versions.response(200, Document)
def restore(document_id: UUID, number: int) -> Response:
    """Make an older version of a document the current one

    It is read again. The other versions stay.
    """
    with transaction() as conn:
        former = _hold(conn, document_id)
        if former["number"] != number:
            document = _at_home(document_id, former["workspace_id"])
            event = "document.version_restored"
            make_current(conn, document, number, event, request_id.current())
        return answer(queries.documents.get(conn, **_mine(document_id)))


@versions.delete("/<uuid:document_id>/versions/<int:number>")
@permit("workspace:documents:write")
@versions.response(204)
def remove(document_id: UUID, number: int) -> Response:
    """Permanently remove an older version of a document

    Its file no longer counts towards the quota. The current version gives 409 `current_version`.
    """
    with transaction() as conn:
        home = queries.documents.home_to_change(conn, **_mine(document_id), needed="own")
        document = _at_home(document_id, home)
        queries.versions.remove(conn, **document, number=number)
        record_version(conn, document, number, "document.version_removed")
    return Response(status=204)


def _add(file: Received, name: str | None, document_id: UUID) -> Response:
    given = name or file.name
    with transaction() as conn:
        former = _hold(conn, document_id)
        if former["sha256"] == file.sha256:
            return answer(queries.documents.get(conn, **_mine(document_id)))
        number = add_version(
            conn,
            file,
            _at_home(document_id, former["workspace_id"]),
            name=name_of(given) if given else None,
            created_by=caller().user_id,
            request_id=request_id.current(),
        )
        document = queries.documents.get(conn, **_mine(document_id))
    file.is_used = True
    return answer(document, 201, location=f"/api/documents/{document_id}/versions/{number}")


def _hold(conn: Connection, document_id: UUID) -> dict[str, Any]:
    """The document's current version, after `If-Match` was checked, with the document locked."""
    mine = _mine(document_id)
    queries.versions.hold_reading(conn, id=document_id)
    queries.documents.lock(conn, **mine, needed="write")
    former: dict[str, Any] = queries.versions.current(conn, **mine)
    etags.check(lambda: queries.documents.get(conn, **mine))
    return former


def _home(conn: Connection, document_id: UUID) -> UUID:
    """The workspace of a document to which the caller may add versions."""
    home: UUID = queries.documents.home_to_change(conn, **_mine(document_id), needed="write")
    return home


def _mine(document_id: UUID) -> dict[str, UUID]:
    return {"id": document_id, "workspace_id": caller().workspace_id}


def _at_home(document_id: UUID, home: UUID) -> dict[str, UUID]:
    return {"id": document_id, "workspace_id": home}
