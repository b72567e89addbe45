"""A pool of connections that notices at once what is the matter with the database."""

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

# Seconds in which somebody waits and no connection is taken or comes back, after which the database
# counts as stalled. Where it is merely busy, one comes back every few milliseconds; where all of
# them wait for a lock, they come back within db.LOCK_TIMEOUT.
_STALL: Final = 3.0


class Pool(ConnectionPool["Connection"]):
    """psycopg's pool with three differences.

    A connection is checked without asking the server. The pool's own check is a round trip for each
    request, and pauses after each connection that it finds dead, so that a restart of the database
    makes requests wait for many seconds; here a dead one is put away and the next one taken.

    Where the database hangs, who asks is refused at once: waiting would take the last threads of
    the web, and with them the answer that tells an operator so.

    One connection more is for `probe` alone: that all others are held does not mean that the
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
        """A living connection. Raises PoolTimeout where there is none within `timeout` seconds."""
        if self.closed:
            self.open()  # by whoever asks first in this process
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
        """Ask the database something; not from two threads at once. Raises psycopg.Error where it
        does not answer."""
        if self._spare is None or not is_alive(self._spare):
            self._spare = self._make_spare()
        try:
            self._spare.execute("SELECT 1")
        except psycopg.Error:
            self._spare.close()
            self._spare = None
            raise

    def close(self, timeout: float = 5) -> None:
        """Close all connections; those that are held, when they come back."""
        super().close(timeout)
        if self._spare is not None:
            self._spare.close()

    @property
    def in_use(self) -> int:
        """How many connections somebody holds."""
        return self._out

    def _move(self, out: int) -> None:
        with self._count:
            self._out += out
            self._moved = time.monotonic()
            self._stalled = False


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
