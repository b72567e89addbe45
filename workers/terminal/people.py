"""What the operators' commands about users and workspaces share: finding users, and the audit
log."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from sql import queries
from workers.terminal.operators import plain

if TYPE_CHECKING:
    from sql.connection import Connection

ACTOR = "operator"


def find(conn: Connection, who: str) -> dict[str, Any]:
    """The user of an address, a handle or an id. Raises ClickException."""
    try:
        # Only an id: a handle may look like somebody else's.
        asked: dict[str, Any] = {"id": UUID(who), "who": None}
    except ValueError:
        asked = {"id": None, "who": who}
    found: dict[str, Any] | None = queries.users.find_for_operator(conn, **asked)
    if found is None:
        raise click.ClickException(f"there is no user {who!r}")
    return found


def act(conn: Connection) -> None:
    """Record in the open transaction that an operator acts."""
    queries.requests.identify(conn, actor=ACTOR, request_id="", traceparent="")


def record(
    conn: Connection,
    action: str,
    user_id: UUID | None = None,
    *,
    workspace_id: UUID | None = None,
    **details: Any,
) -> None:
    """An entry in the audit log, with the operator's account on their machine."""
    from psycopg.types.json import Jsonb

    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        account = "unknown"
    queries.audit_log.record(
        conn,
        action=action,
        actor=ACTOR,
        user_id=user_id,
        workspace_id=workspace_id,
        address=None,
        user_agent=None,
        request_id=None,
        details=Jsonb({"account": account, **details}),
    )


def called(user: dict[str, Any]) -> str:
    """A user's name in the output."""
    return plain(user["email"] or user["handle"], most=254)
