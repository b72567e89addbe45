"""Web and workers as real processes, and what they survive: kills, restarts, a hanging database."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import databases
from tests.processes import eventually, running, serving, within

LEFT = "SELECT count(*) FROM outbox WHERE kind = 'enrich_items'"
NOTE = {"source_type": "note", "raw_text": "The oak posts have to be ordered before Friday."}
# This leaves no work behind for the next test's worker.
QUIET = NOTE | {"enrich": False}


@pytest.fixture(scope="module")
def private():
    """A server and a database for this module alone, which it may stop and freeze."""
    with (
        databases.private_server() as server,
        databases.new_database(server.url(), "coffer_processes") as database,
    ):
        yield server, database


@pytest.fixture(scope="module")
def web(private):
    with serving(private[1], WEB_CONCURRENCY="2", WEB_THREADS="8") as api:
        yield api


@pytest.fixture
def rows(private):
    """Queries the database as its owner."""

    def ask(query, *values):
        with private[1].connect() as conn:
            return conn.execute(query, values or None).fetchall()

    return ask


class SlowProvider(ThreadingHTTPServer):
    """A chat endpoint that answers when it is told to, and counts its callers."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.asked = 0
        self.answering = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        """Nothing is printed: a worker that was killed does not wait for its answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.asked += 1
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.answering.wait(20)
            found = {
                "title": "Order oak posts",
                "summary": "The posts are needed before Friday.",
                "tags": [{"name": "garden", "confidence": 0.9}],
                "language": "en",
            }
            message = {"role": "assistant", "content": json.dumps(found)}
            body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass


@pytest.fixture
def provider():
    server = SlowProvider()
    yield server
    server.answering.set()
    server.shutdown()
    server.server_close()


def worker(private, provider=None, *options):
    variables = {}
    if provider is not None:
        variables = {"AI_URL": provider.url, "AI_MODEL": "m", "AI_KEY": "sk-secret"}
    command = ("coffer", "work", "--every", "100ms", *options)
    return running(*command, database=private[1], **variables)


def capture(web, **headers):
    status, _, item = web("POST", "/api/items", NOTE, **headers)
    assert status == 201, item
    return item["id"]


def status_of(web, item_id):
    return web("GET", f"/api/items/{item_id}")[2]["status"]


def events_of(web, item_id):
    return [each["event"] for each in web("GET", f"/api/items/{item_id}/events")[2]["items"]]


def test_the_main_job_capture_enrich_confirm(web, private):
    with worker(private):
        item_id = capture(web, **{"X-Request-Id": "capture-1"})
        eventually(lambda: status_of(web, item_id) == "ready_to_confirm")
        _, _, item = web("GET", f"/api/items/{item_id}")
        assert item["title"]
        assert item["summary"]
        assert 1 <= len(item["suggestions"]) <= 3
        assert web("PATCH", f"/api/items/{item_id}", {"action": "confirm"})[0] == 200
        _, _, timeline = web("GET", f"/api/items/{item_id}/events")
    steps = [(each["event"], each["request_id"]) for each in timeline["items"]]
    assert steps[:2] == [("item.created", "capture-1"), ("item.enriched", "capture-1")]
    assert steps[2][0] == "item.confirmed"


def test_a_worker_killed_in_the_middle_enriches_exactly_once(web, private, provider, rows):
    item_id = capture(web)
    with worker(private, provider, "--lease", "2s") as killed:
        eventually(lambda: provider.asked == 1)
        killed.kill()
        killed.wait()
    provider.answering.set()
    with worker(private, provider, "--lease", "2s"):
        eventually(lambda: status_of(web, item_id) == "ready_to_confirm")
    assert provider.asked == 2
    assert events_of(web, item_id) == ["item.created", "item.enriched"]
    assert rows(LEFT) == [(0,)]


def test_an_item_discarded_while_its_enrichment_runs_stays_discarded(web, private, provider, rows):
    item_id = capture(web)
    with worker(private, provider) as working:
        eventually(lambda: provider.asked == 1)
        assert web("PATCH", f"/api/items/{item_id}", {"action": "discard"})[0] == 200
        provider.answering.set()
        eventually(lambda: rows(LEFT) == [(0,)])
    _, _, item = web("GET", f"/api/items/{item_id}")
    assert (item["status"], item["title"], item["suggestions"]) == ("discarded", None, [])
    assert events_of(web, item_id) == ["item.created", "item.discarded"]
    assert "dropped" in working.log()
    for fault in ("error", "warning", "Traceback"):
        assert fault not in working.log()


def test_sigterm_finishes_what_is_in_hand(web, private, provider):
    item_id = capture(web)
    with worker(private, provider) as stopping:
        eventually(lambda: provider.asked == 1)
        stopping.terminate()
        stopping.terminate()
        provider.answering.set()
        assert stopping.wait(10) == 0
    assert status_of(web, item_id) == "ready_to_confirm"
    assert "sk-secret" not in stopping.log()


def test_once_drains_and_ends(web, private):
    items = [capture(web) for _ in range(6)]
    with worker(private, None, "--once") as draining:
        assert draining.wait(20) == 0
    assert {status_of(web, item_id) for item_id in items} == {"ready_to_confirm"}


def test_health_says_so_within_two_seconds_when_the_database_hangs_and_when_it_goes_on(
    web, private
):
    server, _ = private
    with frozen(server):
        for _ in range(3):
            status, _, body = within(2, lambda: web("GET", "/health"))
            assert (status, body["postgres"]) == (503, "failing")
    eventually(lambda: web.status("/health") == 200)
    assert web("POST", "/api/items", QUIET)[0] == 201


def test_health_answers_while_sixty_clients_wait_for_a_database_that_hangs(web, private):
    server, _ = private
    ended = threading.Event()
    asked, answers = [], []

    def insist():
        while not ended.is_set():
            asked.append(threading.get_ident())
            with contextlib.suppress(OSError):
                answers.append(web("GET", "/api/items/pending", timeout=30)[0])

    crowd = [threading.Thread(target=insist) for _ in range(60)]
    for client in crowd:
        client.start()
    try:
        with frozen(server):
            before = len(asked)
            eventually(lambda: len(set(asked[before:])) == len(crowd) or 503 in answers)
            for _ in range(3):
                assert within(2, lambda: web("GET", "/health"))[0] == 503
            eventually(lambda: 503 in answers)
    finally:
        ended.set()
        for client in crowd:
            client.join()
    eventually(lambda: web.status("/health") == 200)
    assert web("POST", "/api/items", QUIET)[0] == 201


@contextlib.contextmanager
def frozen(server):
    """Freeze every process of a server, first the one that would start others; thaw them later."""
    pids = [server.pid()]
    os.kill(pids[0], signal.SIGSTOP)
    # Freezing only the postmaster would leave the backends of open connections running.
    pids += children_of(pids[0])
    for pid in pids[1:]:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def children_of(pid):
    asked = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in asked.stdout.split()]


def test_web_worker_and_clock_outlive_a_restart_of_the_database(web, private):
    server, database = private
    port = server.port()
    clock = running("coffer", "clock", database=database)
    with worker(private) as working, clock as ticking:
        eventually(lambda: "worker_started" in working.log() and "clock_started" in ticking.log())
        server.stop()
        assert web("GET", "/api/items/pending", timeout=15)[0] == 503
        server.start(databases.UNSAFE | {"max_connections": "300"}, port=port)
        eventually(lambda: web.status("/health") == 200)
        item_id = capture(web)
        eventually(lambda: status_of(web, item_id) == "ready_to_confirm", seconds=15)
        assert working.poll() is None
        assert ticking.poll() is None


def test_two_hundred_clients_at_once_get_answers(web):
    def call(number):
        if number % 2:
            return web("GET", "/api/items/pending", timeout=30)[0]
        return web("POST", "/api/items", QUIET, timeout=30, **{"X-Dev-User-Id": "crowd"})[0]

    with ThreadPoolExecutor(200) as threads:
        assert set(threads.map(call, range(200))) == {200, 201}


def test_twenty_identical_posts_at_once_over_two_processes(web, rows):
    def call(_):
        status, _, item = web("POST", "/api/items", QUIET, **{"Idempotency-Key": "twenty"})
        return status, item["id"]

    before = rows("SELECT count(*) FROM items")[0][0]
    with ThreadPoolExecutor(20) as threads:
        answers = set(threads.map(call, range(20)))
    assert len(answers) == 1
    assert rows("SELECT count(*) FROM items")[0][0] == before + 1


def test_a_body_that_is_too_large_is_refused_before_it_is_read(web):
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as conn:
        conn.sendall(
            b"POST /api/items HTTP/1.1\r\nHost: localhost\r\nX-Dev-User-Id: ana\r\n"
            b"Content-Type: application/json\r\nContent-Length: 50000000000\r\n\r\n"
        )
        assert conn.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_body_that_never_ends_is_refused_at_the_limit(web):
    # What has been read when the limit is reached is a valid item, followed by white space.
    spaces = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    item = json.dumps(NOTE).encode()
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as conn:
        conn.sendall(
            b"POST /api/items HTTP/1.1\r\nHost: localhost\r\nX-Dev-User-Id: ana\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"%x\r\n%s\r\n"
            % (len(item), item)
        )
        with contextlib.suppress(OSError):
            for _ in range(200):
                conn.sendall(spaces)
        assert conn.recv(4096).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("chunk", [b"ZZ\r\n{}\r\n", b"-5\r\n{}\r\n", b"2\r\n{}ZZ", b"5\r\n{}"])
def test_a_body_in_malformed_chunks_is_400(web, chunk):
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as conn:
        conn.sendall(
            b"POST /api/items HTTP/1.1\r\nHost: localhost\r\nX-Dev-User-Id: ana\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk
        )
        conn.shutdown(socket.SHUT_WR)
        assert conn.recv(4096).startswith(b"HTTP/1.1 400")


def test_a_worker_ends_after_sigterm_though_the_database_hangs(private, provider, web):
    server, _ = private
    capture(web)
    with worker(private, provider, "--grace", "100ms") as stopping:
        eventually(lambda: provider.asked == 1)
        with frozen(server):
            stopping.terminate()
            assert stopping.wait(15) != 0


def test_the_web_does_not_start_with_wrong_settings(private):
    with running(
        *("gunicorn", "-c", "python:webapp.gunicorn", "wsgi:application"),
        database=private[1],
        COFFER_ENV="production",
        PORT="http",
        LOG_LEVEL="LOUD",
    ) as process:
        assert process.wait(15) != 0
    for variable in ("PORT", "LOG_LEVEL", "SECRET_KEY"):
        assert f"\n{variable}: " in process.log()
    assert "Traceback" not in process.log()


def test_the_web_does_not_start_without_its_database(private):
    with running(
        *("gunicorn", "-c", "python:webapp.gunicorn", "wsgi:application"),
        database=private[1],
        DATABASE_URL="postgresql://x:hunter2@127.0.0.1:1/x",
    ) as process:
        assert process.wait(15) != 0
    assert "the database of DATABASE_URL does not answer" in process.log()
    assert "Traceback" not in process.log()
    assert "hunter2" not in process.log()


def test_production_logs_json_with_the_request_id(private):
    with serving(
        private[1], COFFER_ENV="production", SECRET_KEY="x" * 40, WEB_CONCURRENCY="1"
    ) as api:
        status, _, _ = api("GET", "/api/items/pending", **{"X-Request-Id": "find-me"})
        assert status == 401
        assert api.status("/docs") == 404
        eventually(lambda: "find-me" in api.process.log())
    lines = [json.loads(line) for line in api.process.log().splitlines() if "find-me" in line]
    assert [(line["event"], line["status"], line["request_id"]) for line in lines] == [
        ("request", 401, "find-me")
    ]


def test_a_sleeping_worker_begins_at_once(web, private, rows):
    rows("DELETE FROM workers RETURNING id")  # those of workers that other tests killed
    with worker(private, None, "--every", "10m"):
        eventually(lambda: rows("SELECT FROM workers WHERE listening_for <> '{}'"))
        item_id = capture(web)
        eventually(lambda: status_of(web, item_id) == "ready_to_confirm")
    assert rows("SELECT FROM workers") == []
