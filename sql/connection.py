"""How all of our processes connect to the database."""

from __future__ import annotations

import time
from typing import Any, Final

import orjson
import psycopg
from psycopg.types.json import set_json_loads

Connection = psycopg.Connection[Any]

# Seconds that a starting process tries to reach its database, and between two attempts.
PATIENCE: float = 5.0
_PAUSE: Final = 0.2

PARAMETERS: Final[dict[str, Any]] = {
    "autocommit": True,
    "connect_timeout": 5,
    # A server that disappeared silently, with its machine or the network, is noticed within half a
    # minute, not in the quarter of an hour that TCP would take.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


# A pooler that lends a connection per transaction may lend another one next time, which does not
# know the statements prepared on this one.
POOLER_PARAMETERS: Final[dict[str, Any]] = PARAMETERS | {"prepare_threshold": None}


def connect(url: str, name: str, *, pooler: bool = False) -> Connection:
    """A connection in autocommit and UTC; the server lists it under `name`.

    `pooler` says that the URL leads to one that lends a connection per transaction. Raises
    psycopg.OperationalError within 5 s if no server answers.
    """
    parameters = POOLER_PARAMETERS if pooler else PARAMETERS
    conn = psycopg.connect(url, application_name=name, **parameters)
    configure(conn)
    return conn


def connect_at_start(url: str, name: str, *, pooler: bool = False) -> Connection:
    """The same for a process that starts, perhaps together with its database.

    Raises psycopg.OperationalError if none could be reached within five seconds.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return connect(url, name, pooler=pooler)
        except psycopg.OperationalError:
            if time.monotonic() + _PAUSE > deadline:
                raise
            time.sleep(_PAUSE)


def configure(conn: Connection) -> None:
    """The settings of a new connection."""
    conn.execute("SET TIME ZONE 'UTC'")
    set_json_loads(orjson.loads, conn)
