"""Imports of archives over HTTP: the upload. What becomes of it is shown as any import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import request

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.blueprints.documents.receiving import file_in_body, received
from webapp.blueprints.documents.storage import store
from webapp.filing.intake import HEAD, Intake
from webapp.http import db
from webapp.http.answers import answer
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.identity.ids import new_id
from webapp.parsing.documents.media import BY_TYPE
from webapp.routes import idempotency
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.routes.uploads import takes_upload
from webapp.schemas.library.imports import ArchiveFields, Import

if TYPE_CHECKING:
    from flask import Response

    from webapp.filing.intake import Received

archive_imports = Blueprint(
    "archive_imports", __name__, url_prefix="/api/imports", description="Imports of archives."
)

_ZIP: Final = BY_TYPE["application/zip"]
_TYPES: Final = ("application/zip", "application/octet-stream", "multipart/form-data")


def _admit() -> None:
    """Refuse one too many, or one that is too large, before it is received. Raises Problem."""
    most = settings().archive_max_bytes
    if (request.content_length or 0) > most + HEAD:
        raise Problem(
            413,
            "body_too_large",
            f"An archive may have at most {most} bytes.",
            headers={"Connection": "close"},
            limit_bytes=most,
        )
    with db.connection() as conn:
        if queries.archive_imports.is_any_restoring(conn, user_id=caller().user_id):
            raise Problem(
                409,
                "import_in_progress",
                "An archive of yours is being imported: wait for it.",
                headers={"Connection": "close"},
            )


@archive_imports.post("/archive")
@permit("workspace:archives:write")
@takes_upload(lambda settings: settings.archive_max_bytes + HEAD, _TYPES, admit=_admit)
@idempotency.claims_its_key
@archive_imports.doc(requestBody=file_in_body(ArchiveFields))
@archive_imports.response(201, Import)
@archive_imports.alt_response(
    409, description="One of yours is being imported: `import_in_progress`."
)
def create() -> Response:
    """Import an archive that a Coffer has written

    Send a form whose field `file` is the archive, or the archive alone as the body. It is put back
    in the background: with ids where they are free, states, times, tags and files. What the
    workspace already has is left as it is, so an archive can be imported again. Nothing is
    added if the files do not fit your quota.
    """
    into = Intake(
        store,
        db.transaction,
        most_bytes=settings().archive_max_bytes,
        quota_bytes=settings().quota_bytes,
        is_charged=False,
    )
    with received(new_id(), "coffer.zip", into=into, media=_ZIP) as upload:
        return idempotency.once(upload.digest(), lambda: _begin(upload.file))


def _begin(file: Received) -> Response:
    me = caller()
    with db.transaction() as conn:
        queries.objects.store(conn, id=file.object_id, bytes=file.length, sha256=file.sha256)
        import_id = queries.archive_imports.create(
            conn,
            workspace_id=me.workspace_id,
            user_id=me.user_id,
            bytes=file.length,
            object_id=file.object_id,
        )["id"]
        audit.record(
            conn,
            "archive.imported",
            workspace_id=me.workspace_id,
            import_id=str(import_id),
        )
        row = queries.imports.get(conn, id=import_id, workspace_id=me.workspace_id)
    file.is_used = True
    return answer(row, 201, location=f"/api/imports/{import_id}")
