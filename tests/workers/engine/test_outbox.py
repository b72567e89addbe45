"""Claim, finish, fail, extend, release, crash and retry, in any order, against a simple model."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from psycopg.types.json import Jsonb

from sql import queries
from tests.fuzzing import examples
from workers.engine.kind import Kind
from workers.engine.turns import Turns

KIND = Kind(name="modelled", delays=(0, 30, 300))
LEASE = 60.0


@dataclass
class Row:
    """What the model knows about a piece of work; `due` is a time of the model's own clock."""

    due: float = 0.0
    attempts: int = 0
    claim: int | None = None
    effects: int = 0
    progress: bool = False
    cut_off: int = 0
    workspace: int = 0


@dataclass
class Held:
    """A claim that somebody believes to hold."""

    subject_id: uuid.UUID
    claim: int
    others: dict[str, Any] = field(default_factory=dict)


class Work(RuleBasedStateMachine):
    """The outbox and its model. Time passes by changing the times of rows instead of waiting."""

    claims = Bundle("claims")
    conn: Any = None

    def __init__(self):
        super().__init__()
        self.rows: dict[uuid.UUID, Row] = {}
        self.dead: set[uuid.UUID] = set()
        self.now = 0.0
        self.turns = [Turns(KIND.name) for _ in range(2)]
        self.workers = [uuid.uuid4() for _ in range(2)]
        self.conn.execute("DELETE FROM outbox; DELETE FROM dead_letters; DELETE FROM effects")

    # What happens

    @rule(number=st.integers(0, 9), workspace=st.integers(0, 3), delay=st.sampled_from([0, 30]))
    def enqueue(self, number, workspace, delay):
        subject_id = uuid.UUID(int=number)
        queued = queries.outbox.enqueue(
            self.conn,
            kind=KIND.name,
            subject_id=subject_id,
            workspace_id=uuid.UUID(int=workspace),
            payload=Jsonb({}),
            request_id=None,
            traceparent=None,
            delay=timedelta(seconds=delay),
        )
        row = self.rows.get(subject_id)
        assert queued == (row is None or row.claim is not None)
        if queued:
            workspace = workspace if row is None else row.workspace
            self.rows[subject_id] = Row(due=self.now + delay, workspace=workspace)

    @rule(target=claims, worker=st.integers(0, 1), limit=st.integers(1, 12))
    def claim(self, worker, limit):
        # Otherwise one that looked a moment ago rightly does not look again so soon.
        self.turns[worker].look()
        jobs = self.turns[worker].claim(
            self.conn, limit=limit, worker=self.workers[worker], lease=LEASE
        )
        due = {each for each, row in self.rows.items() if row.due <= self.now and not row.cut_off}
        came_upon = self._some_are_found_to_be_cut_off()
        fresh = {
            each for each in due if self.rows[each].claim is None and not self.rows[each].cut_off
        }
        got = {job.subject_id for job in jobs}
        assert got <= fresh
        assert len(jobs) == len(got) <= limit
        for job in jobs:
            row = self.rows[job.subject_id]
            row.claim, row.due = job.claim, self.now + LEASE
            row.attempts += 1
            row.progress = False
            assert (job.attempts, job.cut_off) == (row.attempts, 0)
        # Each workspace gets its turn as far as the limit goes, unless the claim met cut-off rows.
        workspaces = {self.rows[each].workspace for each in fresh}
        assert len(jobs) >= min(1 if came_upon else limit, len(workspaces))
        return multiple(*(Held(job.subject_id, job.claim) for job in jobs))

    def _some_are_found_to_be_cut_off(self):
        """A claim that finds rows which were held and never released marks those and no others;
        returns how many."""
        found = self.conn.execute(
            "SELECT subject_id FROM outbox WHERE cut_off = 1 AND claim IS NULL"
        )
        marked = [self.rows[each] for (each,) in found.fetchall() if not self.rows[each].cut_off]
        for row in marked:
            assert row.due <= self.now
            assert row.claim is not None
            row.attempts -= 1
            row.claim, row.cut_off, row.progress = None, 1, False
        return len(marked)

    @rule(target=claims, worker=st.integers(0, 1))
    def claim_one_that_was_cut_off(self, worker):
        found = queries.outbox.next_cut_off(self.conn, kinds=[KIND.name], takes_over=True)
        waiting = {each: row for each, row in self.rows.items() if row.cut_off}
        due = {each: row.due for each, row in waiting.items() if row.due <= self.now}
        if found is None:
            assert due == {}
            return multiple()
        assert due[found["subject_id"]] == min(due.values())
        row = self.rows[found["subject_id"]]
        assert found["times"] == row.cut_off + (row.claim is not None)
        return Held(found["subject_id"], self._claim_one(found["subject_id"], worker))

    def _claim_one(self, subject_id, worker):
        found = queries.outbox.claim_one(
            self.conn,
            kind=KIND.name,
            subject_id=subject_id,
            worker=self.workers[worker],
            lease=timedelta(seconds=LEASE),
            times_cut_off=None,
        )
        row = self.rows.get(subject_id)
        free = row is not None and (row.claim is None or row.due <= self.now)
        assert (found is not None) == free
        if not free:
            return None
        if row.claim is not None:
            row.attempts -= row.cut_off == 0
            row.cut_off += 1
        row.attempts += 1
        row.claim, row.due, row.progress = found["claim"], self.now + LEASE, False
        assert (found["attempts"], found["cut_off"]) == (row.attempts, row.cut_off)
        return row.claim

    @rule(seconds=st.sampled_from([10, 31, 61, 400]))
    def time_passes(self, seconds):
        self.now += seconds
        self.conn.execute(
            "UPDATE outbox SET (run_after, enqueued_at) = (run_after - %(s)s, enqueued_at - %(s)s)",
            {"s": timedelta(seconds=seconds)},
        )

    @rule(held=consumes(claims))
    def finish(self, held):
        row = self._row_of(held)
        with self.conn.transaction():
            done = queries.outbox.finish(
                self.conn, kind=KIND.name, subject_ids=[held.subject_id], claims=[held.claim]
            )
            assert [each["claim"] for each in done] == ([held.claim] if row else [])
            if done:
                self.conn.execute("INSERT INTO effects VALUES (%s)", (held.subject_id,))
        if row:
            del self.rows[held.subject_id]

    @rule(held=claims)
    def extend(self, held):
        row = self._row_of(held)
        found = queries.outbox.extend(
            self.conn,
            kind=KIND.name,
            subject_ids=[held.subject_id],
            claims=[held.claim],
            progress=[Jsonb({"done": 1})],
            lease=timedelta(seconds=2 * LEASE),
        )
        assert len(found) == bool(row)
        if row:
            row.due = self.now + 2 * LEASE
            row.progress = True

    @rule(held=consumes(claims))
    def fail(self, held):
        row = self._row_of(held)
        values = {"kind": KIND.name, "subject_id": held.subject_id, "claim": held.claim}
        if row and row.attempts >= len(KIND.delays):
            buried = queries.outbox.bury(
                self.conn, **values, error="no", most_attempts=len(KIND.delays)
            )
            assert buried == 1
            del self.rows[held.subject_id]
            self.dead.add(held.subject_id)
            return
        delay = KIND.delays[row.attempts] if row else 30
        postponed = queries.outbox.postpone(
            self.conn, **values, delay=timedelta(seconds=delay), error="no"
        )
        assert postponed == bool(row)
        if row:
            row.due, row.claim, row.progress = self.now + delay, None, False
            row.cut_off = 0

    @rule(held=consumes(claims))
    def bury_late(self, held):
        """Giving up without holding the row buries nothing."""
        if self._row_of(held):
            return
        buried = queries.outbox.bury(
            self.conn,
            kind=KIND.name,
            subject_id=held.subject_id,
            claim=held.claim,
            error="late",
            most_attempts=3,
        )
        assert buried == 0

    @rule(held=consumes(claims), delay=st.sampled_from([0, 30]))
    def release(self, held, delay):
        row = self._row_of(held)
        found = queries.outbox.release(
            self.conn,
            kind=KIND.name,
            subject_ids=[held.subject_id],
            claims=[held.claim],
            delay=timedelta(seconds=delay),
            reason=None,
        )
        assert len(found) == bool(row)
        if row:
            row.due, row.claim, row.progress = self.now + delay, None, False
            row.attempts -= 1

    @rule(number=st.integers(0, 9))
    def work_on_one_by_hand(self, number):
        self._claim_one(uuid.UUID(int=number), 0)

    @rule(held=consumes(claims))
    def crash(self, held):
        """Nothing more is heard of the holder."""

    # What is always true

    @invariant()
    def the_table_is_as_the_model_says(self):
        found = self.conn.execute(
            "SELECT subject_id, attempts, claim, progress IS NOT NULL, cut_off,"
            " extract(epoch FROM run_after - now())::float FROM outbox"
        ).fetchall()
        assert {row[0] for row in found} == set(self.rows)
        for subject_id, attempts, claim, has_progress, cut_off, due_in in found:
            row = self.rows[subject_id]
            assert (attempts, claim, has_progress) == (row.attempts, row.claim, row.progress)
            assert cut_off == row.cut_off
            assert due_in == pytest.approx(row.due - self.now, abs=9)
        self._stop_the_clock()

    def _stop_the_clock(self):
        """Undo the time that passed on the database's clock since the last step."""
        self.conn.execute(
            "UPDATE outbox SET run_after = now() + known.due_in * interval '1 s'"
            "  FROM unnest(%s::uuid[], %s::float[]) AS known (subject_id, due_in)"
            " WHERE outbox.subject_id = known.subject_id",
            (list(self.rows), [row.due - self.now for row in self.rows.values()]),
        )

    @invariant()
    def who_died_has_one_letter(self):
        found = self.conn.execute("SELECT subject_id, error FROM dead_letters").fetchall()
        assert sorted(found) == sorted((each, "no") for each in self.dead)

    def _row_of(self, held):
        """The row, if the claim still holds."""
        row = self.rows.get(held.subject_id)
        return row if row is not None and row.claim == held.claim else None


@pytest.mark.fuzz
def test_any_order_of_events_leaves_the_outbox_as_the_model_says(owner, app_conn):
    owner.execute("CREATE TABLE effects (subject_id uuid)")
    owner.execute("GRANT ALL ON effects TO PUBLIC")
    try:
        Work.conn = app_conn
        run_state_machine_as_test(
            Work,
            settings=settings(examples(10), stateful_step_count=40),
        )
    finally:
        owner.execute("DROP TABLE effects")
