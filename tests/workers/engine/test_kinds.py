"""What a kind may declare: a move at the claim, batches, progress, follow-ups, child processes."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import timedelta
from multiprocessing import parent_process

import pytest
import structlog
from psycopg.types.json import Jsonb

from sql import queries
from tests.workers.conftest import KIND, dead, due_now, enqueue, kind_of, outbox, save
from webapp.failure import Failure
from workers.engine import progress
from workers.engine.job import NO_WORKSPACE, Again
from workers.engine.kind import Batch, Clients

# A transition at the claim, and the way back


@pytest.fixture
def statuses(owner):
    """A table of things with a status, one for each row in the outbox; call it to get those."""
    owner.execute("CREATE TABLE things (id uuid, status text)")
    owner.execute("GRANT SELECT, UPDATE ON things TO PUBLIC")
    yield lambda: [row[0] for row in owner.execute("SELECT status FROM things")]
    owner.execute("DROP TABLE things")


def moving(work, **declared):
    def move(conn, job, *, to, given):
        moved = conn.execute(
            "UPDATE things SET status = %s WHERE id = %s AND status = ANY (%s)",
            (to, job.subject_id, list(given)),
        )
        return bool(moved.rowcount)

    return kind_of(
        work,
        start=lambda conn, job: move(conn, job, to="running", given=("pending", "running")),
        put_back=lambda conn, job: move(conn, job, to="pending", given=("running",)),
        save=lambda conn, job, result: move(conn, job, to="done", given=("running",)),
        give_up=lambda conn, job, error: move(conn, job, to="failed", given=("running",)),
        **declared,
    )


@pytest.fixture
def thing(owner, statuses):
    enqueue(owner, 1)
    owner.execute("INSERT INTO things SELECT subject_id, 'pending' FROM outbox")


@pytest.mark.long
def test_a_row_moves_on_in_the_claims_transaction_and_to_its_end(worker, thing, statuses, owner):
    seen = []
    worker(moving(lambda _: seen.extend(statuses()))).round()
    assert (seen, statuses()) == (["running"], ["done"])
    assert outbox(owner) == []


@pytest.mark.long
def test_it_moves_back_for_the_next_attempt_and_ends_as_failed(worker, thing, statuses, owner):
    def refuse(_):
        raise Failure("no")

    failing = worker(moving(refuse, delays=(0, 30)))
    failing.round()
    assert statuses() == ["pending"]
    due_now(owner)
    failing.round()
    assert statuses() == ["failed"]


@pytest.mark.long
def test_it_moves_back_where_the_worker_stops(worker, thing, statuses, owner):
    forever = threading.Event()
    stopped = worker(moving(lambda _: forever.wait(60)), grace=0.05)
    stopped.claim()
    assert statuses() == ["running"]
    stopped._wind_up()
    assert statuses() == ["pending"]
    forever.set()


@pytest.mark.long
def test_after_a_crash_it_is_claimed_as_it_is(worker, thing, statuses, owner):
    forever = threading.Event()
    worker(moving(lambda _: forever.wait(60))).claim()
    due_now(owner)
    worker(moving(str)).round()
    assert statuses() == ["done"]
    forever.set()


@pytest.mark.long
def test_a_row_that_does_not_want_it_is_not_begun(worker, thing, statuses, owner):
    owner.execute("UPDATE things SET status = 'cancelled'")
    worker(moving(lambda _: pytest.fail("begun"))).round()
    assert statuses() == ["cancelled"]
    assert outbox(owner) == []


@pytest.mark.long
def test_a_move_that_is_refused_fails_that_row_alone(worker, owner, effects):
    enqueue(owner, 1, 2)

    def start(conn, job):
        if job.payload["number"] == 1:
            conn.execute("SELECT 1 / 0")
        return True

    worker(kind_of(str, start=start)).round()
    assert effects() == [("2",)]
    assert outbox(owner) == [(1, False, 30, "Something unexpected went wrong: DivisionByZero.")]


# Batches


@pytest.mark.long
def test_a_batch_begins_when_it_is_full(worker, owner, effects):
    enqueue(owner, *range(5))
    sizes = []

    def together(numbers, clients):
        sizes.append(len(numbers))
        return [str(number) for number in numbers]

    working = worker(kind_of(str, work=together, batch=Batch(rows=2, seconds=60)), concurrency=2)
    assert working.claim() == 4
    while len(effects()) < 4:
        working.finish(5)
    assert sizes == [2, 2]
    assert working.claim() == 1
    working.finish(0.05)
    assert len(effects()) == 4


@pytest.mark.long
def test_a_batch_that_is_not_full_begins_when_the_first_has_waited_long_enough(
    worker, owner, effects
):
    enqueue(owner, 1, 2)
    began = time.monotonic()
    worker(
        kind_of(
            str,
            work=lambda numbers, clients: [str(number) for number in numbers],
            batch=Batch(rows=50, seconds=0.3),
        )
    ).round()
    assert effects() == [("1",), ("2",)]
    assert time.monotonic() - began >= 0.3


@pytest.mark.long
def test_in_a_batch_an_exception_is_the_failure_of_its_row_alone(worker, owner, effects):
    enqueue(owner, 1, 2, 3)

    def together(numbers, clients):
        return [Failure("bad") if number == 2 else str(number) for number in numbers]

    worker(kind_of(str, work=together, batch=Batch(rows=3, seconds=1))).round()
    assert effects() == [("1",), ("3",)]
    assert outbox(owner) == [(1, False, 30, "bad")]


@pytest.mark.long
def test_a_batch_that_fails_whole_is_tried_again_whole(worker, owner, effects):
    enqueue(owner, 1, 2)

    def together(numbers, clients):
        raise Failure("the node is down")

    worker(kind_of(str, work=together, batch=Batch(rows=2, seconds=1))).round()
    assert outbox(owner) == [(1, False, 30, "the node is down")] * 2


def test_a_stop_gives_back_a_batch_that_was_not_begun(worker, owner, effects):
    enqueue(owner, 1, 2)
    stopped = worker(kind_of(str, work=lambda *_: [], batch=Batch(rows=50, seconds=60)))
    stopped.claim()
    stopped._wind_up()
    assert outbox(owner) == [(0, False, 0, None)] * 2


@pytest.mark.long
def test_the_log_of_a_batch_names_all_its_requests(worker, owner, effects, logged):
    enqueue(owner, 1, 2)

    def together(numbers, clients):
        structlog.get_logger().info("working")
        return [str(number) for number in numbers]

    worker(kind_of(str, work=together, batch=Batch(rows=2, seconds=1))).round()
    (line,) = [line for line in logged if line["event"] == "working"]
    assert (line["kind"], line["request_ids"]) == (KIND, ["request-1", "request-2"])


# Progress


@pytest.fixture(autouse=True)
def every_report(monkeypatch):
    monkeypatch.setattr("workers.engine.line._REPORT_EVERY", 0.01)


def report_until(check):
    """Report as long work does, until `check` is true."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        progress.report(1, 500, doing="counting")
        if check():
            return
        time.sleep(0.01)
    pytest.fail("it went on")


