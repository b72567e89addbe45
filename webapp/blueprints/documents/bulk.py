"""Changes to several documents at once over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.http.answers import as_json
from webapp.routes.blueprint import Blueprint
from webapp.routes.bulk import Several
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import ChangedSeveral
from webapp.schemas.documents.bulk import DocumentsChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from sql.connection import Connection

bulk = Blueprint(
    "bulk", __name__, url_prefix="/api/documents", description="Several documents at once."
)


def _act(conn: Connection, *, action: str, **which: Any) -> Sequence[dict[str, Any]]:
    """A purge is no transition: there is nothing left to be in a status."""
    if action == "purge":
        purged: Sequence[dict[str, Any]] = queries.bulk.purge(conn, **which)
        return purged
    acted: Sequence[dict[str, Any]] = queries.bulk.act(conn, action=action, **which)
    return acted


_documents: Final = Several(
    lock=queries.bulk.lock,
    act=_act,
    tag=lambda conn, ids, **which: queries.documents.tag(conn, document_ids=ids, **which),
    untag=lambda conn, ids, **which: queries.documents.untag(conn, document_ids=ids, **which),
    edit=queries.bulk.edit,
)


@bulk.post("/bulk")
@permit("workspace:documents:write")
@idempotent
@bulk.arguments(DocumentsChange)
@bulk.response(200, ChangedSeveral)
def change_many(change: dict[str, Any]) -> Response:
    """Discard, restore, purge, read again, move or edit several documents, all in one transaction

    A document whose status does not allow it is left as it is; its result is `not_allowed`.
    """
    edits = {name: value for name, value in change.items() if name in ("folder_id", "category")}
    return _documents.change(change, fields=as_json(edits).decode())
