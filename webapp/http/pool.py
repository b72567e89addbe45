"""A connection pool that notices at once when something is wrong with the database."""

from __future__ import annotations

import select
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

if TYPE_CHECKING:
    from sql.connection import Connection

# Seconds in which a request waits and no connection is taken or returned, after which the database
# counts as stalled. If it is just busy, one is returned every few milliseconds; if all of them wait
# for a lock, they are returned within db.LOCK_TIMEOUT.
_STALL: Final = 3.0


class Pool(ConnectionPool["Connection"]):
    """psycopg's pool with three differences.

    A connection is checked without asking the server. The pool's own check costs each request a
    round trip, and pauses after each dead connection, so that a restart of the database makes
    requests wait for many seconds; here a dead one is discarded and the next one taken.

    If the database hangs, requests are refused at once: waiting would use up the web's last
    threads, and with them the response that tells an operator so.

    One extra connection is reserved for `probe`: that all others are in use does not mean that the
    database does not answer.
    """

    def __init__(self, url: str, *, kwargs: dict[str, Any], **options: Any) -> None:
        self._count = threading.Lock()
        self._out = 0
        self._moved = time.monotonic()
        self._stalled = False
        self._make_spare = partial(psycopg.connect, url, **kwargs)
        self._spare: Connection | None = None
        super().__init__(url, kwargs=kwargs, **options)

    def getconn(self, timeout: float | None = None) -> Connection:
        """A working connection. Raises PoolTimeout if there is none within `timeout` seconds."""
        if self.closed:
            self.open()  # by the first caller in this process
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            if self._stalled:
                raise PoolTimeout("the database is not answering earlier requests")
            left = deadline - time.monotonic()
            try:
                conn = super().getconn(min(max(left, 0.0), _STALL))
            except PoolTimeout:
                self._stalled = self._out > 0 and time.monotonic() - self._moved >= _STALL
                if left <= _STALL:
                    raise
                continue
            self._move(1)
            if is_alive(conn):
                return conn
            conn.close()
            self.putconn(conn)

    def putconn(self, conn: Connection) -> None:
        """Give a connection back."""
        self._move(-1)
        super().putconn(conn)

    def probe(self) -> None:
        """Query the database; not from two threads at once. Raises psycopg.Error if it does not
        answer."""
        if self._spare is None or not is_alive(self._spare):
            self._spare = self._make_spare()
        try:
            self._spare.execute("SELECT 1")
        except psycopg.Error:
            self._spare.close()
            self._spare = None
            raise

    def close(self, timeout: float = 5) -> None:
        """Close all connections; those in use are closed when they are returned."""
        super().close(timeout)
        if self._spare is not None:
            self._spare.close()

    @property
    def in_use(self) -> int:
        """How many connections are in use."""
        return self._out

    def _move(self, out: int) -> None:
        with self._count:
            self._out += out
            self._moved = time.monotonic()
            self._stalled = False


def is_alive(conn: Connection) -> bool:
    """Whether an idle connection still has its server, at the cost of a system call.

    If the server is gone, there is something to read although nothing was asked; only then is the
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
