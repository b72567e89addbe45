"""Timelines over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import page, read_bigint, read_cursor
from webapp.http.db import connection
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.library.events import EventPage

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

events = Blueprint("events", __name__, url_prefix="/api", description="Timelines.")


@events.get("/items/<uuid:item_id>/events")
@permit("workspace:items:read")
@events.arguments(PageArguments, location="query")
@events.response(200, EventPage)
def list_of_item(arguments: dict[str, Any], item_id: UUID) -> Response:
    """Show an item's timeline, oldest first"""
    after = read_cursor(arguments["cursor"], read_bigint)
    limit = arguments["limit"]
    workspace_id = caller().workspace_id
    with connection() as conn:
        queries.items.exists(conn, id=item_id, workspace_id=workspace_id)
        rows = queries.events.list_timeline(
            conn,
            entity="item",
            entity_id=item_id,
            workspace_id=workspace_id,
            after=after,
            limit=limit + 1,
        )
    return page(rows, limit)
