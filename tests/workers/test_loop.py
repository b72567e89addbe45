"""The loop: claims, leases, fences, retries (W1 to W5), by claimed rounds."""

from __future__ import annotations

import threading
import uuid

import psycopg
import pytest

from webapp.clients import ClientError
from workers.kind import Kind

KIND = "count"
NEVER_ENDED = "It was begun each time and never ended: its worker died, or its lease is short."


@pytest.fixture
def effects(owner):
    """A table whose rows are what finished work left behind."""
    owner.execute("CREATE TABLE effects (subject_id uuid, result text)")
    owner.execute("GRANT SELECT, INSERT ON effects TO PUBLIC")
    yield lambda: owner.execute("SELECT result FROM effects ORDER BY result").fetchall()
    owner.execute("DROP TABLE effects")


def save(conn, job, result):
    conn.execute("INSERT INTO effects VALUES (%s, %s)", (job.subject_id, result))
    return True


def give_up(conn, job, error):
    conn.execute("INSERT INTO effects VALUES (%s, %s)", (job.subject_id, f"gave up: {error}"))


def kind_of(work, **declared):
    """A kind whose work is a call with the number of the row."""
    plain = {
        "name": KIND,
        "load": lambda conn, job: job.payload["number"],
        "work": lambda number, clients: work(number),
        "save": save,
        "give_up": give_up,
        "delays": (0, 30, 300),
        "lease": 60,
    }
    return Kind(**plain | declared)


def enqueue(owner, *numbers, kind=KIND):
    for number in numbers:
        owner.execute(
            "INSERT INTO outbox (kind, subject_id, payload, request_id)"
            " VALUES (%s, %s, jsonb_build_object('number', %s::int), %s)",
            (kind, uuid.uuid4(), number, f"request-{number}"),
        )


def outbox(owner):
    """Attempts, whether claimed, seconds until due (to the nearest 5), and the error, by row."""
    return owner.execute(
        "SELECT attempts, claim IS NOT NULL,"
        " round(extract(epoch FROM run_after - now()) / 5)::int * 5, last_error"
        " FROM outbox ORDER BY id"
    ).fetchall()


def due_now(owner):
    """Let every lease and every delay end."""
    owner.execute("UPDATE outbox SET run_after = now()")


def dead(owner):
    return owner.execute("SELECT attempts, error, request_id FROM dead_letters").fetchall()


def test_finished_work_leaves_its_effect_and_no_row(worker, owner, effects):
    enqueue(owner, 1, 2, 3)
    counting = worker(kind_of(str))
    assert counting.round() == 3
    assert effects() == [("1",), ("2",), ("3",)]
    assert outbox(owner) == []
    assert counting.round() == 0


def test_a_second_worker_skips_claimed_rows(worker, owner, effects):
    enqueue(owner, *range(6))
    first, second = (worker(kind_of(str), concurrency=4) for _ in range(2))
    assert (first.claim(), second.claim()) == (4, 2)
    for each in (first, second):
        while each._in_hand:
            each.finish(1)
    assert len(effects()) == 6


def test_rows_are_claimed_in_the_order_in_which_they_fell_due(worker, owner, effects):
    enqueue(owner, 1, 2, 3)
    owner.execute(
        "UPDATE outbox SET run_after = now() - (payload ->> 'number')::int * interval '1 second'"
    )
    order = []
    one = worker(kind_of(lambda number: order.append(number) or "done"), concurrency=1)
    while one.round():
        pass
    assert order == [3, 2, 1]


def test_rows_that_are_not_due_wait(worker, owner, effects):
    enqueue(owner, 1)
    owner.execute("UPDATE outbox SET run_after = now() + interval '1 second'")
    assert worker(kind_of(str)).round() == 0
    due_now(owner)
    assert worker(kind_of(str)).round() == 1


def test_a_claim_holds_for_the_lease_and_counts_the_attempt(worker, owner, effects):
    enqueue(owner, 1)
    done = threading.Event()
    holding = worker(kind_of(lambda number: done.wait(5) and str(number), lease=45))
    holding.claim()
    assert outbox(owner) == [(1, True, 45, None)]
    done.set()
    holding.round()
    assert outbox(owner) == []


