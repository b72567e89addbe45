"""How every process of ours connects to the database."""

from __future__ import annotations

from typing import Any, Final

import psycopg

Connection = psycopg.Connection[Any]

PARAMETERS: Final[dict[str, Any]] = {
    "autocommit": True,
    "connect_timeout": 5,
    # A server that vanished without a word, its machine or the network, is noticed within half a
    # minute and not in the quarter of an hour that TCP would wait.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def connect(url: str, name: str) -> Connection:
    """A connection in autocommit and UTC (P8); the server lists it under `name`.

    Raises psycopg.OperationalError within 5 s where no server answers.
    """
    conn = psycopg.connect(url, application_name=name, **PARAMETERS)
    configure(conn)
    return conn


def configure(conn: Connection) -> None:
    """What a new connection is told first."""
    conn.execute("SET TIME ZONE 'UTC'")
