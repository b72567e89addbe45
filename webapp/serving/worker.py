"""A web process: gunicorn's threaded worker, in which no thread waits for a client.

The event loop reads a request until it is complete, and only then takes a thread for it. Uploads
are read by their own threads, with a minimum pace.
"""

from __future__ import annotations

import math
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from webapp.http.streams import ENVIRON, HandedOver
from webapp.serving import refusals
from webapp.serving.arrival import Stage
from webapp.serving.event_loop import READ, WRITE, EventLoop
from webapp.serving.streams import Streams
from webapp.serving.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from webapp.serving.connection import Connection, Socket

# Threads that one caller leaves to others.
_LEFT_TO_OTHERS: Final = 6
# Bytes read at once of a client that only listens.
_MOST_HEARD: Final = 4_096


class Worker(EventLoop):
    """What happens in threads, and how connections get there and back."""

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse configurations that this does not support."""
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.proxy_protocol != "off" or "h2" in cfg.http_protocols:
            sys.exit("Coffer only speaks HTTP/1.1; a proxy in front of it may speak more.")

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Create the pools of this process; return the one that gunicorn knows."""
        most, threads, answer = self.bounds, self.cfg.threads, self.answer
        of_caller = max(threads - _LEFT_TO_OTHERS, 1)
        self.requests = Turns("requests", threads, of_caller, most.in_line, answer)
        self.uploads = Turns(
            "uploads", most.upload_threads, most.uploads_of_caller, most.uploads_in_line, answer
        )
        self.streams = Streams(lambda *more: self.method_queue.defer(self.stream, *more))
        of_health = most.health_threads
        self.health = Turns("health", of_health, of_health, most.in_line, answer)
        return self.requests.pool

    @property
    def wsgi(self) -> Callable[..., Any]:
        """The app, which is offered to keep connections; gunicorn sets it."""
        return self.offer

    @wsgi.setter
    def wsgi(self, app: Callable[..., Any]) -> None:
        self.app_itself = app

    def offer(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Let the app answer; called in a thread, by gunicorn's `handle_request`."""
        environ[ENVIRON] = self.streams
        return self.app_itself(environ, start_response)

    def run(self) -> None:
        """Serve until told to stop."""
        super().run()
        self.streams.close()
        for turns in (self.uploads, self.health):
            turns.pool.shutdown(wait=False)

    def hand_over(self, conn: Connection) -> None:
        """Let a thread answer."""
        self.waiting.leave(conn)
        if conn.stage is Stage.UPLOAD:
            turns = self.uploads
        else:
            turns = self.health if conn.arrival.is_about_health else self.requests
        if not turns.come(conn.arrival.caller(self.proxies) or conn.host, conn):
            self.refuse(conn, refusals.TOO_MANY)

    def murder_keepalived(self, force: bool = False) -> None:
        """Drop clients that take too long, and answer those that have waited too long for the
        caller's other requests."""
        super().murder_keepalived(force)
        for conn in self.requests.overdue(self.bounds.in_line_seconds):
            self.refuse(conn, refusals.BUSY)

    def answer(self, conn: Connection) -> None:
        """Answer a request; called in a thread."""
        stays_open = False
        try:
            stays_open = self.handle(conn)
            conn.sock.sends_head = False
            if conn.sock.unsent:
                conn.sock.send_more()
        finally:
            self.method_queue.defer(self.finish, conn, stays_open)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer one request; called in a thread, by gunicorn's `handle`."""
        refusals.check(req)
        req._expected_100_continue = False  # consent is given when the body is read
        if conn.stage is Stage.UPLOAD:
            req.force_close()
        conn.sock.sends_head = True
        try:
            return super().handle_request(req, conn)
        except HandedOver as handed:
            conn.listener = handed.listener
            return True

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Whether the connection can go on; called in a thread, by gunicorn's `handle`."""
        if conn.stage is Stage.UPLOAD:
            return False
        # Nobody can be told about an error in the rest of a body: the response has been sent.
        with suppress(Exception):
            conn.is_read = conn.parser.finish_body()
        return keepalive and conn.is_read

    def handle_error(
        self,
        req: Any,  # noqa: ARG002  # gunicorn's signature
        client: Socket,
        addr: Any,
        exc: Exception,
    ) -> None:
        """Answer if nothing else can; called in a thread, by gunicorn's `handle`."""
        with suppress(OSError):
            client.sendall(self.tell(addr, refusals.of(exc), exc))

    def finish(self, conn: Connection, stays_open: bool) -> None:
        """A thread is done with a connection; the client may still have to read the response."""
        conn.stays_open = stays_open
        conn.begin_again()
        conn.deadline = time.monotonic() + self.bounds.head_seconds
        try:
            if conn.listener is None:
                self.go_on(conn)
            elif self.streams.add(conn, conn.listener):
                self.listen(conn)
            else:
                self.end_stream(conn)
        except Exception as error:  # noqa: BLE001  # one connection must not end all others
            self.fail(conn, error)

    def _cap_keepalive(self, deadline: float) -> None:
        """The process is stopping: end the streams, whose clients go on with another one."""
        self.streams.close()
        for conn in self.waiting.all():
            if conn.listener is not None:
                self.stream(conn, None)
        super()._cap_keepalive(deadline)

    # ---- Responses that go on

    def stream(self, conn: Connection, data: bytes | None) -> None:
        """Send more of a response that goes on, or end it."""
        if not conn.is_open or conn.listener is None:
            return
        try:
            if data is None:
                self.end_stream(conn)
            elif len(conn.sock.unsent) > self.bounds.unsent_of_stream:
                self.drop(conn)  # it reads too slowly: it can come back, and go on from there
            else:
                conn.sock.sendall(b"%x\r\n%b\r\n" % (len(data), data))
                self.listen(conn)
        except OSError:
            self.drop(conn)
        except Exception as error:  # noqa: BLE001  # one connection must not end all others
            self.fail(conn, error)

    def listen(self, conn: Connection) -> None:
        """Send what is left of a stream, and see when its client is gone."""
        if not self.keep(conn):
            return
        if conn.sock.unsent:
            conn.deadline = conn.sock.pace.deadline
            self.wait_for(conn, WRITE, self.send_stream)
        else:
            conn.deadline = math.inf
            self.wait_for(conn, READ, self.hear)

    def send_stream(self, conn: Connection) -> None:
        """The client reads again."""
        try:
            conn.sock.send_more()
        except OSError:
            self.drop(conn)
            return
        self.listen(conn)

    def hear(self, conn: Connection) -> None:
        """The client sends something, which is of no use, or is gone."""
        try:
            data = conn.sock.recv(_MOST_HEARD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(conn)

    def end_stream(self, conn: Connection) -> None:
        """Say that the response is complete, and close the connection."""
        self.streams.remove(conn)
        conn.listener = None
        conn.stays_open = False
        conn.sock.sendall(b"0\r\n\r\n")
        self.go_on(conn)

    def drop(self, conn: Connection) -> None:
        """Close a connection, if it is open."""
        if conn.listener is not None:
            self.streams.remove(conn)
        super().drop(conn)
