"""Webhooks over HTTP."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.access.credentials import keyring
from webapp.blueprints.consumers.event_names import (
    WORKSPACE,
    WORKSPACE_AND_USER,
    refuse_unknown,
)
from webapp.clients.http.connection import is_ip
from webapp.clients.public.address import is_loopback, is_public
from webapp.clients.public.contract import AddressError
from webapp.clients.webhooks.signature import new_secret
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input
from webapp.http.installed import settings
from webapp.identity.ids import new_id
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.schemas.common import PageArguments
from webapp.schemas.consumers.webhooks import (
    NewWebhook,
    Webhook,
    WebhookChange,
    WebhookPage,
    WebhookWithSecret,
)
from webapp.schemas.library.events import EventPage

# Each event is compared with all of them.
_MOST: Final = 20

webhooks = Blueprint(
    "webhooks",
    __name__,
    url_prefix="/api/webhooks",
    description="Addresses of other programs that are told what happens in the workspace.",
)


@webhooks.post("")
@permit("workspace:webhooks:manage")
@webhooks.arguments(NewWebhook)
@webhooks.response(201, WebhookWithSecret)
@webhooks.alt_response(409, description="There are too many: `too_many_webhooks`.")
def create(new: dict[str, Any]) -> Response:
    """Make a webhook

    Messages are signed with its secret, which is only shown in this response.
    """
    check_address(new["url"])
    _refuse_unknown(new["events"])
    webhook_id, secret = new_id(), new_secret()
    with transaction() as conn:
        row = queries.webhooks.create(
            conn,
            **_mine(webhook_id),
            **new,
            created_by=caller().user_id,
            secret=seal(webhook_id, secret),
            most=_MOST,
        )
    if row is None:
        raise Problem(
            409, "too_many_webhooks", f"A workspace has at most {_MOST} webhooks: remove one."
        )
    return answer(row | {"secret": secret}, 201, location=f"/api/webhooks/{webhook_id}")


@webhooks.get("")
@permit("workspace:webhooks:manage")
@webhooks.arguments(PageArguments, location="query")
@webhooks.response(200, WebhookPage)
def list_all(arguments: dict[str, Any]) -> Response:
    """List the webhooks of the workspace, newest first"""
    ask = queries.webhooks.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@webhooks.get("/<uuid:webhook_id>")
@permit("workspace:webhooks:manage")
@webhooks.response(200, Webhook)
def get(webhook_id: UUID) -> Response:
    """Show a webhook"""
    with connection() as conn:
        return answer(queries.webhooks.get(conn, **_mine(webhook_id)))


@webhooks.get("/<uuid:webhook_id>/events")
@permit("workspace:webhooks:manage")
@webhooks.arguments(PageArguments, location="query")
@webhooks.response(200, EventPage)
def list_events(arguments: dict[str, Any], webhook_id: UUID) -> Response:
    """Show a webhook's timeline, oldest first"""
    with connection() as conn:
        queries.webhooks.get(conn, **_mine(webhook_id))
    return timeline("webhook", webhook_id, arguments)


@webhooks.patch("/<uuid:webhook_id>")
@permit("workspace:webhooks:manage")
@webhooks.arguments(WebhookChange)
@webhooks.response(200, Webhook)
@webhooks.alt_response(409, description="The status does not allow the action.")
def change(change: dict[str, Any], webhook_id: UUID) -> Response:
    """Change a webhook, pause it or resume it

    What happens while it is paused is kept, as `skipped`, and can be replayed for thirty days.
    """
    mine = _mine(webhook_id)
    action = change.pop("action", None)
    if "url" in change:
        check_address(change["url"])
    _refuse_unknown(change.get("events"))
    with transaction() as conn:
        before = queries.webhooks.hold(conn, **mine)
        if change:
            after = {name: before[name] for name in ("url", "description", "events")} | change
            queries.webhooks.change(conn, **mine, **after)
        if action is not None:
            queries.webhooks.act(conn, **mine, action=action)
        return answer(queries.webhooks.get(conn, **mine))


@webhooks.delete("/<uuid:webhook_id>")
@permit("workspace:webhooks:manage")
@webhooks.response(204)
def remove(webhook_id: UUID) -> Response:
    """Remove a webhook, with what was to be sent to it"""
    with transaction() as conn:
        queries.webhooks.remove(conn, **_mine(webhook_id))
    return Response(status=204)


@webhooks.post("/<uuid:webhook_id>/rotate")
@permit("workspace:webhooks:manage")
@webhooks.response(200, WebhookWithSecret)
def rotate(webhook_id: UUID) -> Response:
    """Give a webhook a new secret

    For 24 hours messages are signed with both, so that no message is refused meanwhile.
    """
    mine, secret = _mine(webhook_id), new_secret()
    with transaction() as conn:
        queries.webhooks.rotate(conn, **mine, secret=seal(webhook_id, secret))
        row = queries.webhooks.get(conn, **mine)
    return answer(row | {"secret": secret})


def seal(webhook_id: UUID, secret: str) -> bytes:
    """A secret in the form in which it is stored."""
    return keyring().encrypt(f"webhook {webhook_id}", secret.encode())


def check_address(url: str) -> None:
    """Refuse what no webhook can be at, as far as the text tells: each call checks where it leads.
    Raises Problem 422."""
    from webapp.clients.public.url import check_url

    allows_loopback = settings().webhook_allow_loopback
    try:
        parsed = check_url(url)
    except AddressError as error:
        raise invalid_input(("url", str(error))) from None
    if parsed.scheme != "https" and not allows_loopback:
        raise invalid_input(("url", "Must begin with https://."))
    host = parsed.host
    is_allowed = is_public(host) or (allows_loopback and is_loopback(host))
    if is_ip(host) and not is_allowed:
        raise invalid_input(("url", "The address leads to a private or reserved network."))


def _refuse_unknown(events: list[str] | None) -> None:
    """Check names of events. Of what is one user's alone, only webhooks of that user's personal
    workspace are told. Raises Problem 422."""
    if not events:
        return
    with connection() as conn:
        is_personal = queries.webhooks.is_in_personal_workspace(
            conn, workspace_id=caller().workspace_id
        )
    refuse_unknown(events, WORKSPACE_AND_USER if is_personal else WORKSPACE)


def _mine(webhook_id: UUID) -> dict[str, UUID]:
    return {"id": webhook_id, "workspace_id": caller().workspace_id}