def test_no_transaction_is_open_while_the_work_runs(worker, owner, app_conn, effects):
    enqueue(owner, 1)
    states = []

    def look(number):
        rows = app_conn.execute(
            "SELECT state FROM pg_stat_activity WHERE application_name = 'coffer worker'"
            " AND datname = current_database()"
        )
        states.extend(rows.fetchall())
        return str(number)

    worker(kind_of(look)).round()
    assert states == [("idle",)]


def test_a_dead_workers_rows_come_back_when_the_lease_ends(worker, owner, effects):
    enqueue(owner, 1)
    forever = threading.Event()
    died = worker(kind_of(lambda _: forever.wait(5)))
    died.claim()
    rescuer = worker(kind_of(str))
    assert rescuer.round() == 0
    due_now(owner)
    assert rescuer.round() == 1
    assert effects() == [("1",)]
    forever.set()


def test_a_worker_that_wakes_after_its_lease_was_taken_changes_nothing(
    worker, owner, effects, logged
):
    enqueue(owner, 1)
    slept = threading.Event()
    sleeper = worker(kind_of(lambda _: slept.wait(5) and "late"))
    sleeper.claim()
    due_now(owner)
    taker = worker(kind_of(lambda _: "in time"))
    taker.claim()
    slept.set()
    sleeper.finish(5)
    assert effects() == []
    assert outbox(owner)[0][:2] == (2, True)
    taker.round()
    assert effects() == [("in time",)]
    assert [line["event"] for line in logged if line["event"] == "lease_lost"] == ["lease_lost"]


@pytest.mark.parametrize("ending", ["fails", "is given up"])
def test_a_late_failure_changes_nothing_either(worker, owner, effects, ending):
    enqueue(owner, 1)
    slept = threading.Event()

    def late(_):
        slept.wait(5)
        raise ClientError("late", permanent=ending == "is given up")

    sleeper = worker(kind_of(late))
    sleeper.claim()
    due_now(owner)
    taker = worker(kind_of(lambda _: "in time"))
    taker.claim()
    slept.set()
    sleeper.finish(5)
    assert outbox(owner)[0][:2] == (2, True)
    assert dead(owner) == []
    taker.round()
    assert effects() == [("in time",)]


def test_three_attempts_with_the_stated_delays_then_a_dead_letter(worker, owner, effects, logged):
    enqueue(owner, 1)

    def refuse(_):
        raise ClientError("The page did not answer.")

    failing = worker(kind_of(refuse))
    failing.round()
    assert outbox(owner) == [(1, False, 30, "The page did not answer.")]
    due_now(owner)
    failing.round()
    assert outbox(owner) == [(2, False, 300, "The page did not answer.")]
    due_now(owner)
    failing.round()
    assert outbox(owner) == []
    assert dead(owner) == [(3, "The page did not answer.", "request-1")]
    assert effects() == [("gave up: The page did not answer.",)]
    told = [(line["event"], line["log_level"]) for line in logged if "attempt" in line]
    assert told == [("attempt_failed", "warning")] * 2 + [("gave_up", "error")]


def test_a_permanent_error_is_given_up_at_once(worker, owner, effects):
    enqueue(owner, 1)

    def refuse(_):
        raise ClientError("There is no such page.", permanent=True)

    worker(kind_of(refuse)).round()
    assert dead(owner) == [(1, "There is no such page.", "request-1")]


def test_the_wait_that_the_other_side_asks_for_is_kept(worker, owner, effects):
    enqueue(owner, 1)

    def refuse(_):
        raise ClientError("Too many requests.", retry_after=90)

    worker(kind_of(refuse)).round()
    assert outbox(owner)[0][2] == 90


def test_an_error_of_ours_is_retried_told_plainly_and_logged_whole(worker, owner, effects, logged):
    enqueue(owner, 1)

    def break_down(_):
        return {}["a secret detail"]

    worker(kind_of(break_down)).round()
    assert outbox(owner)[0][3] == "Something unexpected went wrong: KeyError."
    (line,) = [line for line in logged if line["event"] == "attempt_failed"]
    assert isinstance(line["exc_info"], KeyError)
    assert (line["request_id"], line["kind"]) == ("request-1", KIND)


