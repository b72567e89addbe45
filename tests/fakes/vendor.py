"""What fakes of services on loopback have in common."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import urlsplit

Made = TypeVar("Made", bound="Vendor")


@dataclass
class Seen:
    """A request that came in."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, bytes]:
        """The parts of a form, by name; the file's own headers are left in front of it."""
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        found = {}
        for part in self.body.split(b"--" + boundary)[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            name = head.split(b'name="', 1)[1].split(b'"', 1)[0].decode()
            found[name] = content.removesuffix(b"\r\n")
        return found


class Vendor(ThreadingHTTPServer):
    """Answers by `answer`, or with what is in `answers_next`: (status, body or None, headers). None
    of these answers is counted. A status of 0 breaks the connection off."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[Seen] = []
        self.answers_next: list[tuple[int, Any, dict[str, str]]] = []
        self.lock = threading.RLock()

    def answer(self, asked: Seen) -> tuple[int, Any, dict[str, str]]:
        raise NotImplementedError

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed: a client that breaks off is part of the tests."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Vendor

    def log_message(self, *_: object) -> None:
        pass

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):
            super().handle_one_request()

    def do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it was killed in the middle
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Seen(self.command, parts.path, parts.query, headers, body)
        with self.server.lock:
            self.server.seen.append(asked)
            planned = self.server.answers_next.pop(0) if self.server.answers_next else None
        status, said, more = planned or self.server.answer(asked)
        if status == 0:
            self.close_connection = True
            return
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        trailer = more.pop("trailer", None)
        with suppress(OSError):
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            if trailer is None:
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Trailer", "X-Stream-Error")
            self.end_headers()
            if content:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
            self.wfile.write(b"0\r\nX-Stream-Error: " + trailer.encode() + b"\r\n\r\n")

    do_GET = do_POST = do  # noqa: N815 -- the names that the base class calls


@contextmanager
def running(server: Made) -> Iterator[Made]:
    """One that runs until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
