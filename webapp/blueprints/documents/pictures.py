"""Pictures of documents' pages over HTTP.

A picture is made for each request and kept by the browser alone: making one takes some thirty
milliseconds, while a copy in the store would need an owner, a quota and an end of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from webapp.access.callers import caller
from webapp.blueprints.documents.files import file_of, is_known, no_such_page
from webapp.blueprints.documents.reading import own_readers
from webapp.blueprints.documents.storage import store
from webapp.http.errors import Problem
from webapp.parsing.documents.errors import DocumentError
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.documents.pictures import PictureArguments

if TYPE_CHECKING:
    from uuid import UUID

pictures = Blueprint(
    "pictures", __name__, url_prefix="/api/documents", description="Pictures of documents' pages."
)

# Goes into the ETags: a change to how pictures are made is a new one.
_MADE_BY = 1
_SECONDS = 15.0


@pictures.get("/<uuid:document_id>/thumbnail")
@permit("workspace:documents:read")
@pictures.arguments(PictureArguments, location="query")
@pictures.response(200, content_type="image/webp")
@pictures.alt_response(304, description="Unchanged since the given ETag.")
@pictures.alt_response(410, description="The file's bytes are no longer in the store.")
@pictures.alt_response(415, description="There is no picture of this page.")
def thumbnail(arguments: dict[str, Any], document_id: UUID) -> Response:
    """Show a page of a document as a picture

    As WebP, at most `width` pixels wide and twice as high. Of the pages of PDFs and pictures, and
    of the cover or first page where an office file or book has a picture of it; others give 415
    `no_thumbnail`, and so do pages that cannot be drawn within limits. A page after the last one
    gives 404 `no_such_page`.
    """
    row = file_of(document_id, arguments["version"])
    page, width = arguments["page"], arguments["width"]
    etag = f'"{row["sha256"]}-{page}-{width}-{_MADE_BY}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(etag):
        return Response(status=304, headers=headers)
    return Response(_picture(row, page, width), mimetype="image/webp", headers=headers)


def _picture(row: dict[str, Any], page: int, width: int) -> bytes:
    try:
        with own_readers().taken_by(caller().user_id) as readers, store().open(row["key"]) as file:
            return readers.picture(
                file.fileno(),
                page=page,
                width=width,
                height=2 * width,
                name=row["name"],
                seconds=_SECONDS,
            )
    except DocumentError as error:
        if error.code == "no_such_page":
            raise no_such_page() from None
        raise Problem(415, "no_thumbnail", str(error), error_code=error.code) from None
