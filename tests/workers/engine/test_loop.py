"""The loop: claims, leases, fences and retries, one round at a time."""

from __future__ import annotations

import threading

import psycopg
import pytest

from tests.workers.conftest import KIND, dead, due_now, enqueue, kind_of, outbox, save
from webapp.failure import Failure
from workers.engine import outcomes
from workers.engine.job import Again


@pytest.mark.long
def test_finished_work_leaves_its_effect_and_no_row(worker, owner, effects):
    enqueue(owner, 1, 2, 3)
    counting = worker(kind_of(str))
    assert counting.round() == 3
    assert effects() == [("1",), ("2",), ("3",)]
    assert outbox(owner) == []
    assert counting.round() == 0


@pytest.mark.long
def test_a_second_worker_skips_claimed_rows(worker, owner, effects):
    enqueue(owner, *range(6))
    first, second = (worker(kind_of(str), concurrency=4) for _ in range(2))
    assert (first.claim(), second.claim()) == (4, 2)
    for each in (first, second):
        while each._in_hand():
            each.finish(1)
    assert len(effects()) == 6


@pytest.mark.long
def test_rows_are_claimed_in_the_order_in_which_they_fell_due(worker, owner, effects):
    enqueue(owner, 1, 2, 3)
    owner.execute(
        "UPDATE outbox SET (run_after, enqueued_at) = (SELECT t, t FROM"
        " (SELECT now() - (payload ->> 'number')::int * interval '1 second') AS old (t))"
    )
    order = []
    one = worker(kind_of(lambda number: order.append(number) or "done"), concurrency=1)
    while one.round():
        pass
    assert order == [3, 2, 1]


@pytest.mark.long
def test_rows_that_are_not_due_wait(worker, owner, effects):
    enqueue(owner, 1)
    owner.execute("UPDATE outbox SET run_after = now() + interval '1 second'")
    assert worker(kind_of(str)).round() == 0
    due_now(owner)
    assert worker(kind_of(str)).round() == 1


@pytest.mark.long
def test_a_claim_holds_for_the_lease_and_counts_the_attempt(worker, owner, effects):
    enqueue(owner, 1)
    done = threading.Event()
    holding = worker(kind_of(lambda number: done.wait(60) and str(number), lease=45))
    holding.claim()
    assert outbox(owner) == [(1, True, 45, None)]
    done.set()
    holding.round()
    assert outbox(owner) == []


@pytest.mark.long
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


@pytest.mark.long
def test_a_dead_workers_rows_come_back_when_the_lease_ends(worker, owner, effects):
    enqueue(owner, 1)
    forever = threading.Event()
    died = worker(kind_of(lambda _: forever.wait(60)))
    died.claim()
    rescuer = worker(kind_of(str))
    assert rescuer.round() == 0
    due_now(owner)
    assert rescuer.round() == 1
    assert effects() == [("1",)]
    forever.set()


@pytest.mark.long
def test_a_worker_that_wakes_after_its_lease_was_taken_changes_nothing(
    worker, owner, effects, logged
):
    enqueue(owner, 1)
    slept = threading.Event()
    sleeper = worker(kind_of(lambda _: slept.wait(60) and "late"))
    sleeper.claim()
    due_now(owner)
    taker = worker(kind_of(lambda _: "in time"))
    taker.claim()
    slept.set()
    sleeper.finish(5)
    assert effects() == []
    assert outbox(owner)[0][:2] == (1, True)
    taker.round()
    assert effects() == [("in time",)]
    assert [line["event"] for line in logged if line["event"] == "lease_lost"] == ["lease_lost"]


@pytest.mark.long
@pytest.mark.parametrize("ending", ["fails", "is given up"])
def test_a_late_failure_changes_nothing_either(worker, owner, effects, ending):
    enqueue(owner, 1)
    slept = threading.Event()

    def late(_):
        slept.wait(60)
        raise Failure("late", permanent=ending == "is given up")

    sleeper = worker(kind_of(late))
    sleeper.claim()
    due_now(owner)
    taker = worker(kind_of(lambda _: "in time"))
    taker.claim()
    slept.set()
    sleeper.finish(5)
    assert outbox(owner)[0][:2] == (1, True)
    assert dead(owner) == []
    taker.round()
    assert effects() == [("in time",)]


