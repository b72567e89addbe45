"""The files of documents over HTTP: download and preview."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from flask import Response, request
from werkzeug.wsgi import wrap_file

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.sharing import record_download
from webapp.blueprints.documents.storage import store
from webapp.http.db import connection
from webapp.http.errors import Problem
from webapp.http.ranges import wanted_range
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.documents.files import DownloadArguments, FileArguments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


class Note(Protocol):
    """Is told that a file is about to be sent, and whether from its first byte on; may raise."""

    def __call__(self, *, begins: bool) -> None: ...


files = Blueprint(
    "files", __name__, url_prefix="/api/documents", description="The files of documents."
)

# Types that a browser may show, none of which can run anything. Text of any kind is shown as plain
# text.
_INLINE: Final = {
    **{name: name for name in ("application/pdf", "image/png", "image/jpeg", "image/gif")},
    "image/webp": "image/webp",
    **dict.fromkeys(
        ("text/plain", "text/markdown", "text/csv", "text/tab-separated-values"),
        "text/plain; charset=utf-8",
    ),
}
# How long the store's own address of a file is valid.
_SECONDS: Final = 60
_NOTHING_RUNS: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox"
# Chromium's PDF viewer does not open in a sandbox; it does not run scripts in our origin.
_NOTHING_RUNS_IN_PDF: Final = "default-src 'none'; object-src 'self'; plugin-types application/pdf"


@files.get("/<uuid:document_id>/download")
@permit("workspace:documents:read")
@files.arguments(DownloadArguments, location="query")
@files.response(200, content_type="application/octet-stream")
@files.alt_response(206, description="The requested range.")
@files.alt_response(302, description="The store's own address of the file.")
@files.alt_response(410, description="The file's bytes are no longer in the store.")
@files.alt_response(416, description="The range begins after the end of the file.")
def download(arguments: dict[str, Any], document_id: UUID) -> Response:
    """Download a document's original file

    The current version, or `version`. One range at a time; the ETag is the file's SHA-256.
    """
    row = file_of(document_id, arguments["version"])
    note = _noting(document_id, row)
    if arguments["redirect"] and (url := store().download_url(row["key"], _SECONDS)):
        note(begins=True)
        return Response(status=302, headers={"Location": url})
    return as_download(row, note)


@files.get("/<uuid:document_id>/preview")
@permit("workspace:documents:read")
@files.arguments(FileArguments, location="query")
@files.response(200, content_type="application/octet-stream")
@files.alt_response(206, description="The requested range.")
@files.alt_response(415, description="Browsers cannot safely show this type.")
@files.alt_response(410, description="The file's bytes are no longer in the store.")
@files.alt_response(416, description="The range begins after the end of the file.")
def preview(arguments: dict[str, Any], document_id: UUID) -> Response:
    """Show a document's file in the browser: PDF, pictures and plain text

    Other types give 415 `no_preview`: files that could run scripts can only be downloaded.
    """
    row = file_of(document_id, arguments["version"])
    return as_preview(row, _noting(document_id, row))


def as_download(row: Mapping[str, Any], note: Note) -> Response:
    """A file to be saved, or the part of it that the request wants. Before the first byte is sent,
    `note` is told whether it is the file's first byte."""
    return _send(row, "attachment", row["media_type"] or "application/octet-stream", note)


def as_preview(row: Mapping[str, Any], note: Note) -> Response:
    """The same to be shown in a browser. Raises Problem 415."""
    media_type = _INLINE.get(row["media_type"])
    if media_type is None:
        raise Problem(
            415, "no_preview", "Files of this type are not shown in the browser; download it."
        )
    response = _send(row, "inline", media_type, note)
    is_pdf = media_type == "application/pdf"
    response.headers["Content-Security-Policy"] = _NOTHING_RUNS_IN_PDF if is_pdf else _NOTHING_RUNS
    response.headers["Cross-Origin-Resource-Policy"] = "same-site"
    return response


def no_such_page() -> Problem:
    """The response for a page after a document's last one."""
    return Problem(404, "no_such_page", "The document has fewer pages.")


def file_of(document_id: UUID, version: int | None) -> dict[str, Any]:
    """The file of a document's version, by default of the current one. Raises NoRow."""
    with connection() as conn:
        found: dict[str, Any] = queries.documents.file(
            conn, id=document_id, workspace_id=caller().workspace_id, number=version
        )
    return found


def is_known(etag: str) -> bool:
    """Whether the client has what this ETag is of."""
    return request.if_none_match.contains_raw(etag.strip('"')) or "*" in request.if_none_match


def _noting(document_id: UUID, row: Mapping[str, Any]) -> Note:
    """Records who downloads a document of others."""

    def note(*, begins: bool) -> None:
        if row["workspace_id"] != caller().workspace_id:
            record_download(document_id, row["workspace_id"], begins=begins)

    return note


def _send(row: Mapping[str, Any], disposition: str, media_type: str, note: Note) -> Response:
    etag, length = f'"{row["sha256"]}"', row["bytes"]
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"{disposition}; {file_name(row['name'])}",
        "X-Content-Type-Options": "nosniff",
    }
    if is_known(etag):
        return Response(status=304, headers=headers)
    part = wanted_range(request.headers, etag, length)
    if request.method != "HEAD":
        note(begins=part is None or part[0] == 0)
    if part is None:
        body = wrap_file(request.environ, store().open(row["key"]))
        response = Response(body, content_type=media_type, headers=headers, direct_passthrough=True)
        response.content_length = length
        return response
    start, end = part
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{length}"
    chunks = iter(store().read(row["key"], start, end))
    response = Response(
        chain([next(chunks)], chunks),  # the first one now, while a failure can still be reported
        status=206,
        content_type=media_type,
        headers=headers,
        direct_passthrough=True,
    )
    response.content_length = end - start
    return response


def file_name(name: str) -> str:
    """A file's name in both forms of RFC 6266: in ASCII for old programs, and in full."""
    plain = re.sub(r"[^ !#$&+.^_`|~0-9A-Za-z()\[\]{}@,;=-]", "_", name) or "_"
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
