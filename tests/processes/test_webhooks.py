"""kill -9 loses nothing of what others are told: neither webhooks nor those who follow changes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.processes import BIN, eventually, running, serving
from tests.webhook_endpoint import endpoint as running_endpoint

ROOT = Path(__file__).parent.parent.parent
MANY = 60
SECONDS = 4


@pytest.fixture
def delivering(database, settings):
    """Runs a worker that delivers, with a short lease."""
    return lambda: running(
        *(BIN / "coffer", "deliver-webhooks", "--lease", "2s", "--every", "100ms"),
        database=database,
        SECRET_KEY=settings.secret_key,
        WEBHOOK_ALLOW_LOOPBACK="true",
    )


def test_a_killed_worker_loses_no_delivery_and_repeats_each_once_at_most(ana, delivering, owner):
    with running_endpoint() as endpoint:
        ana.post("/api/webhooks", json={"url": endpoint.url, "events": ["item.*"]})
        for _ in range(MANY):
            ana.post("/api/items", json={"source_type": "note", "raw_text": "x"})
        killed, busy = threading.Event(), threading.Event()

        def hold_a_third():
            if len(endpoint.calls) >= MANY // 3:
                busy.set()
                killed.wait(60)

        endpoint.before = hold_a_third
        with delivering() as first:
            assert busy.wait(60)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        killed.set()
        with delivering():
            eventually(
                lambda: owner.execute(
                    "SELECT bool_and(status = 'delivered') FROM webhook_deliveries"
                ).fetchone()[0]
            )
        times = Counter(endpoint.ids)
        bodies = {(call.id, call.body) for call in endpoint.calls}
    assert len(times) == len(bodies) == MANY
    assert max(times.values()) <= 2
    assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)


def test_who_follows_changes_has_exactly_what_is_there(ana, database, owner):
    """While four writers work and are killed."""
    since = ana.get("/api/changes?since=now").json["next_cursor"]
    workspace_id, user_id = owner.execute("SELECT id, personal_of FROM workspaces").fetchone()
    command = (
        *(sys.executable, "-m", "tests.processes.restless_writer", database.url),
        *(str(workspace_id), str(user_id)),
    )

    def writer():
        return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)

    writers = [writer() for _ in range(4)]
    followed = []

    def follow():
        nonlocal since
        page = ana.get("/api/changes", query_string={"since": since, "limit": 50}).json
        followed.extend(each["id"] for each in page["items"])
        since = page["next_cursor"]
        return not page["has_more"]

    try:
        began = time.monotonic()
        while time.monotonic() < began + SECONDS or len(followed) < 200:
            assert time.monotonic() < began + 60
            follow()
            if random.random() < 0.02:
                victim = random.randrange(4)
                writers[victim].kill()
                writers[victim].wait()
                writers[victim] = writer()
    finally:
        for each in writers:
            each.kill()
            each.wait()

    def written():
        return [
            event
            for (event,) in owner.execute(
                "SELECT id FROM events WHERE event = 'item.created' ORDER BY txid, id"
            )
        ]

    # The last transactions end with their connections, which the server notices on its own.
    eventually(lambda: follow() and len(followed) == len(written()))
    assert followed == written()
    assert len(set(followed)) == len(followed)


def test_a_stream_goes_on_with_another_process_after_a_kill(ana, database):
    """Under gunicorn: the client comes back with the last id, and misses nothing."""

    @contextlib.contextmanager
    def listen(port, **headers):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as conn:
            conn.request("GET", "/api/changes/stream", headers={"X-Dev-User-Id": "ana"} | headers)
            with conn.getresponse() as response:
                yield changes(response)

    def changes(response):
        last = None
        for line in iter(response.readline, b""):
            name, _, value = line.decode().strip().partition(": ")
            if name == "id":
                last = value
            if name == "data":
                yield last, json.loads(value)["entity_id"]

    def add():
        return ana.post("/api/items", json={"source_type": "note", "raw_text": "x"}).json["id"]

    one = {"WEB_CONCURRENCY": "1", "WEB_THREADS": "1"}
    with serving(database, **one) as api, listen(api.port) as told:
        made = [add()]
        last, item = next(told)
        assert [item] == made
        os.killpg(api.process.pid, signal.SIGKILL)
        api.process.wait()
        made = [add(), add()]
    with serving(database, **one) as api, listen(api.port, **{"Last-Event-ID": last}) as told:
        made.append(add())
        assert [next(told)[1] for _ in made] == made
