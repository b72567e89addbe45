"""The library and the trash over HTTP, and bulk changes of items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.library.library import (
    ChangedItems,
    ItemIds,
    ItemsChange,
    LibraryArguments,
    LibraryPage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Response

    from sql.connection import Connection

library = Blueprint(
    "library", __name__, url_prefix="/api", description="Confirmed and discarded items."
)


@library.get("/library")
@permit("workspace:items:read")
@library.arguments(LibraryArguments, location="query")
@library.response(200, LibraryPage)
def list_confirmed(arguments: dict[str, Any]) -> Response:
    """List confirmed items, newest first"""
    ask = queries.library.list
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


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
@library.arguments(ItemIds)
@library.response(200, ChangedItems)
def purge(given: dict[str, Any]) -> Response:
    """Permanently remove discarded items

    Items that are not discarded are left alone; their result is `not_allowed`.
    """
    mine = {"workspace_id": caller().workspace_id}
    ids = list(dict.fromkeys(given["ids"]))
    with transaction() as conn:
        own = _hold(conn, ids)
        purged = {row["id"] for row in queries.library.purge_many(conn, ids=ids, **mine)}
    return _results(ids, own, purged)


@library.post("/items/bulk")
@permit("workspace:items:write")
@idempotent
@library.arguments(ItemsChange)
@library.response(200, ChangedItems)
def change_many(change: dict[str, Any]) -> Response:
    """Confirm, discard or tag several items, all in one transaction

    An item whose status does not allow the action is left as it is, tags included; its result is
    `not_allowed`.
    """
    mine = {"workspace_id": caller().workspace_id}
    ids = list(dict.fromkeys(change["ids"]))
    action = change["action"]
    with transaction() as conn:
        own = _hold(conn, ids)
        if own and change["add_tags"]:
            queries.tags.make(conn, names=change["add_tags"], **mine)
        if action is not None:
            done = [
                row["id"]
                for row in queries.library.act_on_many(conn, ids=ids, action=action, **mine)
            ]
        else:
            done = [item_id for item_id, status in own.items() if status != "discarded"]
        if done and change["add_tags"]:
            queries.tags.attach(conn, item_ids=done, names=change["add_tags"], **mine)
        if done and change["remove_tags"]:
            queries.tags.detach(conn, item_ids=done, names=change["remove_tags"], **mine)
        edits = [name for name in ("add_tags", "remove_tags") if change[name]]
        if done and edits:
            queries.library.touch_many(conn, ids=done, payload=Jsonb({"fields": edits}), **mine)
    return _results(ids, own, done)


def _hold(conn: Connection, ids: list[UUID]) -> dict[UUID, str]:
    """The statuses of the ids that belong to the workspace, locked until the transaction ends."""
    rows = queries.library.lock_many(conn, ids=ids, workspace_id=caller().workspace_id)
    return {row["id"]: row["status"] for row in rows}


def _results(ids: list[UUID], own: Iterable[UUID], done: Iterable[UUID]) -> Response:
    own, done = set(own), set(done)
    return answer(
        {
            "items": [
                {
                    "id": each,
                    "result": "done"
                    if each in done
                    else "not_allowed"
                    if each in own
                    else "not_found",
                }
                for each in ids
            ]
        }
    )
