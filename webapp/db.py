"""The web's connections to the database.

`connection()` is for reading: one statement, one round trip, no transaction. `transaction()` is for
writing: it tells the database who acts and in which request, for the events that the state machine
records. Inside a transaction both give the transaction's own connection.
"""

from __future__ import annotations

import select
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

import psycopg
from flask import current_app, g
from psycopg_pool import ConnectionPool

from sql import queries
from sql.connection import PARAMETERS, configure
from webapp import request_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from sql.connection import Connection
    from webapp.settings import Settings

    Pool = ConnectionPool[Connection]

# Seconds a request waits for a connection before it gives up with 503.
POOL_TIMEOUT: Final = 5.0


def install(app: Flask, settings: Settings) -> None:
    """Give the app its pool. It opens at the first use, so never before a fork."""
    app.extensions["pool"] = ConnectionPool(
        settings.database_url,
        kwargs=PARAMETERS | {"application_name": "coffer web"},
        min_size=1,
        max_size=settings.database_pool_size,
        open=False,
        configure=configure,
        timeout=POOL_TIMEOUT,
        # The pool pauses ever longer between tries to connect: after this long it is to forget the
        # connection, and the next request makes a new one at once.
        reconnect_timeout=POOL_TIMEOUT,
        name="web",
    )


def pool() -> Pool:
    """The app's pool, opened by whoever asks first in this process."""
    found = cast("Pool", current_app.extensions["pool"])
    if found.closed:
        found.open()
    return found


@contextmanager
def connection() -> Iterator[Connection]:
    """A connection for reading. Raises psycopg.OperationalError where none is to be had."""
    if "connection" in g:
        yield g.connection
        return
    with pooled() as conn:
        yield conn


@contextmanager
def transaction() -> Iterator[Connection]:
    """A transaction in the name of the caller; the one that is open already, if one is."""
    if "connection" in g:
        yield g.connection
        return
    with pooled() as conn, conn.transaction():
        queries.requests.identify(
            conn, actor=f"user:{g.caller.user_id}", request_id=request_id.current()
        )
        g.connection = conn
        try:
            yield conn
        finally:
            del g.connection


@contextmanager
def pooled(timeout: float | None = None) -> Iterator[Connection]:
    """A connection of the pool whose server is there still.

    The pool's own check asks the server, a round trip for each request, and pauses after each
    connection that it finds dead, so that a restart of the database makes requests wait for many
    seconds. Here a dead one is put away and the next one taken.
    """
    held = pool()
    conn = held.getconn(timeout)
    try:
        while not is_alive(conn):
            conn.close()
            held.putconn(conn)
            conn = held.getconn(timeout)
        yield conn
    finally:
        held.putconn(conn)


def is_alive(conn: Connection) -> bool:
    """Whether an idle connection still has its server, at the cost of a system call.

    Where the server has gone, something can be read although nothing was asked; only then is the
    server asked.
    """
    waiting = select.poll()
    waiting.register(conn.pgconn.socket, select.POLLIN)
    try:
        if waiting.poll(0):
            conn.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
