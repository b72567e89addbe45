"""The event loop of a web process: it reads requests until they are complete, and sends what
clients do not read at once.

Each client that it waits for has a deadline. If there are too many, it drops the one that has been
waited for longest, so that fast clients are served whatever others do.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import structlog
from gunicorn.workers.gthread import ThreadWorker

from webapp.serving import refusals
from webapp.serving.arrival import Stage
from webapp.serving.bounds import Bounds, Pace
from webapp.serving.connection import Connection, Socket
from webapp.serving.waiting import Waiting
from webapp.telemetry import logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.serving.refusals import Refused

log = structlog.get_logger("webapp.serving")

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE

_MOST_READ: Final = 65_536
_MOST_THROWN_AWAY: Final = 1_048_576
_LONGEST_SAID: Final = 200
_NOBODY_THERE: Final = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)
_NO_MORE_FILES: Final = (errno.EMFILE, errno.ENFILE)


class EventLoop(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threaded worker with a loop that reads and writes instead of one that waits."""

    bounds = Bounds()
    # How many proxies are in front of us: behind one, all connections have the same address.
    proxies = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: Waiting
        self.kept = 0
        self.looked_at = 0.0

    def run(self) -> None:
        """Serve until told to stop."""
        self.waiting = Waiting(self.poller, self.fail)
        super().run()

    # ---- Connections

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection."""
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno in _NO_MORE_FILES:
                self.let_go()
            elif error.errno not in _NOBODY_THERE:
                raise
            return
        sock = Socket(accepted, self.bounds)
        conn = Connection(self.cfg, sock, client, listener.getsockname(), self.bounds)
        conn.deadline = time.monotonic() + self.bounds.head_seconds
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self.let_go()
        self.receive(conn)

    def wait_for(
        self, conn: Connection, event: int, callback: Callable[[Connection], None]
    ) -> None:
        """Wait until the client has sent or read something, or the deadline has passed."""
        unfinished = self.waiting.wait(conn, event, callback)
        if unfinished > self.bounds.of_address and not self.proxies:
            host = conn.host
            self.let_go(lambda each: each.host == host and each.is_counted)

    def keep(self, conn: Connection) -> bool:
        """Record how much is kept of what the client sent and has yet to read. False if that was
        too much, and this client was dropped."""
        kept = len(conn.arrival.data) + len(conn.sock.unsent)
        self.kept += kept - conn.kept
        conn.kept = kept
        while self.kept > self.bounds.kept_bytes and self.let_go(lambda each: each.kept > 0):
            pass
        return conn.is_open

    def let_go(self, which: Callable[[Connection], bool] = lambda _: True) -> bool:
        """Make room by dropping the client that has been waited for longest; return whether there
        was one."""
        conn = self.waiting.longest(which)
        if conn is not None:
            self.give_up(conn)
        return conn is not None

    def give_up(self, conn: Connection) -> None:
        """Close the connection of a client who took too long."""
        if conn.arrival.data and not conn.sock.unsent:
            with suppress(OSError):
                conn.sock.send(self.tell(conn.client, refusals.TOO_SLOW))
        self.drop(conn)

    def drop(self, conn: Connection) -> None:
        """Close a connection, if it is open."""
        if not conn.is_open:
            return
        self.waiting.forget(conn)
        self.kept -= conn.kept
        self.nr_conns -= 1
        conn.sock.release()

    # ---- Receiving

    def receive(self, conn: Connection) -> None:
        """Read what a client has sent."""
        try:
            data = conn.sock.recv(_MOST_READ)
        except BlockingIOError:
            self.wait_for(conn, READ, self.receive)
            return
        except OSError:
            self.drop(conn)
            return
        if not data:
            self.end(conn)
            return
        if not conn.arrival.data:
            conn.deadline = time.monotonic() + self.bounds.head_seconds
        if conn.pace is not None:
            conn.pace.moved(len(data))
        conn.arrival.data += data
        if self.keep(conn):
            self.look(conn)

    def end(self, conn: Connection) -> None:
        """The client sends no more."""
        if conn.stage is Stage.BODY:
            conn.stage = Stage.WHOLE  # the reader finds that it is incomplete
            self.hand_over(conn)
        else:
            self.drop(conn)

    def look(self, conn: Connection) -> None:
        """Continue with what has arrived of a request."""
        conn.stage = conn.arrival.stage()
        match conn.stage:
            case Stage.HEAD:
                if conn.is_idle:
                    conn.deadline = time.monotonic() + self.idle_seconds()
                self.wait_for(conn, READ, self.receive)
            case Stage.BODY:
                self.await_body(conn)
            case Stage.HUGE_HEAD:
                line = conn.arrival.data.find(b"\r\n", 0, self.cfg.limit_request_line + 2)
                self.refuse(conn, refusals.LONG_LINE if line < 0 else refusals.HUGE_HEAD)
            case Stage.WHOLE | Stage.UPLOAD:
                self.hand_over(conn)

    def await_body(self, conn: Connection) -> None:
        """Wait for the rest of a body."""
        if conn.pace is None:
            conn.pace = Pace(self.bounds)
            try:
                conn.consent()
            except OSError:
                self.drop(conn)
                return
        conn.deadline = conn.pace.deadline
        self.wait_for(conn, READ, self.receive)

    def hand_over(self, conn: Connection) -> None:
        """Pass it on to be answered; `go_on` is called when that is done."""
        raise NotImplementedError

    # ---- Sending

    def refuse(self, conn: Connection, refusal: Refused) -> None:
        """Answer a request without reading the rest of it."""
        conn.arrival.data.clear()
        conn.stays_open = False
        try:
            conn.sock.sendall(self.tell(conn.client, refusal))
        except OSError:
            self.drop(conn)
            return
        self.go_on(conn)

    def go_on(self, conn: Connection) -> None:
        """Send the rest of a response; then read the next request, or close."""
        if not self.keep(conn):
            return
        if conn.sock.unsent:
            conn.deadline = conn.sock.pace.deadline
            self.wait_for(conn, WRITE, self.send)
        elif conn.stays_open:
            self.look(conn)
        else:
            self.say_farewell(conn)

    def send(self, conn: Connection) -> None:
        """Send more of an answer."""
        try:
            conn.sock.send_more()
        except OSError:
            self.drop(conn)
            return
        self.go_on(conn)

    def say_farewell(self, conn: Connection) -> None:
        """Close a connection. If the client may still be sending, close our side first and the rest
        a little later: closed at once, it could not read the response."""
        if conn.is_read and not conn.arrival.data:
            self.drop(conn)
            return
        conn.is_leaving = True
        conn.arrival.data.clear()
        conn.deadline = time.monotonic() + self.bounds.farewell_seconds
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.drop(conn)
            return
        self.wait_for(conn, READ, self.throw_away)

    def throw_away(self, conn: Connection) -> None:
        """Discard the input of a client that is being closed."""
        try:
            data = conn.sock.recv(_MOST_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.thrown_away += len(data)
        if not data or conn.thrown_away > _MOST_THROWN_AWAY:
            self.drop(conn)

    # ---- Deadlines

    def idle_seconds(self) -> float:
        """For how long a connection may be idle."""
        return self.cfg.keepalive if self.alive else self.bounds.farewell_seconds

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """One round of the event loop."""
        super().wait_for_and_dispatch_events(min(timeout, self.bounds.look_seconds))

    def murder_keepalived(self, force: bool = False) -> None:
        """Drop clients that take too long, or all of them."""
        now = time.monotonic()
        if force or now - self.looked_at >= self.bounds.look_seconds:
            self.looked_at = now
            for conn in self.waiting.all():
                if force or conn.deadline <= now:
                    self.give_up(conn)

    def murder_pending(self) -> None:
        """Does nothing: `murder_keepalived` checks all of them."""

    def _cap_keepalive(self, deadline: float) -> None:
        """The process is stopping: wait less for idle clients."""
        for conn in self.waiting.all():
            if conn.is_idle:
                conn.deadline = min(conn.deadline, deadline)

    # ---- Errors

    def tell(self, client: Any, refusal: Refused, error: Exception | None = None) -> bytes:
        """The response of a refusal, which it logs."""
        request_id = refusals.new_request_id()
        about = {"request_id": request_id, "status": refusal.status, "code": refusal.code}
        if refusal.status == 500 and error is not None:
            log.error("internal_error", **about, **logs.about(error))
        else:
            said = str(error or refusal)[:_LONGEST_SAID]
            address = client[0] if isinstance(client, tuple) else None
            log.info("refused", **about, address=address, error=said)
        return refusal.answer(request_id)

    def fail(self, conn: Connection, error: Exception) -> None:
        """Handle an unexpected error here: the other connections must go on."""
        log.error("internal_error", **logs.about(error))
        self.drop(conn)
