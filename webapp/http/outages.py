"""What a client is told when the database refuses to work, whatever the request was."""

from __future__ import annotations

from typing import Final, NamedTuple

import psycopg


class Outage(NamedTuple):
    """What a client is told: a stable code, a sentence, and the seconds until a retry."""

    code: str
    detail: str
    seconds: int


_COLLIDED: Final = Outage(
    "collided",
    "Another request changed the same data at the same time; nothing was done. Try again.",
    1,
)
_TOOK_TOO_LONG: Final = Outage(
    "took_too_long",
    "The database took too long and was stopped; nothing was done.",
    5,
)
_READ_ONLY: Final = Outage(
    "database_read_only",
    "The database accepts no changes at the moment; nothing was done. Reading still works.",
    10,
)
_FULL: Final = Outage(
    "database_full",
    "The database has no space left; nothing was done. Reading still works.",
    60,
)
_UNAVAILABLE: Final = Outage(
    "database_unavailable",
    "The database does not answer at the moment; try again shortly.",
    5,
)

# By SQLSTATE, or by its prefix.
_BY_STATE: Final = {
    "40001": _COLLIDED,  # serialization_failure
    "40P01": _COLLIDED,  # deadlock_detected
    # lock_not_available: another transaction held the lock for the whole lock_timeout
    "55P03": _COLLIDED,
    "57014": _TOOK_TOO_LONG,  # query_canceled: by the statement_timeout, or by an operator
    "25P03": _TOOK_TOO_LONG,  # idle_in_transaction_session_timeout
    "25P04": _TOOK_TOO_LONG,  # transaction_timeout
    "25006": _READ_ONLY,  # read_only_sql_transaction: a standby, or a host that ran out of room
    # A standby's error for an unlogged table, which it raises before it looks at the statement.
    "0A000": _READ_ONLY,
    "53100": _FULL,  # disk_full
    "53": _UNAVAILABLE,  # too few of other resources
    "57P": _UNAVAILABLE,  # it shuts down, crashed, or starts
    "58": _UNAVAILABLE,  # a system error of its machine
    "08": _UNAVAILABLE,  # the connection broke
}


def of(error: Exception) -> Outage | None:
    """The outage that a database error means; None if the request or our code is to blame."""
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate or ""
    for length in (5, 3, 2):
        if outage := _BY_STATE.get(state[:length]):
            return outage
    # Errors without a state come from psycopg itself: no connection was available, or one broke.
    return _UNAVAILABLE if isinstance(error, psycopg.OperationalError) else None


def takes_no_changes(error: Exception) -> bool:
    """Whether an error says that the database can be read but not changed."""
    return of(error) in (_READ_ONLY, _FULL)