@pytest.mark.long
def test_a_report_extends_the_lease_and_can_be_read(worker, owner, effects):
    enqueue(owner, 1)
    seen = []

    def work(number):
        owner.execute("UPDATE outbox SET run_after = now() + interval '1 second'")
        report_until(lambda: owner.execute("SELECT 1 FROM outbox WHERE progress ? 'done'").rowcount)
        seen.extend(owner.execute("SELECT progress FROM outbox").fetchone())
        seen.append(outbox(owner)[0][2])
        return "done"

    worker(kind_of(work, lease=60)).round()
    assert (seen[0]["total"], seen[0]["doing"], seen[1]) == (500, "counting", 60)
    assert effects() == [("done",)]


@pytest.mark.long
def test_work_that_nobody_wants_any_more_ends_where_it_reports(worker, owner, effects, logged):
    enqueue(owner, 1)
    wanted = [True]

    def work(number):
        wanted[0] = False
        report_until(lambda: False)

    load = lambda conn, jobs: {job.subject_id: 1 for job in jobs if wanted[0]}  # noqa: E731
    worker(kind_of(work, load=load)).round()
    assert (effects(), outbox(owner), dead(owner)) == ([], [], [])
    assert {line["event"] for line in logged} == {"claimed", "dropped"}


@pytest.mark.long
def test_work_whose_lease_was_lost_ends_where_it_reports(worker, owner, effects, logged):
    enqueue(owner, 1)

    def work(number):
        owner.execute("UPDATE outbox SET claim = nextval('outbox_claims')")
        report_until(lambda: False)

    worker(kind_of(work)).round()
    assert effects() == []
    assert outbox(owner)[0][:2] == (1, True)
    assert {line["event"] for line in logged} == {"claimed", "lease_lost"}


def test_outside_a_worker_a_report_does_nothing():
    progress.report(1, 2)


# Follow-up work


@pytest.mark.long
def test_work_may_enqueue_other_work_with_its_result(worker, owner, effects):
    enqueue(owner, 1)

    def save_and_go_on(conn, job, result):
        for _ in range(2):
            queries.outbox.enqueue(
                conn,
                kind="next",
                subject_id=job.subject_id,
                workspace_id=job.workspace_id,
                payload=Jsonb({"number": 2}),
                request_id=job.request_id,
                traceparent=job.traceparent,
                delay=timedelta(0),
            )
        return save(conn, job, result)

    both = worker(kind_of(str, save=save_and_go_on), kind_of(str, name="next"))
    both.round()
    both.round()
    assert effects() == [("1",), ("2",)]


# Work that computes


class Box(Clients):
    word = "squared"


def open_box(settings):
    return Box()


def compute(number, clients):
    if number == 13:
        os._exit(7)
    if number == 4:
        raise Failure("four is refused", permanent=True)
    return f"{clients.word} {number * number} by {parent_process() is not None}"


def computing(**declared):
    return kind_of(str, work=compute, open_clients=open_box, computes=True, **declared)


