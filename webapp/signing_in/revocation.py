"""What ends when users revoke everything that may act in their name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sql import queries
from webapp.access import audit

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection


@dataclass(frozen=True, slots=True)
class Ended:
    """How many sessions and keys have ended, and how many keys still work."""

    sessions: int
    keys: int
    keys_left: int


def end_all(
    conn: Connection, user_id: UUID, *, reason: str, but: UUID | None = None, api_keys: bool
) -> Ended:
    """End all sessions of a user, or all `but` one, and with `api_keys` the keys too."""
    sessions = queries.sessions.end_all(conn, user_id=user_id, but=but, reason=reason)
    keys = queries.api_keys.revoke_all(conn, user_id=user_id) if api_keys else 0
    if keys:
        audit.record(
            conn,
            "api_key.all_revoked",
            actor=f"user:{user_id}",
            user_id=user_id,
            revoked=keys,
            reason=reason,
        )
    return Ended(sessions, keys, queries.api_keys.count_of_user(conn, user_id=user_id))
