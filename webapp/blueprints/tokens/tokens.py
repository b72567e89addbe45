"""Tokens over HTTP, for members of their workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.tokens.minted import list_newest
from webapp.blueprints.tokens.publicity import wallet_in
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.bulk import distinct, results
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import ChangedSeveral, PageArguments, SeveralIds
from webapp.schemas.library.events import EventPage
from webapp.schemas.tokens.tokens import (
    STATUSES,
    Token,
    TokenArguments,
    TokenFilters,
    TokenPage,
    TokenStats,
)

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

    from sql.connection import Connection

# Those with which nothing is to happen.
_AT_REST: Final = ("revealed", "failed", "orphaned")

tokens = Blueprint(
    "tokens",
    __name__,
    url_prefix="/api/tokens",
    description="Tokens of the workspace's collections.",
)


@tokens.get("")
@permit("workspace:tokens:read")
@tokens.arguments(TokenArguments, location="query")
@tokens.response(200, TokenPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List tokens, those minted last first"""
    author, status = arguments.pop("author"), arguments.pop("status")
    more = {
        "workspace_id": caller().workspace_id,
        "statuses": list(STATUSES) if status is None else [status],
    }
    if author is None:
        return list_newest(arguments, queries.tokens.list_of_workspace, **more)
    ask = queries.tokens.list_of_author
    return list_newest(arguments, ask, author=wallet_in(author, "author"), **more)


@tokens.get("/stats")
@permit("workspace:tokens:read")
@tokens.arguments(TokenFilters, location="query")
@tokens.response(200, TokenStats)
def get_stats(arguments: dict[str, Any]) -> Response:
    """Count the tokens of the workspace, or of a collection, by status"""
    with connection() as conn:
        rows = queries.tokens.count_by_status(
            conn, workspace_id=caller().workspace_id, statuses=list(STATUSES), **arguments
        )
    counted = dict.fromkeys(STATUSES, 0) | {row["status"]: row["tokens"] for row in rows}
    waiting = [row["minted_at"] for row in rows if row["status"] not in _AT_REST]
    return answer(
        {
            "total": sum(counted.values()) - counted["orphaned"],
            "statuses": counted,
            "waiting_since": min(filter(None, waiting), default=None),
        }
    )


@tokens.get("/<uuid:token_uuid>")
@permit("workspace:tokens:read")
@tokens.response(200, Token)
def get(token_uuid: UUID) -> Response:
    """Show a token, its mint and its reveal"""
    with connection() as conn:
        return answer(queries.tokens.get(conn, **_mine(token_uuid)))


@tokens.get("/<uuid:token_uuid>/events")
@permit("workspace:tokens:read")
@tokens.arguments(PageArguments, location="query")
@tokens.response(200, EventPage)
def list_events(arguments: dict[str, Any], token_uuid: UUID) -> Response:
    """Show a token's timeline, oldest first"""
    with connection() as conn:
        queries.tokens.exists(conn, **_mine(token_uuid))
    return timeline("token", token_uuid, arguments)


@tokens.post("/<uuid:token_uuid>/retry")
@permit("workspace:tokens:write")
@idempotent
@tokens.response(200, Token)
def retry(token_uuid: UUID) -> Response:
    """Begin again with a token that has failed

    What was made of it is kept: a picture is not paid for twice. Any other token gives 400
    `invalid_state`.
    """
    mine = _mine(token_uuid)
    with transaction() as conn:
        _hold_work(conn, [token_uuid])
        queries.tokens.retry(conn, **mine)
        return answer(queries.tokens.get(conn, **mine))


@tokens.post("/retry")
@permit("workspace:tokens:write")
@idempotent
@tokens.arguments(SeveralIds)
@tokens.response(200, ChangedSeveral)
def retry_many(given: dict[str, Any]) -> Response:
    """Begin again with those of several tokens that have failed

    The others are left alone; their result is `not_allowed`.
    """
    ids, mine = distinct(given["ids"]), {"workspace_id": caller().workspace_id}
    with transaction() as conn:
        _hold_work(conn, ids)
        own = [row["id"] for row in queries.tokens.lock_many(conn, ids=ids, **mine)]
        done = [row["id"] for row in queries.tokens.retry_many(conn, ids=ids, **mine)]
    return results(ids, own, done)


def _hold_work(conn: Connection, ids: list[UUID]) -> None:
    """Lock what is queued for tokens, as workers do, before the tokens are."""
    queries.tokens.hold_work(conn, ids=ids, workspace_id=caller().workspace_id)


def _mine(token: UUID) -> dict[str, UUID]:
    return {"id": token, "workspace_id": caller().workspace_id}
