"""How often an outside system may be called by all workers together.

Its calls are spread evenly over each minute, because a system that counts them may begin its minute
anywhere; if no limit is known, only pauses are kept. The state is one time in the database, as of
all limits: until when turns are taken (`migrations/0013-rate-limits.sql`). Whoever takes a turn
waits for it just before the call. If the system asks for a pause nevertheless, all workers make it,
and turns that were taken before lapse.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sql import queries
from webapp.failure import NotNow
from workers.engine.kind import Permit
from workers.engine.transactions import connection_of

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings

# How much of what a system allows is used: calls arrive a little sooner or later than they are
# made.
_USED: Final = 0.97
# Seconds of turns to claim ahead, and seconds that a thread waits for its turn at most.
_AHEAD: Final = 3.0
_PATIENCE: Final = 20.0


class Bucket:
    """The turns at one system, `per_minute` of them, 0 for no limit. Thread-safe; connects when it
    is first asked for a turn, so it can be created before a fork."""

    def __init__(self, name: str, per_minute: int, settings: Settings) -> None:
        self._turns = f"turns:{name}"
        self._pause = f"pause:{name}"
        self._worth = 60 / per_minute / _USED if per_minute else 0.0
        self._settings = settings
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def permits(self, conn: Connection, wanted: int, *, calls: int = 1) -> Permit:
        """How many rows, each of so many calls, may be claimed: those whose turns come soon. It
        takes no turns, and is only for a system with a limit."""
        used = self._used(conn)
        granted = max(0, int((_AHEAD - used) / (self._worth * calls)) + 1) if used < _AHEAD else 0
        return Permit(min(wanted, granted), max(0.0, used - _AHEAD))

    def take(self, calls: int = 1) -> None:
        """Return when it is the caller's turn, for so many calls at once. Raises NotNow if that is
        not soon."""
        while True:
            with self._lock:
                conn = self._conn()
                if (used := self._used(conn)) > _PATIENCE:
                    raise NotNow(used)
                wait = self._wait_for_turn(conn, calls) if self._worth else used
            if wait <= 0:
                return
            time.sleep(wait)
            with self._lock:
                if not self._pauses(self._conn()):
                    return

    def hold(self, seconds: float) -> None:
        """Nobody gets a turn for so many seconds."""
        with self._lock:
            queries.rate_limits.hold(
                self._conn(), keys=[self._turns, self._pause], wait=timedelta(seconds=seconds)
            )

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _wait_for_turn(self, conn: Connection, calls: int) -> float:
        """Seconds until turns that are taken now."""
        worth = timedelta(seconds=self._worth * calls)
        wait: float = queries.rate_limits.take_turn(conn, key=self._turns, worth=worth)
        return wait

    def _used(self, conn: Connection) -> float:
        """Seconds until the next turn is free."""
        rows = queries.rate_limits.used(conn, keys=[self._turns])
        return rows[0]["used"] if rows else 0.0

    def _pauses(self, conn: Connection) -> bool:
        return bool(queries.rate_limits.used(conn, keys=[self._pause]))

    def _conn(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connection_of(self._settings)
        return self._connection
