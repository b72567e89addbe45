"""Reveals over HTTP: follow them, pay more, cancel, reveal now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import PageArguments
from webapp.schemas.library.events import EventPage
from webapp.schemas.tokens.reveals import Reveal, RevealArguments, RevealPage, RevealsAsked

if TYPE_CHECKING:
    from flask import Response

reveals = Blueprint(
    "reveals", __name__, url_prefix="/api", description="Transactions that reveal tokens."
)


@reveals.get("/reveals")
@permit("workspace:tokens:read")
@reveals.arguments(RevealArguments, location="query")
@reveals.response(200, RevealPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List reveals, newest first"""
    ask = queries.reveals.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@reveals.get("/reveals/<uuid:reveal_id>")
@permit("workspace:tokens:read")
@reveals.response(200, Reveal)
def get(reveal_id: UUID) -> Response:
    """Show a reveal and what was signed for it"""
    return _shown(reveal_id)


@reveals.get("/reveals/<uuid:reveal_id>/events")
@permit("workspace:tokens:read")
@reveals.arguments(PageArguments, location="query")
@reveals.response(200, EventPage)
def list_events(arguments: dict[str, Any], reveal_id: UUID) -> Response:
    """Show a reveal's timeline, oldest first"""
    with connection() as conn:
        queries.reveals.exists(conn, **_mine(reveal_id))
    return timeline("reveal", reveal_id, arguments)


@reveals.post("/reveals/<uuid:reveal_id>/bump")
@permit("workspace:reveals:write")
@idempotent
@reveals.response(200, Reveal)
@reveals.alt_response(409, description="The status does not allow the action.")
def bump(reveal_id: UUID) -> Response:
    """Let a reveal pay more for its gas

    It is signed anew at the same nonce, with fees an eighth higher or more, as far as
    REVEAL_MAX_FEE_GWEI allows. Only one that was signed, and is in no block yet.
    """
    return _act(reveal_id, "bump")


@reveals.post("/reveals/<uuid:reveal_id>/cancel")
@permit("workspace:reveals:write")
@idempotent
@reveals.response(200, Reveal)
@reveals.alt_response(409, description="The status does not allow the action.")
def cancel(reveal_id: UUID) -> Response:
    """Cancel a reveal that is in no block yet

    One that was not signed is dropped. Otherwise a transfer of nothing is signed at the same nonce,
    which pays more: whichever of them is mined counts, so it may still be revealed. The tokens of a
    cancelled reveal are planned again, unless the collection is paused.
    """
    return _act(reveal_id, "cancel")


@reveals.post("/collections/<uuid:collection_id>/reveal")
@permit("workspace:reveals:write")
@idempotent
@reveals.response(202, RevealsAsked)
@reveals.alt_response(409, description="`collection_paused`, or it has no keeper: `no_keeper`.")
def reveal_now(collection_id: UUID) -> Response:
    """Reveal the tokens of a collection that are ready, without waiting for fifty"""
    collection = {"collection_id": collection_id, "workspace_id": caller().workspace_id}
    with transaction() as conn:
        waiting = queries.reveals.count_waiting(conn, **collection)
        if waiting.pop("status") != "active":
            raise Problem(409, "collection_paused", "The collection is paused.")
        if waiting.pop("keeper") is None:
            raise Problem(409, "no_keeper", "The collection has no keeper that could reveal.")
        queries.reveals.hurry(conn, **collection)
    return answer(waiting, 202)


def _act(reveal_id: UUID, action: str) -> Response:
    with transaction() as conn:
        queries.reveals.hold_work(conn, **_mine(reveal_id))
        queries.reveals.act(conn, **_mine(reveal_id), action=action)
    return _shown(reveal_id)


def _shown(reveal_id: UUID) -> Response:
    with connection() as conn:
        reveal = queries.reveals.get(conn, **_mine(reveal_id))
        signed = queries.reveals.list_attempts(conn, id=reveal_id)
    return answer(reveal | {"signed": signed})


def _mine(reveal_id: UUID) -> dict[str, UUID]:
    return {"id": reveal_id, "workspace_id": caller().workspace_id}
