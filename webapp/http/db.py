"""The web's connections to the database.

`connection()` is for reading: one statement, one round trip, no transaction. `transaction()` is for
writing: it tells the database who acts and in which request, for the events that the state machine
records. Inside a transaction both give the transaction's own connection.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from flask import g
from psycopg import ClientCursor

from sql import queries
from sql.connection import PARAMETERS, POOLER_PARAMETERS, configure
from webapp.http import installed, request_id
from webapp.http.installed import Installed
from webapp.http.pool import Pool
from webapp.telemetry import tracing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from sql.connection import Connection
    from webapp.settings import Settings


# Seconds a request waits for a connection before it gives up with 503.
POOL_TIMEOUT: Final = 5.0

# How long a statement waits for a lock before the request gives up with 503, how long it may run,
# and how long a transaction of a stalled process keeps its locks. In PostgreSQL's units.
_BOUNDS: Final = {"lock_timeout": "2s", "statement_timeout": "30s", "idle_timeout": "60s"}

_BEGIN: Final = b"BEGIN; " + queries.requests.identify.statement
# A pooler lends the connection to others next, so settings only apply to the transaction.
_BEGIN_POOLED: Final = b"; ".join(
    (b"BEGIN", queries.requests.bound.statement, queries.requests.identify.statement)
)

pool: Final[Installed[Pool]] = Installed("pool")


def install(app: Flask, settings: Settings) -> None:
    """Give the app its pool. It opens at the first use, so never before a fork."""
    parameters = POOLER_PARAMETERS if settings.database_pooler else PARAMETERS
    made = Pool(
        settings.database_url,
        kwargs=parameters | {"application_name": "coffer web"},
        min_size=1,
        # One is reserved for the health check.
        max_size=max(settings.database_pool_size - 1, 1),
        open=False,
        configure=configure if settings.database_pooler else _configure,
        timeout=POOL_TIMEOUT,
        # The pool pauses longer and longer between attempts to connect: after this long it should
        # give up the connection, and the next request makes a new one at once.
        reconnect_timeout=POOL_TIMEOUT,
        name="web",
    )
    pool.install(app, made)


def _configure(conn: Connection) -> None:
    """The settings of a new connection."""
    configure(conn)
    queries.requests.bound(conn, local=False, **_BOUNDS)


@contextmanager
def connection() -> Iterator[Connection]:
    """A connection for reading. Raises psycopg.OperationalError if there is none."""
    if "connection" in g:
        yield g.connection
        return
    with pool().connection() as conn:
        yield conn


@contextmanager
def transaction(actor: str | None = None) -> Iterator[Connection]:
    """A transaction in the name of the caller, or of `actor` if nobody is signed in yet; the one
    that is already open, if there is one."""
    if "connection" in g:
        yield g.connection
        return
    with pool().connection() as conn:  # this commits at its end, or rolls back
        begin(
            conn,
            pooled=installed.settings().database_pooler,
            actor=g.caller.actor if "caller" in g else actor or "anonymous",
            request_id=request_id.current(),
            traceparent=tracing.traceparent(),
        )
        g.connection = conn
        try:
            yield conn
        finally:
            del g.connection


def in_transaction() -> bool:
    """Whether this request has a transaction open."""
    return "connection" in g


def begin(conn: Connection, *, pooled: bool = False, **who: str) -> None:
    """Begin a transaction in somebody's name, in one round trip. Several statements in one message
    must be text, with the parameters interpolated by psycopg's own cursor for that."""
    if pooled:
        ClientCursor(conn).execute(_BEGIN_POOLED, {**who, **_BOUNDS, "local": True})
    else:
        ClientCursor(conn).execute(_BEGIN, who)
