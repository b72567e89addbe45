"""Applies `migrations/` and grants the app role its rights.

yoyo-migrations does the work, under an advisory lock, so that any number of machines may start at
once: the first one migrates, the others wait and find nothing left to do. A migration that cannot
get its locks gives way and tries again, a few times.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from sql.connection import connect_at_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yoyo.backends.base import DatabaseBackend
    from yoyo.migrations import MigrationList

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
GRANTS: Final = Path(__file__).parent / "grants.sql"

# Any number that no other program uses for an advisory lock in the same database.
_LOCK: Final = 0x636F66666572

# Attempts to get a migration's locks, each as long as LOCK_TIMEOUT, and the seconds between two, in
# which waiting transactions get through: less than a minute in all.
_TRIES: Final = 10
_PAUSE: Final = 3.0

_ADVICE: Final = {
    "not_permitted": "The server has pgvector, but this role may not add it. To search by meaning, "
    "run CREATE EXTENSION vector in this database as a superuser, then this command again.",
    "too_old": "The extension vector is older than 0.7, or not in the schema public. To search by "
    "meaning, run ALTER EXTENSION vector UPDATE as its owner, then this command again.",
}


class MigrationError(Exception):
    """The database was not migrated; the message says why and what to do."""


def migrate(url: str, *, app_url: str | None = None) -> list[str]:
    """Apply all pending migrations; return their names.

    `url` is the owner's connection URL. If `app_url` names another role, that role gets its
    privileges. Raises MigrationError, or psycopg.Error; migrations applied before the failing one
    stay.
    """
    from yoyo import read_migrations

    with (
        connect_at_start(url, "coffer migrate") as conn,
        yoyo_backend(conn, url) as backend,
    ):
        migrations = read_migrations(str(MIGRATIONS))
        new = [migration.id for migration in backend.to_apply(migrations)]
        _check_known(conn, [migration.id for migration in migrations])
        _apply(backend, migrations)
        _add_vectors(conn)
        owner = conn.info.user
        app_role = conninfo_to_dict(app_url).get("user", owner) if app_url else owner
        if app_role != owner:
            with conn.transaction():
                conn.execute("SELECT set_config('coffer.app_role', %s, true)", (app_role,))
                conn.execute(GRANTS.read_bytes())
        return new


def advice_on_vectors(url: str) -> str | None:
    """What to do to search by meaning in a migrated database, if anything can be done."""
    with connect_at_start(url, "coffer migrate") as conn:
        return _ADVICE.get(_add_vectors(conn) or "")


def _add_vectors(conn: psycopg.Connection) -> str | None:
    """What the server lacked when `0070-embeddings` was applied, it may have now. Returns what is
    the case, as `add_vectors` names it; None if that migration is not applied."""
    known = conn.execute("SELECT to_regprocedure('add_vectors()') IS NOT NULL").fetchone()
    found = conn.execute("SELECT add_vectors()").fetchone() if known == (True,) else None
    return found[0] if found is not None else None


def _check_known(conn: psycopg.Connection, names: list[str]) -> None:
    """Refuse a database that was migrated by other files than ours. Files of a later Coffer, whose
    names sort after all of ours, do no harm: an older one may be started again."""
    applied = conn.execute("SELECT migration_id FROM _yoyo_migration ORDER BY 1").fetchall()
    strange = [name for (name,) in applied if name not in names and name < max(names)]
    if strange:
        raise MigrationError(
            f"This database has migrations that Coffer no longer has, such as {strange[0]}: it was "
            "made before the first release, which rewrote the migrations. Use a new, empty "
            "database. To keep the data, export it with the version of Coffer that made it "
            "(/api/export/items.jsonl and tasks.jsonl), then import it (POST /api/imports)."
        )


def _apply(backend: DatabaseBackend, migrations: MigrationList) -> None:
    for left in reversed(range(_TRIES)):
        new = backend.to_apply(migrations)
        try:
            backend.apply_migrations(new)
        except psycopg.errors.LockNotAvailable:
            if not left:
                waiting = next(iter(backend.to_apply(migrations))).id
                raise MigrationError(
                    f"{waiting} was not applied: in {_TRIES} tries, another transaction held a "
                    "lock on what it changes. End it or wait for it, then start again. "
                    "It is probably one of the oldest in pg_stat_activity."
                ) from None
            time.sleep(_PAUSE)
        else:
            return


@contextmanager
def yoyo_backend(conn: psycopg.Connection, url: str) -> Iterator[DatabaseBackend]:
    """yoyo on its own connection, while `conn` holds the lock that keeps others out."""
    from yoyo import default_migration_table
    from yoyo.connections import parse_uri

    from sql.yoyo_backend import Backend

    conn.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    try:
        scheme, separator, rest = url.partition("://")
        if scheme not in ("postgresql", "postgres") or not separator:
            raise ValueError("a database URL must begin with postgresql://")
        backend = Backend(parse_uri(f"postgresql+psycopg://{rest}"), default_migration_table)
        backend.init_database()
        try:
            # A killed migration leaves yoyo's lock row behind. Nobody else can hold it now: that
            # would take the advisory lock first.
            backend.break_lock()
            with backend.lock():
                yield backend
        finally:
            backend.connection.close()
    finally:
        conn.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))
