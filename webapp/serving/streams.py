"""The connections of a process whose responses go on, and the thread that asks for more."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

from webapp.telemetry import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from webapp.http.streams import Listener, Source
    from webapp.serving.connection import Connection

log = structlog.get_logger("webapp.serving")

# In each process; together with requests, fewer than it takes connections.
_MOST: Final = 200
_MOST_OF_OWNER: Final = 10
# Seconds between two questions, while there is news too, and after which a silent connection gets a
# heartbeat.
_EVERY: Final = 1.0
_WHILE_BUSY: Final = 0.1
_HEARTBEAT_EVERY: Final = 15.0


class Streams:
    """Thread-safe. `send` is called with a connection and what to send, None to end it."""

    def __init__(self, send: Callable[[Connection, bytes | None], None]) -> None:
        self._send = send
        self._listeners: dict[Connection, Listener] = {}
        self._sent_at: dict[Connection, float] = {}
        self._owners: Counter[Hashable] = Counter()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def has_room(self, owner: Hashable) -> bool:
        """Whether there may be one more, of this owner."""
        with self._change:
            return len(self._listeners) < _MOST and self._owners[owner] < _MOST_OF_OWNER

    def add(self, conn: Connection, listener: Listener) -> bool:
        """Ask for this one too; False if there is no room."""
        with self._change:
            if self._is_closed or not self.has_room(listener.owner):
                return False
            self._listeners[conn] = listener
            self._sent_at[conn] = time.monotonic()
            self._owners[listener.owner] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="streams", daemon=True)
                self._thread.start()
            self._change.notify()
        return True

    def remove(self, conn: Connection) -> None:
        """Forget this one, if it is known."""
        with self._change:
            listener = self._listeners.pop(conn, None)
            if listener is not None:
                del self._sent_at[conn]
                self._owners[listener.owner] -= 1
                if not self._owners[listener.owner]:
                    del self._owners[listener.owner]

    def close(self) -> None:
        """Ask no more."""
        with self._change:
            self._is_closed = True
            self._change.notify()

    def _run(self) -> None:
        while True:
            with self._change:
                while not (self._listeners or self._is_closed):
                    self._change.wait()
                if self._is_closed:
                    return
                by_source: dict[Source, dict[Listener, Connection]] = {}
                for conn, listener in self._listeners.items():
                    by_source.setdefault(listener.source, {})[listener] = conn
            is_busy = [self._ask(source, listeners) for source, listeners in by_source.items()]
            with self._change:
                pause = _WHILE_BUSY if any(is_busy) else _EVERY
                self._change.wait_for(lambda: self._is_closed, timeout=pause)

    def _ask(self, source: Source, listeners: dict[Listener, Connection]) -> bool:
        """Send what is new; return whether there was anything."""
        try:
            news = source(list(listeners))
        except Exception as error:  # noqa: BLE001  # whatever it is: clients come back, and see
            log.warning("streams_ended", count=len(listeners), **logs.about(error))
            news = dict.fromkeys(listeners)
        now = time.monotonic()
        for listener, conn in listeners.items():
            if listener in news:
                self._send(conn, news[listener])
            elif now - self._sent_at.get(conn, now) >= _HEARTBEAT_EVERY:
                self._send(conn, listener.heartbeat)
            else:
                continue
            with self._change:
                if conn in self._sent_at:
                    self._sent_at[conn] = now
        return bool(news)