@pytest.mark.long
def test_three_attempts_with_the_stated_delays_then_a_dead_letter(worker, owner, effects, logged):
    enqueue(owner, 1)

    def refuse(_):
        raise Failure("The page did not answer.")

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
    told = [(line["event"], line["log_level"]) for line in logged if line["event"] != "claimed"]
    assert told == [("attempt_failed", "warning")] * 2 + [("gave_up", "error")]


@pytest.mark.long
def test_a_permanent_error_is_given_up_at_once(worker, owner, effects):
    enqueue(owner, 1)

    def refuse(_):
        raise Failure("There is no such page.", permanent=True)

    worker(kind_of(refuse)).round()
    assert dead(owner) == [(1, "There is no such page.", "request-1")]


@pytest.mark.long
def test_the_wait_that_the_other_side_asks_for_is_kept(worker, owner, effects):
    enqueue(owner, 1)

    def refuse(_):
        raise Failure("Too many requests.", retry_after=90)

    worker(kind_of(refuse)).round()
    assert outbox(owner)[0][2] == 90


@pytest.mark.long
def test_an_error_of_ours_is_retried_told_plainly_and_logged_whole(worker, owner, effects, logged):
    enqueue(owner, 1)

    def break_down(_):
        return {}["a secret detail"]

    worker(kind_of(break_down)).round()
    assert outbox(owner)[0][3] == "Something unexpected went wrong: KeyError."
    (line,) = [line for line in logged if line["event"] == "attempt_failed"]
    assert isinstance(line["exc_info"], KeyError)
    assert (line["request_id"], line["kind"]) == ("request-1", KIND)


def test_a_row_that_no_longer_wants_it_is_dropped_quietly(worker, owner, effects, logged):
    enqueue(owner, 1, 2)
    indifferent = kind_of(
        str,
        load=lambda conn, jobs: {j.subject_id: 2 for j in jobs if j.payload["number"] == 2},
        save=lambda conn, job, result: False,
    )
    worker(indifferent).round()
    assert outbox(owner) == []
    assert dead(owner) == []
    told = {(line["event"], line["log_level"]) for line in logged if line["event"] != "claimed"}
    assert told == {("dropped", "info")}


@pytest.mark.long
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


@pytest.mark.long
def test_the_result_and_the_end_of_the_row_are_one_transaction(worker, owner, effects):
    enqueue(owner, 1)
    counted = []

    def look_from_outside(conn, job, result):
        counted.append(owner.execute("SELECT count(*) FROM outbox").fetchone())
        return save(conn, job, result)

    worker(kind_of(str, save=look_from_outside)).round()
    assert counted == [(1,)]
    assert outbox(owner) == []


@pytest.mark.long
def test_results_are_written_together_if_the_kind_can_and_each_alone_if_one_is_refused(
    worker, owner, effects
):
    enqueue(owner, *range(5))
    together = []

    def save_all(conn, saved):
        together.append(sorted(result for _, result in saved))
        for job, result in saved:
            save(conn, job, result)
            if result == "1":
                conn.execute("SELECT 1 / 0")
        return [Again(9) if result == "2" else result != "3" for _, result in saved]

    def work(number):
        return Again(5) if number == 4 else str(number)

    kind = kind_of(work, save=None, save_all=save_all)
    holding = worker(kind, concurrency=5)
    holding.claim()
    ended = []
    while len(ended) < 5:
        ended += holding._inbox.get(timeout=60)
    counts = outcomes.write(holding._conn(), kind, ended)
    assert {name: count for name, count in counts.items() if count} == {
        "finished": 1,
        "again": 2,
        "dropped": 1,
        "failed": 1,
    }
    assert together == [["0", "1", "2", "3"], ["0"], ["1"], ["2"], ["3"]]
    assert effects() == [("0",), ("2",), ("3",)]
    assert len(outbox(owner)) == 3


@pytest.mark.long
def test_slow_work_of_one_kind_does_not_keep_another_from_beginning(worker, owner, effects):
    enqueue(owner, *range(20))
    enqueue(owner, 100, kind="other")
    forever = threading.Event()
    both = worker(kind_of(lambda _: forever.wait(60)), kind_of(str, name="other"), concurrency=2)
    both.claim()
    both.finish(5)
    assert effects() == [("100",)]
    forever.set()


def test_a_stop_gives_back_what_is_not_done_and_charges_no_attempt(worker, owner, effects):
    enqueue(owner, 1)
    forever = threading.Event()
    stopped = worker(kind_of(lambda _: forever.wait(60)), grace=0.05)
    stopped.claim()
    stopped.stop()
    stopped._wind_up()
    assert outbox(owner) == [(0, False, 0, None)]
    forever.set()


@pytest.mark.long
def test_a_stop_lets_work_end_that_is_nearly_done(worker, owner, effects):
    enqueue(owner, 1)
    begun, nearly = threading.Event(), threading.Event()

    def work(_):
        begun.set()
        nearly.wait(60)
        return "done"

    stopped = worker(kind_of(work), grace=5)
    stopped.claim()
    begun.wait(60)
    stopped.stop()
    threading.Timer(0.2, nearly.set).start()
    stopped._wind_up()
    assert effects() == [("done",)]


@pytest.mark.long
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


@pytest.mark.long
def test_a_failing_give_up_does_not_stop_the_worker(worker, owner, effects, logged):
    enqueue(owner, 1, 2)

    def break_down(conn, job, error):
        conn.execute("SELECT 1 / 0")

    def refuse_the_first(number):
        if number == 1:
            raise Failure("no", permanent=True)
        return str(number)

    worker(kind_of(refuse_the_first, give_up=break_down, delays=(0,))).round()
    assert effects() == [("2",)]
    assert dead(owner) == []
    assert outbox(owner)[0][:2] == (1, True)
    assert "not_finished" in [line["event"] for line in logged]


@pytest.mark.long
def test_quick_work_is_claimed_ahead_and_slow_work_only_as_it_is_begun(worker, owner, effects):
    enqueue(owner, *range(30))
    gate = threading.Event()
    gate.set()
    working = worker(kind_of(lambda number: gate.wait(60) and str(number)), concurrency=2)
    assert working.claim() == 2
    while working._in_hand():
        working.finish(1)
    assert working.claim() == 28
    while working._in_hand():
        working.finish(1)
    assert len(effects()) == 30


@pytest.mark.long
def test_what_was_claimed_ahead_goes_back_where_the_work_has_become_slow(
    worker, owner, effects, monkeypatch
):
    monkeypatch.setattr("workers.engine.line._STALE", 0.1)
    gate = threading.Event()
    gate.set()
    working = worker(kind_of(lambda number: gate.wait(60) and str(number)), concurrency=2)
    enqueue(owner, 1, 2)
    working.round()
    gate.clear()
    enqueue(owner, *range(10, 20))
    assert working.claim() == 10
    threading.Event().wait(0.2)
    working.finish(working._patience())
    assert [row[:2] for row in outbox(owner)].count((0, False)) == 8
    gate.set()
    while len(effects()) < 12:
        working.round()


@pytest.mark.long
def test_batches_are_as_large_as_they_may_be_and_no_larger(worker, owner, effects):
    enqueue(owner, *range(7))
    one_by_one = worker(kind_of(str), concurrency=4, batch=3)
    assert [one_by_one.round() for _ in range(4)] == [3, 3, 1, 0]


@pytest.mark.long
def test_a_failed_attempt_waits_by_its_kinds_delay_and_a_little_longer(worker, owner, effects):
    enqueue(owner, *range(20))

    def refuse(_):
        raise Failure("no")

    failing = worker(kind_of(refuse, delays=(0, 100), jitter=0.5), concurrency=20)
    failing.round()
    waits = [wait for _, _, wait, _ in outbox(owner)]
    assert 100 <= min(waits) < max(waits) <= 150


def test_a_worker_is_listed_while_it_lives_and_counts_what_it_did(worker, owner, effects):
    enqueue(owner, 1, 2, 3)

    def refuse_the_first(number):
        if number == 1:
            raise Failure("no")
        return str(number)

    counting = worker(kind_of(refuse_the_first))
    counting._check_in()
    assert owner.execute("SELECT kinds, listening_for FROM workers").fetchall() == [([KIND], [])]
    counting.round()
    counting.stop()
    counting._wind_up()
    assert owner.execute("SELECT kind, finished, failed FROM work_counts").fetchall() == [
        (KIND, 2, 1)
    ]
    assert owner.execute("SELECT count(*) FROM workers").fetchone() == (0,)


def test_each_line_of_the_log_tells_of_its_work_and_of_the_request(worker, owner, effects, logged):
    enqueue(owner, 1)
    worker(kind_of(str)).round()
    (line,) = [line for line in logged if line["event"] == "finished"]
    (subject_id,) = owner.execute("SELECT subject_id::text FROM effects").fetchone()
    assert (line["kind"], line["subject_id"], line["request_id"], line["attempt"]) == (
        *(KIND, subject_id, "request-1", 1),
    )


@pytest.mark.long
def test_work_on_one_row_now_does_not_wait_until_it_is_due(worker, owner, effects):
    enqueue(owner, 1, 2)
    owner.execute("UPDATE outbox SET run_after = now() + interval '1 hour'")
    (subject_id,) = owner.execute(
        "SELECT subject_id FROM outbox WHERE payload @> '{\"number\": 2}'"
    ).fetchone()
    by_hand = worker(kind_of(str))
    assert by_hand.work_on(KIND, subject_id)
    assert effects() == [("2",)]
    assert not by_hand.work_on(KIND, subject_id)


@pytest.mark.long
def test_work_on_one_row_leaves_it_to_the_worker_that_holds_it(worker, owner, effects):
    enqueue(owner, 1)
    forever = threading.Event()
    worker(kind_of(lambda _: forever.wait(60))).claim()
    (subject_id,) = owner.execute("SELECT subject_id FROM outbox").fetchone()
    assert not worker(kind_of(str)).work_on(KIND, subject_id)
    forever.set()


@pytest.mark.long
def test_a_row_that_cannot_be_loaded_spoils_nothing_for_the_others(worker, owner, effects):
    enqueue(owner, 1, 2, 3)

    def load(conn, jobs):
        return {
            job.subject_id: conn.execute("SELECT 6 / (%s - 2)", (job.payload["number"],)).fetchone()
            for job in jobs
        }

    worker(kind_of(lambda found: str(found[0]), load=load)).round()
    assert effects() == [("-6",), ("6",)]
    assert outbox(owner) == [(1, False, 30, "Something unexpected went wrong: DivisionByZero.")]


@pytest.mark.long
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_whatever_the_work_raises_is_a_failure_of_its_row_alone(worker, owner, effects, error):
    enqueue(owner, 1, 2, 3)

    def exit_at_two(number):
        if number == 2:
            raise error
        return str(number)

    one = worker(kind_of(exit_at_two), concurrency=1)
    while one.round():
        pass
    assert effects() == [("1",), ("3",)]
    said = f"Something unexpected went wrong: {type(error).__name__}."
    assert outbox(owner) == [(1, False, 30, said)]


@pytest.mark.long
@pytest.mark.parametrize("said", ["a \0 b", "a \udfff b", "x" * 100_000])
def test_an_error_is_kept_though_the_database_does_not_take_it_as_it_is(
    worker, owner, effects, said
):
    enqueue(owner, 1)

    def refuse(_):
        raise Failure(said)

    worker(kind_of(refuse)).round()
    attempts, is_claimed, _, error = outbox(owner)[0]
    assert (attempts, is_claimed, error[0]) == (1, False, said[0])
    assert len(error) <= 2000


@pytest.mark.long
def test_rows_whose_loading_lost_the_connection_are_in_nobodys_hands(
    worker, owner, app_conn, effects
):
    enqueue(owner, 1, 2)

    def load(conn, jobs):
        conn.close()
        conn.execute("SELECT 1")

    unlucky = worker(kind_of(str, load=load))
    with pytest.raises(psycopg.OperationalError):
        unlucky.claim()
    assert not unlucky._in_hand()
    unlucky._disconnect()
    due_now(owner)
    rescuer = worker(kind_of(str))
    while rescuer.round():
        pass
    assert effects() == [("1",), ("2",)]
