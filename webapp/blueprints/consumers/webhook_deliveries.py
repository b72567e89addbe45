"""What was sent to webhooks, over HTTP; and sending it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.identity.ids import first_id_of
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.consumers.webhook_deliveries import (
    DeliveryArguments,
    Replayed,
    Span,
    WebhookDelivery,
    WebhookDeliveryPage,
)

if TYPE_CHECKING:
    from flask import Response

    from sql.connection import Connection

# How many deliveries one request replays.
_MOST_REPLAYED: Final = 500

webhook_deliveries = Blueprint(
    "webhook_deliveries",
    __name__,
    url_prefix="/api/webhooks/<uuid:webhook_id>",
    description="What webhooks were told, and how they answered.",
)


@webhook_deliveries.get("/deliveries")
@permit("workspace:webhooks:manage")
@webhook_deliveries.arguments(DeliveryArguments, location="query")
@webhook_deliveries.response(200, WebhookDeliveryPage)
def list_all(arguments: dict[str, Any], webhook_id: UUID) -> Response:
    """List what a webhook was told, newest first

    Deliveries are removed thirty days after they ended.
    """
    mine = {"webhook_id": webhook_id, "workspace_id": caller().workspace_id}
    with connection() as conn:
        queries.webhooks.get(conn, id=webhook_id, workspace_id=mine["workspace_id"])
    return list_page(arguments, UUID, queries.webhook_deliveries.list_of_webhook, **mine)


@webhook_deliveries.get("/deliveries/<uuid:delivery_id>")
@permit("workspace:webhooks:manage")
@webhook_deliveries.response(200, WebhookDelivery)
def get(webhook_id: UUID, delivery_id: UUID) -> Response:
    """Show a delivery and its attempts"""
    with connection() as conn:
        return answer(_get(conn, webhook_id, delivery_id))


@webhook_deliveries.post("/test")
@permit("workspace:webhooks:manage")
@idempotent
@webhook_deliveries.response(202, WebhookDelivery)
@webhook_deliveries.alt_response(409, description="It is paused: `webhook_paused`.")
def test(webhook_id: UUID) -> Response:
    """Send a webhook a `webhook.tested`

    Only this webhook is told of it. The response is the delivery, whose attempt is made at once.
    """
    with transaction() as conn:
        _hold_active(conn, webhook_id)
        delivery_id = queries.webhook_deliveries.test(
            conn, webhook_id=webhook_id, workspace_id=caller().workspace_id
        )
        return answer(_get(conn, webhook_id, delivery_id), 202)


@webhook_deliveries.post("/deliveries/<uuid:delivery_id>/replay")
@permit("workspace:webhooks:manage")
@idempotent
@webhook_deliveries.response(202, WebhookDelivery)
@webhook_deliveries.alt_response(409, description="It is on its way, or the webhook is paused.")
def replay(webhook_id: UUID, delivery_id: UUID) -> Response:
    """Send a delivery again

    Its `webhook-id` is the same as before.
    """
    with transaction() as conn:
        _hold_active(conn, webhook_id)
        queries.webhook_deliveries.replay(
            conn,
            id=delivery_id,
            webhook_id=webhook_id,
            workspace_id=caller().workspace_id,
        )
        return answer(_get(conn, webhook_id, delivery_id), 202)


@webhook_deliveries.post("/replay")
@permit("workspace:webhooks:manage")
@idempotent
@webhook_deliveries.arguments(Span)
@webhook_deliveries.response(202, Replayed)
@webhook_deliveries.alt_response(409, description="It is paused: `webhook_paused`.")
def replay_span(span: dict[str, Any], webhook_id: UUID) -> Response:
    """Send what did not arrive in a span of time again

    That is what is `failed` or `skipped`, oldest first, up to 500 at once; what arrived is not sent
    again. Repeat the call while `has_more` is true.
    """
    with transaction() as conn:
        _hold_active(conn, webhook_id)
        replayed = queries.webhook_deliveries.replay_span(
            conn,
            webhook_id=webhook_id,
            first_id=first_id_of(span["since"]),
            end_id=first_id_of(span["until"] or datetime.now(UTC)),
            limit=_MOST_REPLAYED,
        )
    return answer({"replayed": replayed, "has_more": replayed == _MOST_REPLAYED}, 202)


def _hold_active(conn: Connection, webhook_id: UUID) -> None:
    """Lock a webhook. Raises NoRow, and Problem 409 if it is paused: it would send nothing."""
    held = queries.webhooks.hold(conn, id=webhook_id, workspace_id=caller().workspace_id)
    if held["status"] == "paused":
        raise Problem(409, "webhook_paused", "The webhook is paused: resume it first.")


def _get(conn: Connection, webhook_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    row: dict[str, Any] = queries.webhook_deliveries.get(
        conn, id=delivery_id, webhook_id=webhook_id, workspace_id=caller().workspace_id
    )
    return row