@pytest.mark.processes
def test_work_that_computes_is_done_in_a_child_process(worker, owner, effects):
    enqueue(owner, 2, 3)
    worker(computing(), concurrency=2).round()
    assert effects() == [("squared 4 by True",), ("squared 9 by True",)]


@pytest.mark.processes
def test_a_child_that_dies_fails_its_row_and_the_next_gets_a_new_one(worker, owner, effects):
    enqueue(owner, 13, 2)
    one = worker(computing(), concurrency=1)
    while one.round():
        pass
    assert effects() == [("squared 4 by True",)]
    assert outbox(owner)[0][3] == "The process that did the work died (exit code 7)."


@pytest.mark.processes
def test_what_a_child_raises_is_what_the_row_hears(worker, owner, effects):
    enqueue(owner, 4)
    worker(computing(), concurrency=1).round()
    assert effects() == [("gave up: four is refused",)]


def sleep(number, clients):
    time.sleep(30 if number == 1 else 0)
    return "slept"


@pytest.mark.processes
def test_a_child_that_outlasts_its_lease_is_ended(worker, owner, effects):
    enqueue(owner, 1, 2)
    sleeping = worker(kind_of(str, work=sleep, computes=True, lease=3), concurrency=1)
    while sleeping.round():
        pass
    assert outbox(owner)[0][3] == "The work took longer than its lease and was stopped."
    assert effects() == [("slept",)]


def test_a_kind_and_its_subject_are_the_name_of_the_work(owner):
    subject = uuid.uuid4()
    for _ in range(2):
        owner.execute(
            "INSERT INTO outbox (kind, subject_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (KIND, subject),
        )
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


@pytest.mark.long
def test_work_that_is_queued_again_while_a_worker_has_it_is_done_again(
    worker, owner, app_conn, effects
):
    enqueue(owner, 1)
    (subject_id,) = owner.execute("SELECT subject_id FROM outbox").fetchone()
    go_on = threading.Event()
    working = worker(kind_of(lambda number: go_on.wait(60) and str(number)))
    working.claim()
    again = {"kind": KIND, "subject_id": subject_id, "workspace_id": NO_WORKSPACE}
    again |= {"request_id": None, "traceparent": None, "delay": timedelta(0)}
    assert queries.outbox.enqueue(app_conn, **again, payload=Jsonb({"number": 2})) == 1
    assert queries.outbox.enqueue(app_conn, **again, payload=Jsonb({"number": 3})) == 0
    go_on.set()
    while working._in_hand():
        working.finish(60)
    assert effects() == []
    working.round()
    assert effects() == [("2",)]


# Repeated work


@pytest.mark.long
@pytest.mark.parametrize("batch", [None, Batch(10, 0)])
def test_work_that_asks_for_it_is_done_again_later_as_often_as_it_likes(
    worker, owner, effects, batch
):
    enqueue(owner, 1)
    answers = iter([Again(60)] * 5 + ["at last"])
    work = (lambda _, __: [next(answers)]) if batch else (lambda _, __: next(answers))
    working = worker(kind_of(str, work=work, batch=batch))
    for _ in range(5):
        assert working.round() == 1
        assert outbox(owner) == [(0, False, 60, None)]
        assert working.round() == 0
        due_now(owner)
    working.round()
    assert (effects(), outbox(owner), dead(owner)) == ([("at last",)], [], [])
    assert (working.counts["again"], working.counts["finished"]) == (5, 1)


@pytest.mark.long
def test_what_is_done_again_keeps_what_it_is_about(worker, owner, effects):
    enqueue(owner, 1)
    asked = "SELECT kind, subject_id, workspace_id, payload, request_id FROM outbox"
    before = owner.execute(asked).fetchall()
    worker(kind_of(lambda _: Again())).round()
    assert owner.execute(asked).fetchall() == before


def test_its_row_moves_back_where_it_was_moved_at_the_claim(worker, thing, statuses, owner):
    kind = moving(lambda _: Again(60))
    worker(kind).round()
    assert statuses() == ["pending"]
    assert outbox(owner)[0][:3] == (0, False, 60)


@pytest.mark.long
def test_what_save_wrote_before_it_asks_for_more_is_kept(worker, owner, effects):
    enqueue(owner, 1)
    parts = iter([Again(), True])
    kind = kind_of(str, save=lambda conn, job, result: save(conn, job, result) and next(parts))
    working = worker(kind)
    working.round()
    assert (effects(), len(outbox(owner))) == ([("1",)], 1)
    working.round()
    assert (effects(), outbox(owner)) == ([("1",), ("1",)], [])


@pytest.mark.long
def test_work_that_was_taken_away_is_not_queued_again(worker, owner, effects):
    enqueue(owner, 1)
    go_on = threading.Event()
    slow = worker(kind_of(lambda _: go_on.wait(60) and Again()))
    slow.claim()
    owner.execute("DELETE FROM outbox")
    go_on.set()
    while slow._in_hand():
        slow.finish(60)
    assert outbox(owner) == []
