"""Short transactions of work in progress, for the rare work that has to write before it is done:
because a row must exist before something outside does, or to share a token with others.

Each has a connection of its own, so that nothing waits for it.
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
        pooler = settings.database_pooler
        own = connect(settings.database_url, "coffer worker", pooler=pooler)
        with own as conn, conn.transaction():
            queries.workers.act(
                conn, actor=f"worker:{kind}", request_id="", traceparent="", patience="5s"
            )
            yield conn

    return transaction
