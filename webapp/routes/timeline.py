"""The timeline of a thing: what happened to it, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import list_page, read_bigint

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response


def timeline(entity: str, entity_id: UUID, arguments: dict[str, Any]) -> Response:
    """The page of a thing's timeline that the arguments name. That the thing is there, and its
    workspace the caller's, is the business of whoever calls."""
    return list_page(
        arguments,
        read_bigint,
        queries.events.list_timeline,
        entity=entity,
        entity_id=entity_id,
        workspace_id=caller().workspace_id,
    )
