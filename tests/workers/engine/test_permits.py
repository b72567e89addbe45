"""How much may be claimed, as outside systems and budgets allow it; and turns at such a system."""

from __future__ import annotations

import threading
import time

import pytest

from sql import queries
from tests.workers.conftest import enqueue, kind_of, outbox
from webapp.failure import Failure, NotNow
from workers.engine import buckets
from workers.engine.buckets import Bucket
from workers.engine.kind import Clients, Permit
from workers.engine.loop import Worker


@pytest.mark.long
def test_no_more_is_claimed_than_is_permitted_and_nothing_counts_as_an_attempt(
    worker, owner, effects
):
    enqueue(owner, 1, 2, 3)
    permits = [Permit(2), Permit(0, 0.0)]
    asked = []

    def permit(conn, clients, wanted):
        asked.append((clients, wanted))
        return permits.pop(0) if permits else Permit(wanted)

    clients = Clients()
    kind = kind_of(str, permits=permit, open_clients=lambda settings: clients)
    at_work = worker(kind)
    assert at_work.round() == 2
    assert effects() == [("1",), ("2",)]
    assert asked[0][0] is clients
    assert at_work.round() == 0
    assert outbox(owner) == [(0, False, 0, None)]
    assert at_work.round() == 1


def test_nobody_asks_again_before_it_is_worth_it(worker, owner, effects):
    enqueue(owner, 1)
    asked = []

    def permit(conn, clients, wanted):
        asked.append(wanted)
        return Permit(0, 60.0)

    at_work = worker(kind_of(str, permits=permit))
    assert (at_work.round(), at_work.round()) == (0, 0)
    assert len(asked) == 1


@pytest.mark.long
def test_a_transition_that_would_begin_the_attempts_anew_is_refused_at_the_start(
    settings, owner, database
):
    kind = kind_of(str, entity="job", put_back=lambda conn, job: None)
    sound, unsound = (Worker([kind], settings) for _ in range(2))
    sound.run(once=True)
    owner.execute("UPDATE transitions SET work = 'run_jobs' WHERE event = 'job.put_back'")
    try:
        with pytest.raises(Failure, match=r"job\.put_back queues run_jobs"):
            unsound.run(once=True)
    finally:
        owner.execute("UPDATE transitions SET work = NULL WHERE event = 'job.put_back'")
        unsound.close()


# Turns


@pytest.fixture
def bucket(settings, database):
    made = []

    def make(per_minute, name="there"):
        made.append(Bucket(name, per_minute, settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_turns_are_spread_evenly_over_the_minute(app_conn, bucket):
    ours, theirs = bucket(60), bucket(60)
    ours.take()
    # The second turn is in a little more than a second, for whoever asks.
    assert 0.9 < theirs._used(app_conn) < 1.04
    assert ours.permits(app_conn, 10) == Permit(2, 0.0)
    assert ours.permits(app_conn, 10, calls=2) == Permit(1, 0.0)
    assert ours.permits(app_conn, 1) == Permit(1, 0.0)
    assert bucket(60, "elsewhere").permits(app_conn, 10)[0] == 3


def test_a_system_that_wants_a_pause_gets_it_from_everybody(app_conn, bucket):
    ours, theirs = bucket(60), bucket(60)
    ours.hold(100)
    granted, wait = theirs.permits(app_conn, 10)
    assert (granted, 95 < wait < 98) == (0, True)
    with pytest.raises(NotNow) as refused:
        theirs.take()
    assert 99 < refused.value.seconds <= 100


@pytest.mark.long
def test_turns_that_were_taken_before_a_pause_lapse(app_conn, bucket, monkeypatch):
    slept = threading.Event()

    def sleep(seconds):
        ours.hold(100)
        slept.set()

    ours = bucket(60)
    ours.take()
    monkeypatch.setattr(buckets.time, "sleep", sleep)
    with pytest.raises(NotNow):
        ours.take()
    assert slept.is_set()


@pytest.mark.long
def test_turns_of_many_threads_and_workers_are_never_too_close(bucket):
    workers = [bucket(1200) for _ in range(3)]  # one in 51.5 ms
    taken = []

    def work(mine):
        for _ in range(5):
            mine.take()
            taken.append(time.monotonic())

    threads = [threading.Thread(target=work, args=(each,)) for each in workers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(taken) - min(taken) >= 29 * 0.0515 - 0.02


def test_a_system_without_a_limit_still_gets_its_pauses(app_conn, bucket):
    ours, theirs = bucket(0), bucket(0)
    for _ in range(3):
        ours.take(calls=100)
    assert queries.rate_limits.used(app_conn, keys=["turns:there"]) == []
    ours.hold(100)
    with pytest.raises(NotNow):
        theirs.take()


def test_a_connection_that_was_lost_is_opened_again(app_conn, bucket):
    ours = bucket(60)
    ours.take()
    ours._connection.close()
    ours.hold(1)
    assert queries.rate_limits.used(app_conn, keys=["pause:there"])
