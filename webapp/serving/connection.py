"""A client's connection: what has arrived of its request, and what it has yet to read of its
response."""

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
    from webapp.http.streams import Listener
    from webapp.serving.bounds import Bounds

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Socket(socket.socket):
    """A socket that never blocks, whatever gunicorn asks of it, so that a thread only waits for a
    client where it says so, and with a deadline. The event loop closes it."""

    def __init__(self, accepted: socket.socket, bounds: Bounds) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        super().setblocking(False)
        self._bounds = bounds
        self._is_behind = False
        self.unsent = bytearray()
        self.pace = Pace(bounds)
        # Whether a head is sent next, which is combined with what follows it.
        self.sends_head = False

    def setblocking(self, flag: bool) -> None:
        """Ignored: it stays non-blocking."""

    def settimeout(self, value: float | None) -> None:
        """Ignored: it stays non-blocking."""

    def close(self) -> None:
        """Stop sending and receiving."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close it."""
        super().close()

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send, or keep what the client does not read at once for the event loop to send. Raises
        BrokenPipeError if that is too much and the client reads too slowly."""
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
        """Tell a waiting client to send the body; there is room in its buffer, since nothing was
        sent before."""
        self.send(_CONTINUE)

    def send_more(self) -> None:
        """Send as much of the unsent data as the client reads."""
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
        """Wait until it can be read or written; return whether that happened before the
        deadline."""
        waiting = select.poll()
        waiting.register(self, event)
        return bool(waiting.poll(max(0.0, deadline - monotonic()) * 1000))


class Reader(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """The source gunicorn reads a request from: what has arrived and, for an upload, what is still
    to arrive."""

    def __init__(self, sock: Socket) -> None:
        super().__init__()
        self._sock = sock
        self.come: list[bytes] = []
        self.pace: Pace | None = None  # None if the whole request has arrived
        self.owes_consent = False

    def take_buffered(self) -> bytes:
        """The part of the received data that was not read."""
        left = b"".join([super().take_buffered(), *self.come])
        self.come = []
        return left

    def chunk(self, size_hint: int | None = None) -> bytes:
        """More data. Raises TimeoutError if it arrives too slowly."""
        if self.come:
            return self.come.pop(0)
        if self.pace is None:
            return b""
        if self.owes_consent:
            self.owes_consent = False
            self._sock.consent()
        while True:
            try:
                data = self._sock.recv(min(max(size_hint or 0, 8_192), 262_144))
            except BlockingIOError:
                if not self._sock.waits_for(select.POLLIN, self.pace.deadline):
                    break
            else:
                self.pace.moved(len(data))
                return data
        raise TimeoutError(errno.ETIMEDOUT, "the body comes too slowly")


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """One connection, from one request to the next."""

    def __init__(self, cfg: Any, sock: Socket, client: Any, server: Any, bounds: Bounds) -> None:
        super().__init__(cfg, sock, client, server)
        self.data_ready = True  # for gunicorn, which would otherwise wait for some
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
        # For the event loop: what its poller watches for, and whether it counts as an unfinished
        # one of its address.
        self.polled_for = 0
        self.is_counted = False
        self.thrown_away = 0
        # For whom its response goes on, if it does.
        self.listener: Listener | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return bool(self.sock.fileno() >= 0)

    @property
    def is_idle(self) -> bool:
        """Whether it was served and has not started another request."""
        return not (self.arrival.data or self.sock.unsent or self.is_leaving or not self.was_served)

    def init(self) -> None:
        """Create the parser with what has arrived. Called in a thread, for each request."""
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
        """Prepare for the next request, which may already have arrived."""
        left = self.parser.unreader.take_buffered() if self.parser is not None else b""
        self.arrival = Arrival(self._bounds, left)
        self.pace = None
        self.was_served = True
        self.has_consent = False

    def consent(self) -> None:
        """Tell a waiting client to send the body. Raises OSError if it is gone."""
        if not self.has_consent and self.arrival.expects_continue:
            self.has_consent = True
            self.sock.consent()
