"""Inboxes for mail, over HTTP."""

from __future__ import annotations

import base64
import secrets
from typing import Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import transaction
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.identity.keyring import digest
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.drives.inboxes import InboxPage, MadeInbox, NewInbox

inboxes = Blueprint(
    "inboxes",
    __name__,
    url_prefix="/api/inboxes",
    description="Secret addresses whose mail becomes documents. Each belongs to one user.",
)


@inboxes.post("")
@permit("workspace:inboxes:manage")
@inboxes.arguments(NewInbox)
@inboxes.response(201, MadeInbox)
@inboxes.alt_response(409, description="This server receives no mail.")
def create(new: dict[str, Any]) -> Response:
    """Make an inbox

    Every file in mail to its address becomes a document; so does a message without files. The
    address is shown in this response only.
    """
    token, address = _new_address()
    with transaction() as conn:
        row = queries.inboxes.create(conn, **_whose(), **new, token_hash=digest(token))
    return _with_address(row, address, 201)


@inboxes.get("")
@permit("workspace:inboxes:manage")
@inboxes.arguments(PageArguments, location="query")
@inboxes.response(200, InboxPage)
def list_own(arguments: dict[str, Any]) -> Response:
    """List your inboxes in this workspace, newest first"""
    return list_page(arguments, UUID, queries.inboxes.list_of_user, **_whose())


@inboxes.post("/<uuid:inbox_id>/rotate")
@permit("workspace:inboxes:manage")
@inboxes.response(200, MadeInbox)
@inboxes.alt_response(409, description="This server receives no mail.")
def rotate(inbox_id: UUID) -> Response:
    """Give an inbox another address

    Mail to the former one is refused from then on.
    """
    with transaction() as conn:
        queries.inboxes.exists(conn, **_whose(), id=inbox_id)
        token, address = _new_address()
        row = queries.inboxes.rotate(conn, **_whose(), id=inbox_id, token_hash=digest(token))
    return _with_address(row, address, 200)


@inboxes.delete("/<uuid:inbox_id>")
@permit("workspace:inboxes:manage")
@inboxes.response(204)
def remove(inbox_id: UUID) -> Response:
    """End an inbox

    Mail to it is refused from then on, and what has not become documents yet is removed.
    """
    with transaction() as conn:
        queries.inboxes.remove(conn, **_whose(), id=inbox_id)
    return Response(status=204)


def _new_address() -> tuple[str, str]:
    """A new secret and the address with it. Raises Problem 409."""
    domain = settings().mail_in_domain
    if domain is None:
        raise Problem(409, "mail_in_not_configured", "This server receives no mail.")
    # Mail servers may change the case of letters.
    token = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
    return token, f"inbox+{token}@{domain}"


def _with_address(row: dict[str, Any], address: str, status: int) -> Response:
    response = answer(row | {"address": address}, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _whose() -> dict[str, UUID]:
    return {"workspace_id": caller().workspace_id, "user_id": caller().user_id}
