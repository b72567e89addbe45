"""Several documents' files as one ZIP, streamed.

The files are stored in it without compression, which most of them have already. Only a chunk of one
is in memory at a time. What is not the caller's is refused before the first byte. A file that the
store has lost is named in `errors.txt`, so that it does not keep anybody from the others; anything
else that goes wrong breaks the response off, and what the client has is no ZIP, since its directory
comes last.
"""

from __future__ import annotations

import zipfile
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.files import file_name
from webapp.blueprints.documents.sharing import record_downloads
from webapp.blueprints.documents.storage import store
from webapp.clients.storage.contract import NoObject, StorageError
from webapp.exporting.pieces import Pieces
from webapp.http.db import connection
from webapp.http.errors import invalid_input, not_found
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.rules.archive_names import Names
from webapp.schemas.documents.archive import ArchiveArguments, ArchiveOfSeveral

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from webapp.clients.storage.contract import Store

    Row = dict[str, Any]

# Of a folder. Enough for any that somebody wants at once; their rows are in memory.
_MOST: Final = 10_000
_LARGE: Final = 1 << 30  # bytes, from which ZIP needs longer numbers

archive = Blueprint(
    "archive", __name__, url_prefix="/api/documents", description="Several documents at once."
)


@archive.get("/archive")
@permit("workspace:documents:read")
@archive.arguments(ArchiveArguments, location="query")
@archive.response(200, content_type="application/zip")
def download(arguments: dict[str, Any]) -> Response:
    """Download several documents, or a folder, as a ZIP

    Either `ids`, separated by commas, or a `folder_id`, with the folders in it. Files of the same
    name are numbered. Files that are no longer in the store are listed in `errors.txt`.
    """
    if arguments["folder_id"] is not None:
        return _of_folder(arguments["folder_id"])
    return _of_ids(arguments["ids"])


@archive.post("/archive")
@permit("workspace:documents:read")
@archive.arguments(ArchiveOfSeveral)
@archive.response(200, content_type="application/zip")
def download_several(given: dict[str, Any]) -> Response:
    """Download several documents as a ZIP, if the list of ids is too long for an address"""
    return _of_ids(given["ids"])


def _of_ids(given: Sequence[UUID]) -> Response:
    ids = list(dict.fromkeys(given))
    with connection() as conn:
        rows = queries.archive.of_documents(conn, ids=ids, workspace_id=caller().workspace_id)
    if len(rows) < len(ids):
        raise not_found()
    record_downloads(rows)
    return _sent(rows, "documents")


def _of_folder(folder_id: UUID) -> Response:
    mine = {"workspace_id": caller().workspace_id}
    with connection() as conn:
        folder = queries.folders.get(conn, id=folder_id, **mine)
        rows = queries.archive.of_folder(conn, folder_id=folder_id, limit=_MOST + 1, **mine)
    if len(rows) > _MOST:
        raise invalid_input(("folder_id", f"Has more than {_MOST} documents in it."))
    record_downloads(rows, folder_id=folder_id)
    return _sent(rows, folder["name"])


def _sent(rows: Sequence[Row], name: str) -> Response:
    parts = _zipped(store(), rows)
    # The first part now, while a store that does not answer can still be told.
    response = Response(chain([next(parts)], parts), mimetype="application/zip")
    response.headers["Content-Disposition"] = f"attachment; {file_name(f'{name}.zip')}"
    return response


def _zipped(store: Store, rows: Sequence[Row]) -> Iterator[bytes]:
    """The archive in parts. Raises StorageError in the middle."""
    names = Names({tuple(row["path"]) for row in rows})
    lost: list[str] = []
    out = Pieces()
    with zipfile.ZipFile(out, "w") as made:
        for row in rows:
            path = names.path(row["path"], row["name"])
            chunks = store.read(row["key"])
            try:
                first = next(chunks)
            except NoObject:
                lost.append(path)
                continue
            entry = zipfile.ZipInfo(path, row["created_at"].timetuple()[:6])
            with made.open(entry, "w", force_zip64=row["bytes"] > _LARGE) as file:
                left = row["bytes"]
                for chunk in chain([first], chunks):
                    left -= file.write(chunk)
                    yield out.taken()
                if left:
                    raise StorageError(f"The store has another file under {row['key']}.")
        if lost:
            said = "These files are no longer in the store:\n" + "\n".join(lost) + "\n"
            made.writestr(names.path([], "errors.txt"), said)
    yield out.taken()
