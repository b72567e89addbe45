"""Timelines over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.access.callers import caller
from webapp.http.db import connection
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
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
    with connection() as conn:
        queries.items.exists(conn, id=item_id, workspace_id=caller().workspace_id)
    return timeline("item", item_id, arguments)
