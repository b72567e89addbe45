"""Mails that tell users of a change to what guards their account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sql import queries
from webapp.http import client_address

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection


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
