"""Denied permissions in the audit log. The first denial is written at once; repetitions are written
a minute later, as one entry with a count, so that a client that keeps asking does not keep writing.

Each process counts for itself. Counts not yet written are lost if it is killed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
import structlog
from flask import request

from webapp.access import audit
from webapp.access.callers import caller
from webapp.http import db, outages
from webapp.http.installed import Installed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from flask import Flask

    from webapp.access.audit import Entry

log = structlog.get_logger("webapp.access.denials")

_SECONDS: Final = 60.0
# Beyond this many, denials are not counted but written one by one.
_MOST_COUNTED: Final = 10_000

_denials: Final[Installed[Denials]] = Installed("denials")


def install(app: Flask) -> None:
    """Give an app its counts."""
    pool = db.pool.of(app)

    def write(entry: Entry, times: int) -> None:
        with pool.connection() as conn:
            audit.write(conn, entry, times=times)

    _denials.install(app, Denials(write, _SECONDS))


def record(permission: str) -> None:
    """The caller asked for something that needs a permission they lack."""
    me = caller()
    route = request.url_rule.rule if request.url_rule else None
    key = (me.user_id, me.workspace_id, me.api_key_id, permission, request.method, route)
    entry = audit.entry(
        "permission.denied",
        workspace_id=me.workspace_id,
        permission=permission,
        method=request.method,
        path=request.path[:300],
    )
    if not _denials().is_first(key, entry):
        return
    try:
        with db.transaction() as conn:
            audit.write(conn, entry)
    except psycopg.Error as error:
        # It is at least logged; the caller should get the denial, not the database's error.
        if not outages.takes_no_changes(error):
            raise
        log.error("denial_not_recorded", permission=permission, error=str(error).strip())


@dataclass(slots=True)
class _Repeated:
    """Repetitions of a denial since the last entry, and the time of that entry."""

    times: int = 0
    entry: Entry | None = None


class Denials:
    """The counts of one process. Thread-safe."""

    def __init__(self, write: Callable[[Entry, int], None], seconds: float) -> None:
        """`write` gets an entry and how many times it stands for, `seconds` after the first."""
        self._write = write
        self._seconds = seconds
        self._lock = threading.Lock()
        self._counted: dict[Hashable, _Repeated] = {}
        self._timer: threading.Timer | None = None

    def is_first(self, key: Hashable, entry: Entry) -> bool:
        """Whether to write this now; otherwise it is counted, and written later."""
        with self._lock:
            repeated = self._counted.get(key)
            if repeated is None:
                if len(self._counted) < _MOST_COUNTED:
                    self._counted[key] = _Repeated()
                    self._wake_later()
                return True
            repeated.times += 1
            repeated.entry = entry
            return False

    def flush(self) -> None:
        """Write the counts. A denial that was not repeated is forgotten, so that the next one
        counts as a first."""
        with self._lock:
            self._timer = None
            counted = self._counted
            self._counted = {key: _Repeated() for key, each in counted.items() if each.times}
            if self._counted:
                self._wake_later()
        for each in counted.values():
            if each.entry is not None:
                try:
                    self._write(each.entry, each.times)
                except Exception as error:  # noqa: BLE001  # the others are to be written
                    log.error("denials_not_recorded", times=each.times, error=str(error).strip())

    def _wake_later(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self.flush)
            self._timer.daemon = True
            self._timer.start()
