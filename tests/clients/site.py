"""A web server on loopback that answers with exactly the bytes it is told to, however wrong.

`http.server` would correct most of what these tests are about.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Self

ARTICLE = b"""<!doctype html><html lang="en-GB"><head><title>Harvest | The Daily</title>
<meta name="author" content="Jane Doe">
<meta property="article:published_time" content="2024-03-01T10:11:12+02:00"></head>
<body><nav><a href="/">Home</a> <a href="/news">News</a></nav>
<article><h1>A good harvest</h1>
<p>The apples came early this year, and there were more of them than anyone had expected.</p>
<p>In the valley the pickers worked until dusk, and on some days well into the night.</p>
<p>Prices fell by a third, which pleased the bakers and worried the growers.</p></article>
<footer>Imprint, privacy, terms</footer></body></html>"""


def response(body: bytes = ARTICLE, status: str = "200 OK", **headers: str | None) -> bytes:
    """A whole HTTP answer. `content_type=None` leaves a header out."""
    fields: dict[str, str | None] = {
        "content_type": "text/html",
        "content_length": str(len(body)),
        "connection": "close",
        **headers,
    }
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


def text(body: bytes = b"Just text.", status: str = "200 OK", **headers: str | None) -> bytes:
    """Plain text, which needs no parser: most rules are about what comes before one."""
    return response(body, status, **{"content_type": "text/plain", **headers})


def redirect(location: str | None, status: str = "302 Found") -> bytes:
    return response(b"", status, location=location)


class Connection:
    """One client's connection, as a page's function sees it."""

    def __init__(self, site: Site, connection: socket.socket) -> None:
        self._site = site
        self._connection = connection

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def forever(self, data: bytes, *, every: float) -> None:
        """Send `data` again and again until the client or the test has had enough."""
        while not self._site.closing.wait(every):
            self.send(data)

    def keep_silent(self) -> None:
        """Wait until the test has had enough."""
        self._site.closing.wait()

    def reset(self) -> None:
        """Close the connection as a crashed server does."""
        no_time = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_time)
        self._connection.close()


Answer = bytes | Callable[[Connection], None]


class Site:
    """Serves `pages`, an answer for each path, and keeps the head of every request.

    With `answers_at_once` the answer for "/" comes before anything is read.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.pages: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.answers_at_once = False
        self.ended: SimpleQueue[None] = SimpleQueue()  # gets one for each connection that is closed
        self.closing = threading.Event()
        self._ssl_context = ssl_context
        self._listener = socket.create_server((host, 0))
        self.address = self._listener.getsockname()[:2]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def url(self, path: str = "/", *, scheme: str = "http", host: str | None = None) -> str:
        return f"{scheme}://{host or self.address[0]}:{self.address[1]}{path}"

    def dial(self, _address: tuple[str, int], timeout: float) -> socket.socket:
        """Connect here, whatever the address: for the `dial` of a `Gate`."""
        return socket.create_connection(self.address, timeout)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self._ssl_context is not None:
                # Python leaks the socket if the client has gone away when it is wrapped.
                connection.recv(1, socket.MSG_PEEK)
                connection = self._ssl_context.wrap_socket(connection, server_side=True)
            with connection:
                head = b"" if not self.answers_at_once else b"GET / HTTP/1.1\r\n\r\n"
                while b"\r\n\r\n" not in head:
                    part = connection.recv(65536)
                    if not part:
                        return
                    head += part
                self.requests.append(head.decode())
                answer = self.pages.get(head.split()[1].decode(), response(b"", "404 Not Found"))
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                else:
                    answer(Connection(self, connection))
            self.ended.put(None)


def dns(*answers: str | list[str]) -> Callable[..., list[tuple[Any, ...]]]:
    """A stand-in for `getaddrinfo`: one answer for each look-up, the last for all further ones."""
    left = list(answers)

    def resolve(_host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        addresses = [found] if isinstance(found, str) else found
        return [(0, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve
