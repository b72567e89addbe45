"""A database that is away or takes no writes: workers and clocks wait, say so, and go on."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from dataclasses import replace

import psycopg
import pytest
import structlog
from psycopg import sql as compose

from sql import connection
from sql.connection import connect_at_start
from tests.databases import APP_ROLE
from tests.processes import eventually
from tests.proxy import Proxy
from tests.workers.conftest import KIND, dead, due_now, enqueue, kind_of, outbox
from workers import clock
from workers.engine import outage
from workers.engine.loop import Worker
from workers.engine.outage import Outage

LOST, BACK = "database_lost", "database_back"


def read_only(conn, *, on=True):
    conn.execute(f"SET default_transaction_read_only = {'on' if on else 'off'}")


@pytest.fixture
def writes(database):
    """Switches writes of the app's role on or off, for everybody who connects from then on."""
    name = database.url.rpartition("/")[2]
    alter = compose.SQL("ALTER ROLE {} IN DATABASE {} SET default_transaction_read_only = {}")
    with database.connect(role="admin") as admin:

        def switch(*, on):
            admin.execute(
                alter.format(compose.Identifier(APP_ROLE), compose.Identifier(name), not on)
            )
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = %s",
                (APP_ROLE,),
            )

        yield switch
        switch(on=True)


@contextlib.contextmanager
def meanwhile(call):
    """Do something while the main thread runs one of our processes; its errors fail the test."""
    failed = []

    def run():
        try:
            call()
        except BaseException as error:  # noqa: BLE001  # raised again below
            failed.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.alarm(0)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if failed:
        raise failed[0]


def told(logged, *events):
    return [line["event"] for line in logged if line["event"] in (events or (LOST, BACK))]


@pytest.mark.long
def test_a_worker_outlives_a_database_that_takes_no_writes(worker, owner, effects, logged, writes):
    def go_through_it():
        eventually(lambda: "worker_started" in told(logged, "worker_started"))
        writes(on=False)
        eventually(lambda: LOST in told(logged))
        enqueue(owner, 1)
        writes(on=True)
        eventually(lambda: effects() == [("1",)])
        eventually(lambda: BACK in told(logged))

    working = worker(kind_of(str), every=0.1)
    with meanwhile(go_through_it):
        working.run()
    assert told(logged)[-1] == BACK


@pytest.mark.long
def test_a_clock_outlives_a_database_that_takes_no_writes(
    settings, owner, logged, writes, monkeypatch
):
    monkeypatch.setattr(clock, "_LONGEST_SLEEP", 0.05)

    def fire():
        owner.execute("DELETE FROM outbox")
        owner.execute("UPDATE schedules SET next_run_at = now()")

    def go_through_it():
        eventually(lambda: "clock_started" in told(logged, "clock_started"))
        writes(on=False)
        fire()
        eventually(lambda: LOST in told(logged))
        writes(on=True)
        eventually(lambda: outbox(owner))
        eventually(lambda: BACK in told(logged))

    fire()
    with meanwhile(go_through_it):
        clock.run(settings)
    assert told(logged)[-1] == BACK


@pytest.mark.long
def test_what_is_done_while_nothing_can_be_written_is_written_when_it_can(worker, owner, effects):
    enqueue(owner, 1, 2)
    working = worker(kind_of(str))
    working.claim()
    read_only(working._conn())
    for _ in range(2):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            working.finish(5)
    read_only(working._conn(), on=False)
    while working._in_hand():
        working.finish(5)
    assert effects() == [("1",), ("2",)]
    assert (outbox(owner), dead(owner)) == ([], [])


@pytest.mark.long
def test_leases_that_ended_during_an_outage_begin_anew_unless_others_took_over(
    worker, owner, effects
):
    enqueue(owner, 1, 2)
    go_on = threading.Event()
    lived = worker(kind_of(lambda number: go_on.wait(5) and str(number), lease=60))
    lived.claim()
    lived._disconnect()
    due_now(owner)
    owner.execute("UPDATE outbox SET claim = 0 WHERE payload @> '{\"number\": 2}'")
    lived._come_back()
    assert [row[2] for row in outbox(owner)] == [60, 0]
    go_on.set()
    while lived._in_hand():
        lived.finish(5)
    assert effects() == [("1",)]


