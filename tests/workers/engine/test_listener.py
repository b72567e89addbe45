"""Workers hear of work at once; a notification is only sent if one sleeps, and may get lost."""

from __future__ import annotations

import itertools
import threading
import time
import uuid

import psycopg
import pytest

from tests.processes import eventually
from tests.proxy import Proxy
from tests.workers.conftest import KIND, enqueue
from workers.engine import listener
from workers.engine.listener import Listener


@pytest.fixture
def heard(database, owner):
    """The notifications that a call causes, as a separate connection hears them."""
    with database.connect(role="app") as conn:
        conn.execute("LISTEN coffer_work")

        def during(call):
            call()
            # Notifications arrive in the order of their transactions, so this one comes last.
            owner.execute("NOTIFY coffer_work, 'that was all'")
            notes = (note.payload for note in conn.notifies(timeout=60))
            return list(itertools.takewhile(lambda payload: payload != "that was all", notes))

        yield during


def sleep_as_a_worker(owner, *kinds, seen="now()"):
    owner.execute(
        "INSERT INTO workers (id, host, pid, kinds, listening_for, last_seen_at)"
        f" VALUES (uuidv7(), 'h', 1, %(kinds)s, %(kinds)s, {seen})",
        {"kinds": list(kinds)},
    )


def test_nothing_is_sent_where_no_worker_sleeps(owner, heard):
    assert heard(lambda: enqueue(owner, 1)) == []
    sleep_as_a_worker(owner, "another kind")
    assert heard(lambda: enqueue(owner, 2)) == []


def test_nothing_is_sent_to_a_worker_that_died_without_a_word(owner, heard):
    sleep_as_a_worker(owner, KIND, seen="now() - interval '2 minutes'")
    assert heard(lambda: enqueue(owner, 1)) == []


def test_work_that_is_due_later_wakes_nobody(owner, heard):
    sleep_as_a_worker(owner, KIND)
    later = (
        "INSERT INTO outbox (kind, subject_id, run_after)"
        " VALUES (%s, uuidv7(), now() + interval '1 hour')"
    )
    assert heard(lambda: owner.execute(later, (KIND,))) == []


def test_a_sleeping_worker_is_told_once_however_much_one_statement_enqueues(owner, heard):
    sleep_as_a_worker(owner, KIND, "other")
    many = "INSERT INTO outbox (kind, subject_id) SELECT %s, uuidv7() FROM generate_series(1, 500)"
    assert heard(lambda: owner.execute(many, (KIND,))) == [KIND]


def test_an_item_that_is_captured_wakes_its_worker(owner, heard, make):
    sleep_as_a_worker(owner, "enrich_items")
    assert heard(make.item) == ["enrich_items"]


class Waking:
    """The function that a listener calls; it counts the calls."""

    def __init__(self):
        self._calls = threading.Semaphore(0)

    def __call__(self):
        self._calls.release()

    def is_called(self, seconds=60.0):
        return self._calls.acquire(timeout=seconds)


@pytest.fixture
def listen():
    """Makes listeners; each wakes once when it starts to listen, for what came before."""
    made = []

    def make_listener(url, name="me"):
        waking = Waking()
        made.append(Listener(url, name=name, kinds={KIND}, wake=waking))
        assert waking.is_called()
        return waking

    yield make_listener
    for each in made:
        each.close()


def notify(owner, payload):
    owner.execute("SELECT pg_notify('coffer_work', %s)", (payload,))


def test_a_listener_wakes_for_its_kinds_alone(database, owner, listen):
    waking = listen(database.url)
    notify(owner, "another kind")
    notify(owner, str(uuid.uuid4()))
    notify(owner, KIND)
    assert waking.is_called()
    assert not waking.is_called(0)


@pytest.mark.long
def test_a_listener_whose_connection_is_ended_listens_again(database, owner, listen, logged):
    waking = listen(database.url)
    with database.connect(role="admin") as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'coffer listener' AND datname = current_database()"
        )
    assert waking.is_called()
    notify(owner, KIND)
    assert waking.is_called()
    assert {line["event"] for line in logged} <= {"not_listening", "listening_again"}
    assert logged[0]["event"] == "not_listening"


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        time.sleep(seconds)


@pytest.mark.long
def test_a_listener_notices_a_socket_that_is_only_half_open(
    database, owner, listen, logged, monkeypatch
):
    clock = Clock()
    monkeypatch.setattr(listener, "time", clock)
    port = psycopg.conninfo.conninfo_to_dict(database.url)["port"]
    proxy = Proxy(int(port))
    try:
        waking = listen(database.url.replace(f":{port}/", f":{proxy.port}/"))
        for _ in range(3):  # its own heartbeat is all that shows it is alive
            clock.now += listener._SILENCE - 1
            notify(owner, "me")
            notify(owner, KIND)
            assert waking.is_called()
        assert logged == []
        proxy.stalled = True
        clock.now += listener._SILENCE + 1
        eventually(lambda: logged)
        proxy.mend()
        assert waking.is_called()
        notify(owner, KIND)
        assert waking.is_called()
    finally:
        proxy.close()
    assert "connection is dead" in logged[0]["error"]
