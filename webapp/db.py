"""The web's connections to the database.

`connection()` is for reading: one statement, one round trip, no transaction. `transaction()` is for
writing: it tells the database who acts and in which request, for the events that the state machine
records. Inside a transaction both give the transaction's own connection.
"""

from __future__ import annotations

import select
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from flask import current_app, g
from psycopg_pool import ConnectionPool

from sql import queries
from webapp import request_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from webapp.settings import Settings

    Connection = psycopg.Connection[Any]
    Pool = ConnectionPool[Connection]

# Seconds a request waits for a connection before it gives up with 503.
POOL_TIMEOUT: Final = 10.0


def install(app: Flask, settings: Settings) -> None:
    """Give the app its pool. It opens at the first use, so never before a fork."""
    app.extensions["pool"] = ConnectionPool(
        settings.database_url,
        kwargs={"autocommit": True, "connect_timeout": 5, "application_name": "coffer web"},
        min_size=1,
        max_size=settings.database_pool_size,
        open=False,
        configure=_configure,
        check=check_alive,
        timeout=POOL_TIMEOUT,
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
    with pool().connection() as conn:
        yield conn


@contextmanager
def transaction() -> Iterator[Connection]:
    """A transaction in the name of the caller; the one that is open already, if one is."""
    if "connection" in g:
        yield g.connection
        return
    with pool().connection() as conn, conn.transaction():
        queries.requests.identify(
            conn, actor=f"user:{g.caller.user_id}", request_id=request_id.current()
        )
        g.connection = conn
        try:
            yield conn
        finally:
            del g.connection


def check_alive(conn: Connection) -> None:
    """Refuse a pooled connection whose server has gone, at the cost of a system call.

    The pool's own check asks the server, a round trip for each request. A server that closed its
    end has left a mark on the socket: something to read where nothing was asked.
    """
    if conn.closed:
        raise psycopg.OperationalError("the connection is closed")
    waiting = select.poll()
    waiting.register(conn.pgconn.socket, select.POLLIN)
    if waiting.poll(0):
        conn.pgconn.consume_input()
        if conn.pgconn.status != psycopg.pq.ConnStatus.OK:
            raise psycopg.OperationalError("the server closed the connection")


def _configure(conn: Connection) -> None:
    conn.execute("SET TIME ZONE 'UTC'")
