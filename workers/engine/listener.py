"""Receives notifications of work: a separate connection that LISTENs, in a thread.

A notification is a hint and may get lost; the loop also polls. It connects directly to the server,
since a pooler that lends a connection per transaction passes none on.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import psycopg
import structlog

from sql.connection import connect
from workers.engine.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

log = structlog.get_logger("workers.engine.listener")

# Every worker's row in `workers` is renewed this often, in seconds, which also notifies the
# listener; after two and a half times that, a silent connection counts as dead, whatever TCP says.
HEARTBEAT: Final = 10.0
_SILENCE: Final = 2.5 * HEARTBEAT


class Listener:
    """Calls `wake`, in its thread, when there may be work of these kinds. Ends with `close`."""

    def __init__(
        self, url: str, *, name: str, kinds: Collection[str], wake: Callable[[], None]
    ) -> None:
        self._url = url
        self._name = name
        self._kinds = kinds
        self._wake = wake
        self._closed = False
        self.is_listening = False
        threading.Thread(target=self._run, name="listener", daemon=True).start()

    def close(self) -> None:
        self._closed = True

    def _run(self) -> None:
        outage = Outage(log, lost="not_listening", back="listening_again")
        while not self._closed:
            try:
                with connect(self._url, "coffer listener") as conn:
                    conn.execute("LISTEN coffer_work")
                    self.is_listening = True
                    self._wake()  # for what arrived while nobody listened
                    self._listen(conn, outage)
            except psycopg.OperationalError as error:
                self.is_listening = False
                time.sleep(outage.goes_on(error))

    def _listen(self, conn: psycopg.Connection, outage: Outage) -> None:
        heard = time.monotonic()
        while not self._closed:
            for note in conn.notifies(timeout=0.5, stop_after=1):
                # Through a pooler LISTEN succeeds, but nothing ever arrives.
                outage.is_over()
                if note.payload == self._name:
                    heard = time.monotonic()
                elif note.payload in self._kinds:
                    self._wake()
            if time.monotonic() - heard > _SILENCE:
                raise psycopg.OperationalError(
                    "nothing was heard for too long: the connection is dead"
                )