def test_work_that_kills_its_worker_each_time_is_given_up(worker, owner, effects):
    enqueue(owner, 1)
    forever = threading.Event()
    for _ in range(3):
        worker(kind_of(lambda _: forever.wait(5))).claim()
        due_now(owner)
    worker(kind_of(str)).round()
    assert dead(owner) == [(3, NEVER_ENDED, "request-1")]
    assert effects() == [(f"gave up: {NEVER_ENDED}",)]
    forever.set()


def test_a_row_that_no_longer_wants_it_is_dropped_quietly(worker, owner, effects, logged):
    enqueue(owner, 1, 2)
    indifferent = kind_of(
        str,
        load=lambda conn, job: None if job.payload["number"] == 1 else 2,
        save=lambda conn, job, result: False,
    )
    worker(indifferent).round()
    assert outbox(owner) == []
    assert dead(owner) == []
    assert {(line["event"], line["log_level"]) for line in logged} == {("dropped", "info")}


def test_a_result_that_the_database_refuses_is_a_failure_of_that_row_alone(worker, owner, effects):
    enqueue(owner, 1, 2)

    def save_badly(conn, job, result):
        save(conn, job, result)
        if result == "1":
            conn.execute("SELECT 1 / 0")
        return True

    worker(kind_of(str, save=save_badly)).round()
    assert effects() == [("2",)]
    assert outbox(owner) == [(1, False, 30, "Something unexpected went wrong: DivisionByZero.")]


def test_the_result_and_the_end_of_the_row_are_one_transaction(worker, owner, effects):
    enqueue(owner, 1)
    counted = []

    def look_from_outside(conn, job, result):
        counted.append(owner.execute("SELECT count(*) FROM outbox").fetchone())
        return save(conn, job, result)

    worker(kind_of(str, save=look_from_outside)).round()
    assert counted == [(1,)]
    assert outbox(owner) == []


def test_one_kind_does_not_starve_another(worker, owner, effects):
    enqueue(owner, *range(20))
    enqueue(owner, 100, kind="other")
    both = worker(kind_of(str), kind_of(str, name="other"), concurrency=2)
    for _ in range(2):
        both.round()
    assert ("100",) in effects()


def test_a_stop_gives_back_what_is_not_done_and_charges_no_attempt(worker, owner, effects):
    enqueue(owner, 1)
    forever = threading.Event()
    stopped = worker(kind_of(lambda _: forever.wait(5)), grace=0.05)
    stopped.claim()
    stopped.stop()
    stopped._wind_up()
    assert outbox(owner) == [(0, False, 0, None)]
    forever.set()


def test_a_stop_lets_work_end_that_is_nearly_done(worker, owner, effects):
    enqueue(owner, 1)
    nearly = threading.Event()
    threading.Timer(0.2, nearly.set).start()
    stopped = worker(kind_of(lambda _: nearly.wait(5) and "done"), grace=5)
    stopped.claim()
    stopped.stop()
    stopped._wind_up()
    assert effects() == [("done",)]


def test_a_lost_connection_loses_no_result(worker, owner, app_conn, effects):
    enqueue(owner, 1)
    unlucky = worker(kind_of(str))
    unlucky.claim()
    app_conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'coffer worker' AND datname = current_database()"
    )
    with pytest.raises(psycopg.OperationalError):
        unlucky.finish(5)
    unlucky._disconnect()
    unlucky.finish(5)
    assert effects() == [("1",)]
    assert outbox(owner) == []


def test_a_failing_give_up_does_not_stop_the_worker(worker, owner, effects, logged):
    enqueue(owner, 1, 2)

    def break_down(conn, job, error):
        conn.execute("SELECT 1 / 0")

    def refuse_the_first(number):
        if number == 1:
            raise ClientError("no", permanent=True)
        return str(number)

    worker(kind_of(refuse_the_first, give_up=break_down, delays=(0,))).round()
    assert effects() == [("2",)]
    assert dead(owner) == []
    assert outbox(owner)[0][:2] == (1, True)
    assert "not_finished" in [line["event"] for line in logged]
