"""A client's connection: what came of its request, and what it has yet to take of its answer."""

from __future__ import annotations

import errno
import select
import socket
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn

from webapp.serving.arrival import Arrival, Stage
from webapp.serving.bounds import Pace

if TYPE_CHECKING:
    from webapp.serving.bounds import Bounds

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Socket(socket.socket):
    """A socket that never blocks, whatever gunicorn asks of it, so that a thread waits for a client
    only where it says so, and with a deadline. It is the event loop's to close."""

    def __init__(self, accepted: socket.socket, bounds: Bounds) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        super().setblocking(False)
        self._bounds = bounds
        self._is_behind = False
        self.unsent = bytearray()
        self.pace = Pace(bounds)
        # Whether what is sent next is a head, which goes together with what follows it.
        self.sends_head = False

    def setblocking(self, flag: bool) -> None:
        """Nothing: it stays as it is."""

    def settimeout(self, value: float | None) -> None:
        """Nothing: it stays as it is."""

    def close(self) -> None:
        """Neither send nor receive any more."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close it."""
        super().close()

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send, or keep what the client does not take at once for the event loop to send. Raises
        BrokenPipeError where that is too much and the client takes too long over it."""
        if self.sends_head:
            self.sends_head = False
            self.unsent += data
            return
        if not self.unsent:
            try:
                sent = self.send(data, flags)
            except BlockingIOError:
                sent = 0
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
        self.unsent += data
        self.send_more()
        while len(self.unsent) > self._bounds.unsent_bytes:
            if not self.waits_for(select.POLLOUT, self.pace.deadline):
                raise BrokenPipeError(errno.EPIPE, "the client takes too long to read")
            self.send_more()

    def consent(self) -> None:
        """Tell a client that waits for it to send the body; it has room for that, since nothing was
        sent before."""
        self.send(_CONTINUE)

    def send_more(self) -> None:
        """Send of what is unsent as much as the client takes."""
        try:
            sent = self.send(self.unsent)
        except BlockingIOError:
            sent = 0
        del self.unsent[:sent]
        if not self._is_behind:
            self.pace = Pace(self._bounds)
        self._is_behind = bool(self.unsent)
        self.pace.moved(sent)

    def waits_for(self, event: int, deadline: float) -> bool:
        """Wait until it can be read or written; whether that is so before the deadline."""
        waiting = select.poll()
        waiting.register(self, event)
        return bool(waiting.poll(max(0.0, deadline - monotonic()) * 1000))


class Reader(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """Where gunicorn reads a request from: what has come, and of an upload also what is to come."""

    def __init__(self, sock: Socket) -> None:
        super().__init__()
        self._sock = sock
        self.come: list[bytes] = []
        self.pace: Pace | None = None  # None where all of the request has come
        self.owes_consent = False

    def take_buffered(self) -> bytes:
        """What of all that has come was not read."""
        left = b"".join([super().take_buffered(), *self.come])
        self.come = []
        return left

    def chunk(self, size_hint: int | None = None) -> bytes:
        """More of it. Raises TimeoutError where it does not come as quickly as it has to."""
        if self.come:
            return self.come.pop(0)
        if self.pace is None:
            return b""
        if self.owes_consent:
            self.owes_consent = False
            self._sock.consent()
        while self._sock.waits_for(select.POLLIN, self.pace.deadline):
            try:
                data = self._sock.recv(min(max(size_hint or 0, 8_192), 262_144))
            except BlockingIOError:
                continue
            self.pace.moved(len(data))
            return data
        raise TimeoutError(errno.ETIMEDOUT, "the body comes too slowly")


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """One connection, from one request to the next."""

    def __init__(self, cfg: Any, sock: Socket, client: Any, server: Any, bounds: Bounds) -> None:
        super().__init__(cfg, sock, client, server)
        self.data_ready = True  # for gunicorn, which would else wait for some
        self._bounds = bounds
        self.host: str = client[0] if isinstance(client, tuple) else ""
        self.arrival = Arrival(bounds)
        self.stage = Stage.HEAD
        self.pace: Pace | None = None  # of the body
        self.deadline = 0.0
        self.kept = 0
        self.was_served = False
        self.has_consent = False
        self.is_read = False  # all of the request, to its last byte
        self.stays_open = True
        self.is_leaving = False
        # For the event loop: what its poller looks for, and whether it counts among the unfinished
        # ones of its address.
        self.polled_for = 0
        self.is_counted = False
        self.thrown_away = 0

    @property
    def is_open(self) -> bool:
        """Whether it was not closed."""
        return bool(self.sock.fileno() >= 0)

    @property
    def is_idle(self) -> bool:
        """Whether it was served, and has not begun another request."""
        return not (self.arrival.data or self.sock.unsent or self.is_leaving or not self.was_served)

    def init(self) -> None:
        """Make the parser, and give it what has come. Called in a thread, for each request."""
        if not self.initialized:
            super().init()
            self.parser.unreader = Reader(self.sock)
        reader: Reader = self.parser.unreader
        reader.come += self.arrival.take()
        self.is_read = False
        is_upload = self.stage is Stage.UPLOAD
        reader.pace = Pace(self._bounds) if is_upload else None
        reader.owes_consent = is_upload and self.arrival.expects_continue

    def begin_again(self) -> None:
        """Be ready for the next request, which may have come behind the last one."""
        left = self.parser.unreader.take_buffered() if self.parser is not None else b""
        self.arrival = Arrival(self._bounds, left)
        self.pace = None
        self.was_served = True
        self.has_consent = False

    def consent(self) -> None:
        """Tell a client that waits for it to send the body. Raises OSError where it is gone."""
        if not self.has_consent and self.arrival.expects_continue:
            self.has_consent = True
            self.sock.consent()
