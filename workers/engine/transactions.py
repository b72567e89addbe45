"""Short transactions of work in progress, for the rare work that has to write before it is done:
because a row must exist before something outside does, or to share a token with others.

Each has a connection of its own, so that nothing waits for it; or all transactions of one piece of
work have one together.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sql import queries
from sql.connection import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sql.connection import Connection
    from webapp.settings import Settings


def transactions_of(
    kind: str, settings: Settings
) -> Callable[[], AbstractContextManager[Connection]]:
    """What opens a transaction in the name of a kind's worker."""

    @contextmanager
    def transaction() -> Iterator[Connection]:
        with connection_of(settings) as conn, transactions_on(conn, kind)():
            yield conn

    return transaction


def connection_of(settings: Settings) -> Connection:
    """A connection for work in progress, in autocommit mode; whoever asks for it closes it."""
    return connect(settings.database_url, "coffer worker", pooler=settings.database_pooler)


def transactions_on(
    conn: Connection, kind: str
) -> Callable[[], AbstractContextManager[Connection]]:
    """The same on one connection, for work that needs many, one after the other."""

    @contextmanager
    def transaction() -> Iterator[Connection]:
        with conn.transaction():
            queries.workers.act(
                conn, actor=f"worker:{kind}", request_id="", traceparent="", patience="5s"
            )
            yield conn

    return transaction
