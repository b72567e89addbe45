"""Waiting for something that is down: when to retry, and how often to log it.

A database goes down, restarts, fails over, or is read-only because its disk is full: all of that
passes, so workers and clocks wait. They log it when it begins, once a minute while it lasts, and
when it is over.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

import psycopg

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from sql.connection import Connection

# Seconds between two tries: at first, and at most.
_SHORTEST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0

# Seconds between two lines of the log, while it lasts.
_SAY_EVERY: Final = 60.0

# The SQLSTATE prefixes of errors which mean that the server can do nothing for anybody now: the
# connection failed, its disk is full or it accepts no more connections, it shuts down or starts, it
# cannot read its files, or it is read-only.
_NOTHING_WORKS: Final = ("08", "53100", "53300", "57P", "58", "25006")


def is_lost(conn: Connection, error: BaseException) -> bool:
    """Whether the server is failing, rather than the statement."""
    if conn.closed:
        return True
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return state is not None and state.startswith(_NOTHING_WORKS)


class Outage:
    """Remembers since when something has been down. `lost` and `back` are log events."""

    def __init__(self, log: FilteringBoundLogger, *, lost: str, back: str) -> None:
        self._log = log
        self._lost = lost
        self._back = back
        self._since: float | None = None
        self._next_line = 0.0
        self._pause = _SHORTEST_PAUSE

    def goes_on(self, error: BaseException) -> float:
        """It failed again; return the seconds until the next attempt."""
        now = time.monotonic()
        if self._since is None:
            self._since, self._next_line, self._pause = now, now, _SHORTEST_PAUSE
        else:
            # With jitter, so that processes that lost it together do not return together.
            self._pause = min(self._pause * random.uniform(1.5, 2.5), LONGEST_PAUSE)  # noqa: S311
        if now >= self._next_line:
            self._next_line = now + _SAY_EVERY
            said = " ".join(str(error).split())
            self._log.warning(self._lost, error=said, seconds=round(now - self._since))
        return self._pause

    def is_over(self) -> None:
        """It works."""
        if self._since is not None:
            self._log.info(self._back, seconds=round(time.monotonic() - self._since))
            self._since = None
