"""A pool of connections that notices at once what is the matter with the database."""

from __future__ import annotations

import select
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

if TYPE_CHECKING:
    from sql.connection import Connection

# Seconds in which somebody waits and no connection is taken or comes back, after which the database
# counts as stalled. Where it is merely busy, one comes back every few milliseconds.
_STALL: Final = 1.0


class Pool(ConnectionPool["Connection"]):
    """psycopg's pool with two differences.

    A connection is checked without asking the server. The pool's own check is a round trip for each
    request, and pauses after each connection that it finds dead, so that a restart of the database
    makes requests wait for many seconds; here a dead one is put away and the next one taken.

    Where the database hangs, who asks is refused at once: waiting would take the last threads of
    the web, and with them the answer that tells an operator so.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._count = threading.Lock()
        self._out = 0
        self._moved = time.monotonic()
        self._stalled = False
        super().__init__(*args, **kwargs)

    def getconn(self, timeout: float | None = None) -> Connection:
        """A living connection. Raises PoolTimeout where there is none within `timeout` seconds."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            if self._stalled:
                raise PoolTimeout("the database does not answer those who asked before")
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
