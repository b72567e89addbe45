"""The clients that the event loop waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from selectors import BaseSelector

    from webapp.serving.connection import Connection

    Callback = Callable[[Connection], None]


class Waiting:
    """Connections whose clients should send or read something, longest waited for first. They are
    counted by address, except idle ones, of which a proxy has many.

    One that is no longer waited for stays with the poller until its client sends something anyway:
    hardly any does, and telling the poller twice per request takes time.
    """

    def __init__(self, poller: BaseSelector, fail: Callable[[Connection, Exception], None]) -> None:
        """`fail` is called with what a callback raises."""
        self._poller = poller
        self._fail = fail
        self._waits: dict[Connection, Callback] = {}
        self._of_host: dict[str, int] = {}

    def wait(self, conn: Connection, event: int, callback: Callback) -> int:
        """Call back when the client has sent or read something; return the number of unfinished
        requests of its address."""
        if conn.polled_for != event:
            tell = self._poller.modify if conn.polled_for else self._poller.register
            tell(conn.sock, event, lambda _: self._ready(conn))
            conn.polled_for = event
        if conn.is_counted is conn.is_idle:
            # It starts to be counted, or to be idle, so its wait starts again.
            self._waits.pop(conn, None)
            self._count(conn, not conn.is_counted)
        self._waits[conn] = callback
        return self._of_host.get(conn.host, 0)

    def leave(self, conn: Connection) -> None:
        """Stop waiting for this one."""
        if self._waits.pop(conn, None) is not None and conn.is_counted:
            self._count(conn, False)

    def forget(self, conn: Connection) -> None:
        """Forget this one before it is closed."""
        self.leave(conn)
        self._poll_no_more(conn)

    def longest(self, which: Callable[[Connection], bool]) -> Connection | None:
        """The one of these that has been waited for longest."""
        return next(filter(which, self._waits), None)

    def all(self) -> list[Connection]:
        """All that are waited for."""
        return list(self._waits)

    def _ready(self, conn: Connection) -> None:
        callback = self._waits.get(conn)
        if callback is None:
            # It may also have been closed to make room for another that was ready.
            self._poll_no_more(conn)
            return
        try:
            callback(conn)
        except Exception as error:  # noqa: BLE001  # one connection must not end all others
            self._fail(conn, error)

    def _poll_no_more(self, conn: Connection) -> None:
        if conn.polled_for:
            conn.polled_for = 0
            self._poller.unregister(conn.sock)

    def _count(self, conn: Connection, counts: bool) -> None:
        conn.is_counted = counts
        count = self._of_host.get(conn.host, 0) + (1 if counts else -1)
        if count:
            self._of_host[conn.host] = count
        else:
            del self._of_host[conn.host]
