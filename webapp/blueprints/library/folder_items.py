"""The items in folders over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.library import changing
from webapp.http.answers import answer
from webapp.http.db import transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.library.items import Item

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

folder_items = Blueprint(
    "folder_items", __name__, url_prefix="/api/folders", description="The items in folders."
)


@folder_items.put("/<uuid:folder_id>/items/<uuid:item_id>")
@permit("workspace:items:write")
@folder_items.response(200, Item)
def put(folder_id: UUID, item_id: UUID) -> Response:
    """Put an item into a folder

    It stays in those that it is in already. Only folders of the item's own workspace hold it.
    """
    with transaction() as conn:
        item, is_there = _find(conn, folder_id, item_id)
        if not is_there:
            item = changing.change(conn, item_id, {"add_folder_ids": [folder_id]})
        return answer(item)


@folder_items.delete("/<uuid:folder_id>/items/<uuid:item_id>")
@permit("workspace:items:write")
@folder_items.response(204)
def take(folder_id: UUID, item_id: UUID) -> Response:
    """Take an item out of a folder"""
    with transaction() as conn:
        _, is_there = _find(conn, folder_id, item_id)
        if is_there:
            changing.change(conn, item_id, {"remove_folder_ids": [folder_id]})
    return Response(status=204)


def _find(conn: Connection, folder_id: UUID, item_id: UUID) -> tuple[dict[str, Any], bool]:
    """An item, locked until the transaction ends, and whether it is in a folder, which is locked
    first. Raises NoRow; the database refuses folders that are only shared with the caller."""
    mine = {"workspace_id": caller().workspace_id}
    queries.folders.home_to_change(conn, id=folder_id, **mine)
    changing.hold_folders(conn, [folder_id])
    item = changing.held(conn, {"id": item_id, **mine})
    return item, any(folder["id"] == str(folder_id) for folder in item["folders"])
