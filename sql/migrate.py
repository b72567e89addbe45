"""Applies `migrations/` and says what the app role may do.

yoyo-migrations does the work. Around it stands an advisory lock, so that any number of machines
may start at once: the first one migrates, the others wait and find nothing left to do.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from psycopg.conninfo import conninfo_to_dict

from sql.connection import connect_at_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from yoyo.backends.base import DatabaseBackend

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
GRANTS: Final = Path(__file__).parent / "grants.sql"

# Any number will do that no other program uses for an advisory lock in the same database.
_LOCK: Final = 0x636F66666572


def migrate(url: str, *, app_url: str | None = None) -> list[str]:
    """Apply what has not been applied yet; return the names of what was.

    `url` is the owner's connection URL. Where `app_url` names another role, that role is given its
    privileges. Raises psycopg.Error; what was applied before the failing migration stays.
    """
    from yoyo import read_migrations

    with (
        connect_at_start(url, "coffer migrate") as conn,
        yoyo_backend(conn, url) as backend,
    ):
        new = backend.to_apply(read_migrations(str(MIGRATIONS)))
        backend.apply_migrations(new)
        owner = conn.info.user
        app_role = conninfo_to_dict(app_url).get("user", owner) if app_url else owner
        if app_role != owner:
            with conn.transaction():
                conn.execute("SELECT set_config('coffer.app_role', %s, true)", (app_role,))
                conn.execute(GRANTS.read_bytes())
        return [migration.id for migration in new]


@contextmanager
def yoyo_backend(conn: psycopg.Connection, url: str) -> Iterator[DatabaseBackend]:
    """yoyo on a connection of its own, while `conn` holds the lock that lets no other one run."""
    from yoyo import get_backend

    conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        scheme, separator, rest = url.partition("://")
        if scheme not in ("postgresql", "postgres") or not separator:
            raise ValueError("a database URL begins with postgresql://")
        backend = get_backend(f"postgresql+psycopg://{rest}")
        try:
            # A migration that was killed leaves yoyo's lock row behind. Nobody else can hold it
            # now: whoever would needs the advisory lock first.
            backend.break_lock()
            with backend.lock():
                yield backend
        finally:
            backend.connection.close()
    finally:
        conn.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
