"""Strangers cannot stop the web, and get nowhere with odd requests."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import time

import pytest

from tests import databases
from tests.processes import eventually, serving

HEAD = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
STALLED_BODY = HEAD + b"Content-Length: 100\r\n\r\n{"
SLOW_HEAD = b"GET /api/items HTTP/1.1\r\nHost: loc"
STALLED_UPLOAD = (
    b"POST /api/imports HTTP/1.1\r\nHost: localhost\r\nX-Dev-User-Id: mallory\r\n"
    b"Content-Type: text/html\r\nContent-Length: 5000000\r\n\r\n<"
)


@pytest.fixture(scope="module")
def database(server_url):
    with databases.new_database(server_url, f"coffer_strangers_{os.getpid()}") as database:
        yield database


@pytest.fixture(scope="module")
def web(database):
    with serving(database, WEB_CONCURRENCY="2") as api:
        yield api


@pytest.fixture
def strangers(web):
    """Makes connections that send something and then nothing more."""
    with contextlib.ExitStack() as stack:

        def connect(count, sent):
            for _ in range(count):
                conn = socket.create_connection(("127.0.0.1", web.port), timeout=10)
                stack.enter_context(conn).sendall(sent)

        yield connect


@pytest.mark.parametrize(
    ("count", "sent"),
    [(40, STALLED_BODY), (60, SLOW_HEAD), (60, STALLED_UPLOAD)],
    ids=["bodies", "heads", "uploads"],
)
def test_clients_that_stop_in_the_middle_stop_nobody_else(web, strangers, count, sent):
    strangers(count, sent)
    for path in ("/health", "/api/items/pending"):
        began = time.monotonic()
        assert web("GET", path)[0] == 200
        assert time.monotonic() - began < 5


def test_uploads_of_one_member_that_stop_stop_nobody_elses(web, strangers):
    strangers(24, STALLED_UPLOAD)
    lines = b"".join(b'{"type": "item", "source_type": "note"}\n' for _ in range(40_000))
    conn = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    headers = {"X-Dev-User-Id": "ana", "Content-Type": "application/x-ndjson"}
    with contextlib.closing(conn):
        began = time.monotonic()
        conn.request("POST", "/api/imports", lines, headers)
        answer = conn.getresponse()
        assert (answer.status, answer.read()[:1]) == (201, b"{")
        assert time.monotonic() - began < 15


def ask(web, sent):
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as conn:
        conn.sendall(sent)
        return conn.recv(65_536)


def test_a_header_reaches_no_other_address(web):
    for name in (b"SCRIPT_NAME", b"Script_Name"):
        sent = b"GET /public/metrics HTTP/1.1\r\nHost: localhost\r\n%s: /public\r\n\r\n" % name
        assert ask(web, sent).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_bad_request_is_one_short_line_of_the_log(database, environment):
    with serving(database, COFFER_ENV=environment, SECRET_KEY="x" * 40, WEB_CONCURRENCY="1") as api:
        eventually(lambda: "/health" in api.process.log())
        before = len(api.process.log())
        assert ask(api, b"HELLO WORLD HEY\r\n").startswith(b"HTTP/1.1 400")
        eventually(lambda: "refused" in api.process.log()[before:])
    said = api.process.log()[before:].splitlines()[0]
    assert len(said) < 400
    if environment == "production":
        assert json.loads(said)["code"] == "bad_request"
    assert "Traceback" not in api.process.log()