@pytest.mark.long
def test_after_an_outage_a_worker_gives_back_what_it_has_not_begun(worker, owner, effects):
    enqueue(owner, *range(5))
    go_on = threading.Event()
    lived = worker(kind_of(lambda number: go_on.wait(5) and str(number)), concurrency=1)
    lived._lines[KIND].begin(lived._conn(), lived._lines[KIND].claim(lived._conn(), 5))
    eventually(lambda: lived._lines[KIND]._hands.at_work)
    lived._disconnect()
    due_now(owner)
    lived._come_back()
    assert sorted(row[:2] for row in outbox(owner)) == [(0, False)] * 4 + [(1, True)]
    go_on.set()


@pytest.mark.long
def test_after_an_outage_others_have_time_to_come_back(worker, owner, effects):
    enqueue(owner, 1)
    forever = threading.Event()
    worker(kind_of(lambda _: forever.wait(5))).claim()
    due_now(owner)
    lived = worker(kind_of(str))
    lived._come_back()
    assert lived.round() == 0
    assert outbox(owner)[0][:2] == (1, True)
    lived._takes_over_from = 0.0
    assert lived.round() == 1
    assert effects() == [("1",)]
    forever.set()


@pytest.mark.long
def test_a_worker_that_is_stopped_while_nothing_can_be_written_ends_in_good_order(
    worker, owner, effects, logged
):
    enqueue(owner, 1)
    forever = threading.Event()
    stopped = worker(kind_of(lambda _: forever.wait(60)), grace=0.05)
    stopped.claim()
    read_only(stopped._conn())
    stopped.stop()
    stopped._wind_up()
    assert told(logged) == [LOST]
    forever.set()


# Starting while the database restarts


@pytest.fixture
def restarting(database):
    """A proxy to the database that refuses everybody, and the database's URL through it."""
    port = psycopg.conninfo.conninfo_to_dict(database.url)["port"]
    proxy = Proxy(int(port))
    proxy.cut()
    yield proxy, database.url.replace(f":{port}/", f":{proxy.port}/")
    proxy.close()


@pytest.mark.long
@pytest.mark.parametrize("process", ["worker", "clock"])
def test_a_process_that_starts_waits_for_a_database_that_restarts(
    settings, owner, logged, restarting, process
):
    proxy, url = restarting
    settings = replace(settings, database_url=url)

    def go_through_it():
        eventually(lambda: proxy.refused > 1)
        proxy.mend()
        eventually(lambda: told(logged, f"{process}_started"))

    with meanwhile(go_through_it):
        clock.run(settings) if process == "clock" else Worker([kind_of(str)], settings).run()


@pytest.mark.long
def test_a_command_waits_too_and_then_says_what_is_wrong(restarting, monkeypatch):
    proxy, url = restarting
    for patience, tries in ((0.5, 2), (0, 1)):
        proxy.refused = 0
        monkeypatch.setattr(connection, "PATIENCE", patience)
        with pytest.raises(psycopg.OperationalError):
            connect_at_start(url, "test")
        assert proxy.refused >= tries


# How often an outage is logged


def test_an_outage_is_logged_when_it_begins_once_a_minute_and_when_it_is_over(logged, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(outage.time, "monotonic", lambda: now[0])
    lost = Outage(structlog.get_logger(), lost=LOST, back=BACK)
    lost.is_over()
    pauses = []
    while now[0] < 1150:
        pauses.append(lost.goes_on(psycopg.OperationalError("away\nfor now")))
        now[0] += pauses[-1]
    lost.is_over()
    lost.is_over()
    assert [line["event"] for line in logged] == [LOST, LOST, LOST, BACK]
    assert logged[0]["error"] == "away for now"
    assert logged[-1]["seconds"] == round(now[0] - 1000)
    assert pauses[0] == 0.5
    assert max(pauses) == 5
    lost.goes_on(psycopg.OperationalError("again"))
    assert [line["event"] for line in logged[4:]] == [LOST]
