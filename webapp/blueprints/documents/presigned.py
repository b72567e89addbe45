"""Files that clients send past the API, to a signed address.

A document is announced, and its size reserved; the client puts the file at the address, which is
the store's own where it has one, and says so. What it wrote is then copied inside the store,
because the address stays valid for the rest of its time: what is hashed, read and kept is the copy,
of which nobody has an address. An address takes a file as a whole: to continue a file, a store
would need objects that are not complete.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response, g, request
from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.access.credentials import keyring
from webapp.access.limits import Limit
from webapp.blueprints.documents.receiving import most_bytes, name_of, not_accepted
from webapp.blueprints.documents.storage import store
from webapp.filing.intake import too_large
from webapp.http import request_body
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, not_found
from webapp.http.installed import settings
from webapp.identity.ids import new_id
from webapp.identity.keyring import Unreadable
from webapp.routes import idempotency
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.routes.uploads import takes_upload
from webapp.schemas.documents.documents import Document, DuplicateDocument
from webapp.schemas.documents.presigned import AnnouncedDocument, NewUpload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sql.connection import Connection
    from webapp.clients.storage.contract import Store

# How long a file may take to arrive.
_TIME_TO_ARRIVE: Final = timedelta(hours=1)
# How long it is kept until it is copied and read: its document may be in the trash meanwhile. It is
# doomed with its version.
_EVER: Final = timedelta(days=36_500)
_PURPOSE: Final = "signed uploads"
_FILE: Final = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
_UPLOADS: Final = Limit("signed_uploads", 120, 60)

presigned = Blueprint(
    "presigned", __name__, url_prefix="/api", description="Uploads to signed addresses."
)


@presigned.post("/documents/presign")
@permit("workspace:documents:write")
@presigned.arguments(NewUpload)
@presigned.response(201, AnnouncedDocument)
@presigned.alt_response(
    200, schema=DuplicateDocument, description="The workspace already has this file."
)
def announce(given: dict[str, Any]) -> Response:
    """Announce a document, and get a signed address for its file

    Send the file to `url` with `method` and `headers` before `expires_at`, an hour from now, then
    call `complete`. Its `bytes` are reserved until then. If `sha256` is given, the file must have
    it, and a file that the workspace already has gives 200 with `duplicate_of`, as an upload does.
    """
    if given["bytes"] > settings().document_max_bytes:
        raise not_accepted(too_large(settings().document_max_bytes))
    with transaction() as conn:
        if (standing := _same(conn, given)) is not None:
            return answer(standing | {"duplicate_of": standing["id"]})
        document_id = new_id()
        place = _reserve(conn, document_id, given["bytes"])
        document = _make(conn, document_id, place, given)
    made = {
        "document": document,
        "url": _address(store(), place),
        "method": "PUT",
        "headers": {},
        "expires_at": datetime.now(UTC) + _TIME_TO_ARRIVE,
    }
    return answer(made, 201, location=f"/api/documents/{document_id}")


@presigned.post("/documents/<uuid:document_id>/complete")
@permit("workspace:documents:write")
@idempotency.claims_its_key
@presigned.response(200, Document)
def complete(document_id: UUID) -> Response:
    """Confirm that the file of an announced document has arrived

    It is hashed and read in the background. If nothing has arrived, the answer is 409
    `not_uploaded`, and if it has another size than announced, 422 `size_mismatch`; the file can
    then be sent again. A file with another hash than announced makes the document `failed` with the
    code `mismatch`.
    """
    with connection() as conn:
        row = queries.presigned.find(conn, **_mine(document_id))
    if row["status"] == "awaiting_upload":
        _check_arrived(row)
    user_id = row["user_id"]
    return idempotency.once(idempotency.hash_of_request(), lambda: _complete(document_id, user_id))


def _admit() -> None:
    """Find what the address in this request stands for, before the file is received. Raises Problem
    404 or 422."""
    signature = (request.view_args or {})["signature"]
    padded = (signature + "=" * (-len(signature) % 4)).encode()
    try:
        seconds = int(_TIME_TO_ARRIVE.total_seconds())
        object_id = UUID(bytes=keyring().decrypt(_PURPOSE, padded, seconds=seconds))
    except Unreadable:
        raise not_found() from None
    with connection() as conn:
        g.signed_place = queries.presigned.find_place(conn, id=object_id)
    announced = request.content_length
    if announced is not None and announced != g.signed_place["bytes"]:
        raise _size_mismatch(g.signed_place["bytes"], announced)


@presigned.put("/uploads/<signature>")
@permit(PUBLIC, limit=_UPLOADS)
@takes_upload(most_bytes, admit=_admit, of=lambda: g.signed_place["user_id"])
@presigned.doc(requestBody=_FILE)
@presigned.response(204)
def receive(signature: str) -> Response:  # noqa: ARG001  # `_admit` has read it
    """Send the file of an announced document to the address that `presign` gave

    As the body, whole. It can be sent again until `complete` is called.
    """
    place = g.signed_place
    store().put(place["key"], _of_size(place["bytes"]))
    return Response(status=204)


def _of_size(announced: int) -> Iterator[bytes]:
    """The body, as it arrives. Raises Problem 422 if it has another size, so that nothing is
    stored."""
    length = 0
    for part in request_body.arriving():
        length += len(part)
        if length > announced:
            break
        yield part
    if length != announced:
        raise _size_mismatch(announced, length)


def _same(conn: Connection, given: dict[str, Any]) -> dict[str, Any] | None:
    """The document outside the trash that has the announced file already, unless another one is
    wanted."""
    if given["sha256"] is None or given["allow_duplicate"]:
        return None
    mine = {"workspace_id": caller().workspace_id}
    same = queries.documents.find_file(conn, sha256=bytes.fromhex(given["sha256"]), **mine)
    standing = (each["id"] for each in same if each["status"] != "discarded")
    first = next(standing, None)
    return first and queries.documents.get(conn, id=first, **mine)


def _reserve(
    conn: Connection, document_id: UUID, length: int, user_id: UUID | None = None
) -> dict[str, Any]:
    """An object for `length` bytes: for what arrives, or, of none, for the copy of that."""
    place: dict[str, Any] = queries.objects.reserve(
        conn,
        workspace_id=caller().workspace_id,
        user_id=user_id or caller().user_id,
        document_id=document_id,
        ending="",
        bytes=length,
        default_bytes=settings().quota_bytes,
        is_charged=True,
        time=_TIME_TO_ARRIVE if length else _EVER,
    )
    return place


def _make(
    conn: Connection, document_id: UUID, place: dict[str, Any], given: dict[str, Any]
) -> dict[str, Any]:
    """The announced document."""
    mine = {"workspace_id": caller().workspace_id}
    fields = ("title", "folder_id", "category", "expires_at")
    if given["sha256"] is not None:
        announced = bytes.fromhex(given["sha256"])
        queries.presigned.promise(conn, id=place["id"], sha256=announced)
    if given["tags"]:
        queries.tags.make(conn, **mine, names=given["tags"])
    queries.documents.create(
        conn,
        **mine,
        id=document_id,
        object_id=place["id"],
        created_by=caller().user_id,
        name=name_of(given["name"]),
        media_type=None,
        kind=None,
        bytes=given["bytes"],
        sha256=None,
        metadata=Jsonb(given["metadata"]),
        **{name: given[name] for name in fields},
    )
    if given["tags"]:
        queries.documents.tag(conn, **mine, document_ids=[document_id], names=given["tags"])
    document: dict[str, Any] = queries.documents.get(conn, id=document_id, **mine)
    return document


def _address(store: Store, place: dict[str, Any]) -> str:
    """The store's own address for an object, or else one of ours."""
    own = store.upload_url(place["key"], int(_TIME_TO_ARRIVE.total_seconds()))
    if own is not None:
        return own
    signature = keyring().encrypt(_PURPOSE, place["id"].bytes).decode().rstrip("=")
    return f"{settings().public_url}/api/uploads/{signature}"


def _check_arrived(row: dict[str, Any]) -> None:
    length = None if row["key"] is None else store().size(row["key"])
    if length is None:
        raise _not_uploaded()
    if length != row["bytes"]:
        raise _size_mismatch(row["bytes"], length)


def _complete(document_id: UUID, user_id: UUID) -> Response:
    mine = _mine(document_id)
    with transaction() as conn:
        version = queries.presigned.complete(conn, **mine)
        if not queries.presigned.hold(conn, id=version["arrived_id"], time=_EVER):
            raise _not_uploaded()
        place = _reserve(conn, document_id, 0, user_id)
        queries.presigned.hand_over(conn, version_id=version["version_id"], object_id=place["id"])
        return answer(queries.documents.get(conn, **mine))


def _not_uploaded() -> Problem:
    return Problem(
        409, "not_uploaded", "The file has not arrived at its address, or it arrived too late."
    )


def _size_mismatch(announced: int, found: int) -> Problem:
    return Problem(
        422,
        "size_mismatch",
        f"The file was announced with {announced} bytes, and has {found}.",
        headers={"Connection": "close"},
    )


def _mine(document_id: UUID) -> dict[str, UUID]:
    return {"id": document_id, "workspace_id": caller().workspace_id}
