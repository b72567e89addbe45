"""Collections over HTTP. Operators add them (`coffer collection`), because their keepers pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import connection
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import PageArguments
from webapp.schemas.library.events import EventPage
from webapp.schemas.tokens.collections import Collection, CollectionPage

if TYPE_CHECKING:
    from flask import Response

collections = Blueprint(
    "collections",
    __name__,
    url_prefix="/api/collections",
    description="Contracts whose tokens are given pictures and revealed.",
)


@collections.get("")
@permit("workspace:tokens:read")
@collections.arguments(PageArguments, location="query")
@collections.response(200, CollectionPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List the workspace's collections, newest first"""
    ask = queries.collections.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@collections.get("/<uuid:collection_id>")
@permit("workspace:tokens:read")
@collections.response(200, Collection)
def get(collection_id: UUID) -> Response:
    """Show a collection

    `watch_error` says what is wrong with what the node of the chain answers, and `next_block` and
    `head_block` how far the chain was read.
    """
    return answer(_find(collection_id))


@collections.get("/<uuid:collection_id>/events")
@permit("workspace:tokens:read")
@collections.arguments(PageArguments, location="query")
@collections.response(200, EventPage)
def list_events(arguments: dict[str, Any], collection_id: UUID) -> Response:
    """Show a collection's timeline, oldest first

    With what a person should look at: `collection.reorged`, if the chain has taken back mints that
    counted already; `collection.answered_in_part`, if the node gave no logs of tokens, which then
    were taken from the contract; `collection.webhooks_stopped`, if Alchemy says that it will send
    no more.
    """
    _find(collection_id)
    return timeline("collection", collection_id, arguments)


def _find(collection_id: UUID) -> dict[str, Any]:
    """A collection of the caller's workspace. Raises NoRow."""
    with connection() as conn:
        found: dict[str, Any] = queries.collections.get(
            conn, id=collection_id, workspace_id=caller().workspace_id
        )
    return found
