"""A web process without gunicorn's master: its event loop in a thread, in front of an app."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from dataclasses import replace

import pytest
from gunicorn.config import Config

from webapp.serving.bounds import Bounds
from webapp.serving.log import Log
from webapp.serving.worker import Worker

# Short, so that tests of slow clients are quick; long enough for our clients on a busy machine.
QUICK = {"look_seconds": 0.02, "farewell_seconds": 0.3}


class Site:
    """An app, and the process that serves it."""

    def __init__(self, app, *, proxies=0, threads=12, connections=900, **bounds):
        config = Config()
        for name, value in (
            ("threads", threads),
            ("worker_connections", connections),
            ("keepalive", 30),
            ("graceful_timeout", 5),
            ("forwarder_headers", ""),
            ("secure_scheme_headers", {}),
            ("sendfile", False),
        ):
            config.set(name, value)
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = listener.getsockname()[1]
        quick = {"bounds": replace(Bounds(), **QUICK | bounds), "proxies": proxies}
        worker = self.worker = type("Quick", (Worker,), quick)(
            0, os.getppid(), [listener], None, 30, config, Log(config)
        )
        worker.wsgi = app
        worker.poller = selectors.DefaultSelector()
        worker.method_queue.init()
        worker.tpool = worker.get_thread_pool()
        self._thread = threading.Thread(target=worker.run)
        self._thread.start()

    def connect(self, sent=b"", *, window=None):
        """A client's connection. `window` is how much it accepts without reading it."""
        conn = socket.socket()
        if window is not None:
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        conn.settimeout(10)
        conn.connect(("127.0.0.1", self.port))
        conn.sendall(sent)
        return conn

    def ask(self, sent):
        """The whole answer to a request that says `Connection: close`."""
        with self.connect(sent) as conn:
            return read_all(conn)

    def stop(self):
        self.worker.alive = False
        self.worker.method_queue.defer(lambda: None)
        self._thread.join(20)
        assert not self._thread.is_alive()
        self.worker.tmp.close()


def get(path="/", *headers):
    """A request that closes its connection."""
    return lines(f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers)


def lines(*said):
    return "".join(f"{line}\r\n" for line in (*said, "")).encode()


def read_all(conn):
    """Everything that arrives until the other side closes the connection."""
    parts = []
    while part := conn.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def read_answer(conn, data=b""):
    """One answer with a length, and what follows it. `data` is what has already been read."""
    while b"\r\n\r\n" not in data:
        part = conn.recv(65_536)
        assert part, data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        part = conn.recv(65_536)
        assert part, data
        body += part
    return head, body[:length], body[length:]


@pytest.fixture
def serve():
    """Serves apps until the test is over."""
    with contextlib.ExitStack() as stack:

        def serve_app(app, **options):
            site = Site(app, **options)
            stack.callback(site.stop)
            return site

        yield serve_app


@pytest.fixture
def many(serve):
    """Makes many connections at once, closed at the end."""
    with contextlib.ExitStack() as stack:

        def connect(site, count, sent, **options):
            made = [site.connect(sent, **options) for _ in range(count)]
            for conn in made:
                stack.callback(conn.close)
            return made

        yield connect


def hello(environ, start_response):
    """An app that reads nothing."""
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def echo(environ, start_response):
    """An app that says how long the body was."""
    try:
        body = str(len(environ["wsgi.input"].read())).encode()
    except TimeoutError:
        body = b"too slow"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
