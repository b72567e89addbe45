"""Provides the database that migrations and the app need, on a server of our own."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import sql as compose
from psycopg.conninfo import make_conninfo

_PROVIDE_LOCK: Final = 0x70726F76696465


def provide(url: str, *, database: str, owner: str, app_role: str, password: str) -> None:
    """Create a database with its two roles, unless they exist, and with pgvector, which only a
    superuser may add, if the server has it.

    `url` is a superuser's. `owner` may change the schema, `app_role` gets its privileges from the
    migrations.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        # Released with the connection: only one process at a time creates what is missing.
        conn.execute("SELECT pg_advisory_lock(%s)", (_PROVIDE_LOCK,))
        for role in (owner, app_role):
            known = conn.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            verb = "ALTER" if known is not None else "CREATE"
            conn.execute(
                compose.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                    compose.SQL(verb), compose.Identifier(role), compose.Literal(password)
                )
            )
        known = conn.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if known is None:
            conn.execute(
                compose.SQL("CREATE DATABASE {} OWNER {}").format(
                    compose.Identifier(database), compose.Identifier(owner)
                )
            )
        with psycopg.connect(make_conninfo(url, dbname=database), autocommit=True) as inside:
            if (
                inside.execute(
                    "SELECT FROM pg_available_extensions WHERE name = 'vector'"
                ).fetchone()
                is not None
            ):
                inside.execute("CREATE EXTENSION IF NOT EXISTS vector")
