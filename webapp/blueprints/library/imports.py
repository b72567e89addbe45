"""Imports over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import request

from sql import queries
from webapp.access.callers import caller
from webapp.http import request_body
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.uploads import takes_upload
from webapp.schemas.common import PageArguments
from webapp.schemas.library.imports import Import, ImportArguments, ImportPage

if TYPE_CHECKING:
    from flask import Response

# Which of a family's formats it is, is found out when the file is read.
_FAMILIES: Final = {
    "text/html": "bookmarks",
    "text/x-opml": "outlines",
    "text/xml": "outlines",
    "application/xml": "outlines",
    "text/csv": "comma_separated",
    "application/json": "json",
    "application/x-ndjson": "json_lines",
    "application/jsonl": "json_lines",
}
# A file is in memory while it is written to the database: only a few at once per process.
_AT_ONCE: Final = 2

imports = Blueprint("imports", __name__, url_prefix="/api/imports", description="Imports of files.")


@imports.post("")
@permit("workspace:imports:write")
@takes_upload(lambda settings: settings.import_max_bytes, _FAMILIES, in_memory=_AT_ONCE)
@idempotent
@imports.doc(
    requestBody={
        "required": True,
        "description": "The file: `text/html` for bookmarks; `text/x-opml`, or another type of "
        "XML, for feeds; `text/csv` for Pocket, Instapaper and "
        "Raindrop; `application/json` for Karakeep, Linkwarden, wallabag, Pinboard, linkding, "
        "Firefox, or a list of entries; `application/x-ndjson` for JSON lines, as exported.",
        "content": {name: {"schema": {}} for name in _FAMILIES},
    }
)
@imports.arguments(ImportArguments, location="query")
@imports.response(201, Import)
def create(arguments: dict[str, Any]) -> Response:
    """Import a file: bookmarks of browsers and other services, feeds, or what was exported

    The file is read and added in the background; the import's own address shows its progress. Pages
    that the workspace already has are counted and not added again, but get the file's tags and are
    put into its folders. Bookmarks become confirmed items with their tags, in their folders; JSON
    lines keep their status and their times. Feeds are followed, each in its folder, until there are
    500; those that are followed already are duplicates.
    """
    me = caller()
    with transaction() as conn:
        row = queries.imports.create(
            conn,
            workspace_id=me.workspace_id,
            user_id=me.user_id,
            format=_FAMILIES[request.mimetype],
            charset=request.mimetype_params.get("charset", "")[:40] or None,
            file=request_body.read(),
            **arguments,
        )
    return answer(row, 201, location=f"/api/imports/{row['id']}")


@imports.get("")
@permit("workspace:imports:read")
@imports.arguments(PageArguments, location="query")
@imports.response(200, ImportPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List imports, newest first

    An import is forgotten thirty days after it ends.
    """
    ask = queries.imports.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@imports.get("/<uuid:import_id>")
@permit("workspace:imports:read")
@imports.response(200, Import)
def get(import_id: UUID) -> Response:
    """Show an import and its progress"""
    with connection() as conn:
        return answer(_import(conn, import_id))


@imports.post("/<uuid:import_id>/cancel")
@permit("workspace:imports:write")
@idempotent
@imports.response(200, Import)
def cancel(import_id: UUID) -> Response:
    """Cancel an import; what it has added stays"""
    with transaction() as conn:
        queries.imports.cancel(conn, id=import_id, workspace_id=caller().workspace_id)
        queries.import_rows.forget(conn, id=import_id)
        return answer(_import(conn, import_id))


def _import(conn: Any, import_id: UUID) -> dict[str, Any]:
    row: dict[str, Any] = queries.imports.get(
        conn, id=import_id, workspace_id=caller().workspace_id
    )
    return row
