"""How every process of ours connects to the database."""

from __future__ import annotations

import time
from typing import Any, Final

import orjson
import psycopg
from psycopg.types.json import set_json_loads

Connection = psycopg.Connection[Any]

# Seconds in which a process that starts tries to reach its database, and between two tries.
PATIENCE: float = 5.0
_PAUSE: Final = 0.2

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


# A pooler that lends connections by the transaction may lend another one next time, which has not
# heard of what was prepared on this one.
POOLER_PARAMETERS: Final[dict[str, Any]] = PARAMETERS | {"prepare_threshold": None}


def connect(url: str, name: str, *, pooler: bool = False) -> Connection:
    """A connection in autocommit and UTC; the server lists it under `name`.

    `pooler` says that the URL leads to one that lends connections by the transaction. Raises
    psycopg.OperationalError within 5 s where no server answers.
    """
    parameters = POOLER_PARAMETERS if pooler else PARAMETERS
    conn = psycopg.connect(url, application_name=name, **parameters)
    configure(conn)
    return conn


def connect_at_start(url: str, name: str, *, pooler: bool = False) -> Connection:
    """The same for a process that starts, and perhaps its database with it.

    Raises psycopg.OperationalError where none could be reached for five seconds.
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
    """What a new connection is told first."""
    conn.execute("SET TIME ZONE 'UTC'")
    set_json_loads(orjson.loads, conn)
