"""The library and the trash over HTTP, and bulk changes of items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.library.changing import hold_folders
from webapp.http.answers import list_page
from webapp.http.db import transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.bulk import Several, distinct, results
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import ChangedSeveral, PageArguments, SeveralIds
from webapp.schemas.library.library import ItemsChange, LibraryArguments, LibraryPage

if TYPE_CHECKING:
    from flask import Response

    from sql.connection import Connection


def _edit(
    conn: Connection,
    *,
    ids: list[UUID],
    add_folder_ids: list[UUID],
    remove_folder_ids: list[UUID],
    **which: Any,
) -> None:
    """Put items into folders and take them out of others, and record the edit."""
    mine = {"item_ids": ids, "workspace_id": which["workspace_id"]}
    if add_folder_ids:
        queries.folder_items.put(conn, folder_ids=add_folder_ids, **mine)
    if remove_folder_ids:
        queries.folder_items.take(conn, folder_ids=remove_folder_ids, **mine)
    queries.library.touch_many(conn, ids=ids, **which)


_items: Final = Several(
    lock=queries.library.lock_many,
    act=queries.library.act_on_many,
    tag=lambda conn, ids, **which: queries.tags.attach(conn, item_ids=ids, **which),
    untag=lambda conn, ids, **which: queries.tags.detach(conn, item_ids=ids, **which),
    edit=_edit,
)

library = Blueprint(
    "library", __name__, url_prefix="/api", description="Confirmed and discarded items."
)


@library.get("/library")
@permit("workspace:items:read")
@library.arguments(LibraryArguments, location="query")
@library.response(200, LibraryPage)
def list_confirmed(arguments: dict[str, Any]) -> Response:
    """List confirmed items, newest first"""
    within = {name: arguments.pop(name) for name in ("document_id", "folder_id", "recursive")}
    mine = {"workspace_id": caller().workspace_id}
    if within["document_id"] is within["folder_id"] is None:
        return list_page(arguments, UUID, queries.library.list, **mine)
    return list_page(arguments, UUID, queries.library.list_within, **within, **mine)


@library.get("/trash")
@permit("workspace:items:read")
@library.arguments(PageArguments, location="query")
@library.response(200, LibraryPage)
def list_discarded(arguments: dict[str, Any]) -> Response:
    """List discarded items, newest first

    Items are permanently removed `TRASH_KEPT_DAYS` days after they were discarded.
    """
    ask = queries.library.list_trash
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@library.post("/trash/purge")
@permit("workspace:items:write")
@idempotent
@library.arguments(SeveralIds)
@library.response(200, ChangedSeveral)
def purge(given: dict[str, Any]) -> Response:
    """Permanently remove discarded items

    Items that are not discarded are left alone; their result is `not_allowed`.
    """
    mine = {"workspace_id": caller().workspace_id}
    ids = distinct(given["ids"])
    with transaction() as conn:
        own = [row["id"] for row in queries.library.lock_many(conn, ids=ids, **mine)]
        purged = [row["id"] for row in queries.library.purge_many(conn, ids=ids, **mine)]
    return results(ids, own, purged)


@library.post("/items/bulk")
@permit("workspace:items:write")
@idempotent
@library.arguments(ItemsChange)
@library.response(200, ChangedSeveral)
def change_many(change: dict[str, Any]) -> Response:
    """Confirm, discard, tag, file or mark several items, all in one transaction

    An item whose status does not allow the action is left as it is, tags and folders included; its
    result is `not_allowed`.
    """
    edits = {
        name: change.get(name)
        for name in ("add_folder_ids", "remove_folder_ids", "is_read", "is_favourite")
    }

    def hold(conn: Connection) -> None:
        hold_folders(conn, change["add_folder_ids"], "add_folder_ids")

    return replace(_items, hold=hold).change(change, **edits)
