"""Mails that tell users about a change that affects their account's security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.http import client_address

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection


def tell_giver(conn: Connection, role: str, *, to: str, workspace: str | None = None) -> None:
    """Queue a notice to the caller that their account made somebody called `to` an owner of a
    workspace, or an admin of the server."""
    user_id = caller().user_id
    notify(
        conn,
        "role_given",
        user_id=user_id,
        email=queries.users.get_password(conn, id=user_id)["email"],
        role=role,
        to=to,
        workspace=workspace,
    )


def notify(
    conn: Connection, template: str, *, user_id: UUID, email: str | None, **details: Any
) -> None:
    """Queue a notice, in the transaction of the change. Users without an address get none."""
    if email is None:
        return
    queries.mails.create(
        conn,
        template=template,
        recipient=email,
        about=user_id,
        details=Jsonb({"from_address": client_address.address()} | details),
    )
