"""Archives of everything that a member has in a workspace, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.blueprints.documents.files import as_download
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.library.archives import Archive, ArchivePage

archives = Blueprint(
    "archives",
    __name__,
    url_prefix="/api/archives",
    description="Archives of a whole workspace, to keep or to move elsewhere.",
)


@archives.post("")
@permit("workspace:archives:write")
@idempotent
@archives.response(202, Archive)
@archives.alt_response(409, description="One of yours is being written: `archive_in_progress`.")
def create() -> Response:
    """Have an archive written of everything that you have in the workspace

    It is a ZIP with items, documents and all else that the workspace has, and with your own tasks,
    but no secrets. It is written in the background, and can be downloaded when it is `ready`, for
    some days. It does not count towards your quota; only your last three are kept.
    """
    me = caller()
    with transaction() as conn:
        archive_id = queries.archives.create(
            conn, workspace_id=me.workspace_id, user_id=me.user_id
        )["id"]
        audit.record(
            conn,
            "archive.requested",
            workspace_id=me.workspace_id,
            archive_id=str(archive_id),
        )
        row = _archive(conn, archive_id)
    return answer(row, 202, location=f"/api/archives/{archive_id}")


@archives.get("")
@permit("workspace:archives:read")
@archives.arguments(PageArguments, location="query")
@archives.response(200, ArchivePage)
def list_of_user(arguments: dict[str, Any]) -> Response:
    """List your archives of the workspace, newest first

    An archive is forgotten thirty days after it was written.
    """
    return list_page(arguments, UUID, queries.archives.list_of_user, **_mine())


@archives.get("/<uuid:archive_id>")
@permit("workspace:archives:read")
@archives.response(200, Archive)
def get(archive_id: UUID) -> Response:
    """Show an archive and its progress"""
    with connection() as conn:
        return answer(_archive(conn, archive_id))


@archives.get("/<uuid:archive_id>/download")
@permit("workspace:archives:read")
@archives.response(200, content_type="application/zip")
@archives.alt_response(206, description="The requested range.")
@archives.alt_response(304, description="The client has it.")
@archives.alt_response(409, description="It is not ready, or no longer: `archive_unavailable`.")
@archives.alt_response(410, description="The file's bytes are no longer in the store.")
@archives.alt_response(416, description="The range begins after the end of the file.")
def download(archive_id: UUID) -> Response:
    """Download an archive

    One range at a time; the ETag is the file's SHA-256.
    """
    with connection() as conn:
        row = queries.archives.file(conn, id=archive_id, **_mine())
    if row["status"] != "ready" or row["key"] is None:
        raise Problem(
            409, "archive_unavailable", f"The archive is {row['status']}.", current=row["status"]
        )

    def note(*, begins: bool) -> None:
        if not begins:
            return
        with transaction() as conn:
            audit.record(
                conn,
                "archive.downloaded",
                workspace_id=caller().workspace_id,
                archive_id=str(archive_id),
            )

    return as_download(row, note)


@archives.delete("/<uuid:archive_id>")
@permit("workspace:archives:write")
@archives.response(204)
def remove(archive_id: UUID) -> Response:
    """Remove an archive with its file; one that is being written is given up"""
    with transaction() as conn:
        queries.archives.remove(conn, id=archive_id, **_mine())
    return Response(status=204)


def _archive(conn: Any, archive_id: UUID) -> dict[str, Any]:
    row: dict[str, Any] = queries.archives.get(conn, id=archive_id, **_mine())
    return row


def _mine() -> dict[str, UUID]:
    return {"workspace_id": caller().workspace_id, "user_id": caller().user_id}
