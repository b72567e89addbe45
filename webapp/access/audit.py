"""The audit log: every change to somebody's access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from flask import g
from psycopg.types.json import Jsonb

from sql import queries
from webapp.http import client_address, request_id

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

    Entry = dict[str, Any]


def record(
    conn: Connection,
    action: str,
    *,
    user_id: UUID | None = None,
    workspace_id: UUID | None = None,
    actor: str | None = None,
    **details: Any,
) -> None:
    """Write an entry in the name of the caller, or of `actor`, about `user_id` or the caller.

    `details` are small and never secret. Remembered callers are forgotten, so their access is
    checked again.
    """
    g.access_changed = True
    about = entry(action, user_id=user_id, workspace_id=workspace_id, actor=actor, **details)
    write(conn, about)


def entry(
    action: str,
    *,
    user_id: UUID | None = None,
    workspace_id: UUID | None = None,
    actor: str | None = None,
    **details: Any,
) -> Entry:
    """An entry about the current request, to be written."""
    caller = g.get("caller")
    if caller is not None and caller.api_key_id is not None:
        details["api_key_id"] = str(caller.api_key_id)
    return {
        "action": action,
        "actor": actor or (caller.actor if caller else "anonymous"),
        "user_id": user_id or (caller.user_id if caller else None),
        "workspace_id": workspace_id,
        "address": client_address.address(),
        "user_agent": client_address.user_agent(),
        "request_id": request_id.current(),
        "details": details,
    }


def write(conn: Connection, entry: Entry, **more: Any) -> None:
    """Write an entry, with more details if there are any."""
    details = Jsonb(entry["details"] | more, dumps=_without_nul)
    queries.audit_log.record(conn, **entry | {"details": details})


def _without_nul(details: dict[str, Any]) -> bytes:
    """JSON without NUL, which the database does not accept; a requested address may contain one."""
    return orjson.dumps(details).replace(b"\\u0000", b"\\ufffd")
