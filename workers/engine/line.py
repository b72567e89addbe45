"""One kind of work in one worker: its turn to claim, its hands, and its pace."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from psycopg.types.json import Jsonb

from sql import queries
from webapp.failure import Failure
from workers.engine import outcomes
from workers.engine.hands import Hands
from workers.engine.job import Job, Outcome, Task
from workers.engine.metrics import meter_for
from workers.engine.outage import is_lost
from workers.engine.pace import Pace
from workers.engine.progress import LeaseLost, NotWanted
from workers.engine.shares import Shares, of_ended
from workers.engine.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.kind import Kind
    from workers.engine.progress import Progress

log = structlog.get_logger("workers")

# Seconds of work to claim ahead: enough that quick work never waits for a claim, but so little that
# slow work is left to other workers.
_AHEAD: Final = 0.1

# Seconds that one transaction of results may take: it locks rows that users may want to change.
_LONGEST_WRITE: Final = 0.1

# Seconds between two writes of reported progress.
_REPORT_EVERY: Final = 1.0

# Seconds after which rows that were claimed ahead, and not started because the work has become
# slow, are given back to be started elsewhere.
_STALE: Final = 1.0

# Consecutive successful claims after which a kind counts as busy: it polls by itself, and need not
# be notified.
_BUSY: Final = 10

_NEVER_ENDED: Final = (
    "Every attempt was started and none finished: its worker died, or its lease is too short."
)

# How often a row was cut off before it was alone: once among others, once next to some.
_NOT_ALONE: Final = (1, 2)


class Claimed(NamedTuple):
    """Claimed rows, those of them that do not need the work or cannot be done, and the end of the
    lease."""

    jobs: list[Job]
    refused: set[int]
    held_until: float


NOTHING: Final = Claimed([], set(), 0.0)


class Line:
    """A worker's state for one kind."""

    def __init__(
        self,
        kind: Kind,
        settings: Settings,
        *,
        worker: UUID,
        concurrency: int,
        batch: int,
        lease: float | None,
        tell: Callable[[list[Outcome]], None],
    ) -> None:
        self.kind = kind
        self.in_hand: dict[int, Job] = {}  # by claim
        self.turns = Turns(kind.name)
        self.meter = meter_for(kind.name, settings, self.in_hand)
        self._lease = lease or kind.lease
        concurrency *= kind.waits
        self._hands = Hands(kind, settings, concurrency, self._lease, self._hear)
        self._shares = Shares(self._hands.share) if kind.share is not None else None
        self._tell = tell
        self._worker = worker
        self._concurrency = concurrency
        self._batch = batch
        self._work_pace = Pace()
        self._write_pace = Pace()
        self._moved = time.monotonic()
        self._hasty_until = 0.0
        self._permitted_from = 0.0
        self._next_report = 0.0
        self._streak = 0
        self._gathered: list[Task] = []
        self._gathering_until = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether it has so much to do that it finds more by itself."""
        return self._streak >= _BUSY

    def claim(self, conn: Connection, room: int) -> Claimed:
        """Claim up to so many due rows. For a kind that does not move its rows at the claim, this
        may be done in another thread."""
        if room > 0 and self.kind.permits is not None:
            room = self._permitted(conn, room)
        if room <= 0:
            return NOTHING
        held_until = (began := time.monotonic()) + self._lease
        if self.kind.start is None:
            jobs, refused = self._claim(conn, room), set[int]()
        else:
            with conn.transaction():
                jobs = self._claim(conn, room)
                refused = self._start(conn, jobs)
        if jobs or not self.turns.is_held_back:
            self._streak = self._streak + 1 if jobs else 0
        if self.meter is not None:
            self.meter.claimed(jobs, began)
        return Claimed(jobs, refused, held_until)

    def claim_one(
        self, conn: Connection, subject_id: UUID, *, times_cut_off: int | None = None
    ) -> Claimed:
        """Claim one row, due or not; nothing if a worker holds it, or if it was not cut off that
        many times."""
        held_until = (began := time.monotonic()) + self._lease
        with conn.transaction():
            row = queries.outbox.claim_one(
                conn,
                kind=self.kind.name,
                subject_id=subject_id,
                worker=self._worker,
                lease=timedelta(seconds=self._lease),
                times_cut_off=times_cut_off,
            )
            jobs = [Job(**row)] if row else []
            refused = self._start(conn, jobs)
        if self.meter is not None:
            self.meter.claimed(jobs, began)
        return Claimed(jobs, refused, held_until)

    def renew(self, conn: Connection) -> None:
        """Restart the leases of everything in hand. They may have expired while the database was
        down without anybody taking the rows over."""
        if self.in_hand:
            queries.outbox.renew(
                conn,
                kind=self.kind.name,
                subject_ids=[job.subject_id for job in self.in_hand.values()],
                claims=list(self.in_hand),
                lease=timedelta(seconds=self._lease),
            )

    def has_free_hands(self) -> bool:
        """Whether one more row would be started soon."""
        if self.kind.batch is not None or self.kind.work is None:
            return self.room() > 0
        return len(self.in_hand) < self._concurrency + self._ahead()

    def room(self, ended: int = 0) -> int:
        """How many rows to claim now, or when the `ended` ones are written: none until half of what
        was claimed ahead is used up, so that claims stay large."""
        in_hand = len(self.in_hand) - ended
        if self.kind.batch is not None:
            return self.kind.batch.rows * self._concurrency - in_hand
        if self.kind.work is None:
            return self._batch - in_hand
        ahead = self._ahead()
        if in_hand > self._concurrency + ahead // 2:
            return 0
        return min(self._concurrency + ahead, self._batch) - in_hand

    def _ahead(self) -> int:
        """How many rows to hold beyond those in progress."""
        return self._work_pace.rows_in(_AHEAD * self._concurrency, most=self._batch)

    def _permitted(self, conn: Connection, wanted: int) -> int:
        """How many of so many rows may be claimed."""
        if (now := time.monotonic()) < self._permitted_from:
            return 0
        permit = self._hands.permits(conn, wanted)
        if permit.rows <= 0:
            self._permitted_from = now + permit.wait
        return min(permit.rows, wanted)

    def _claim(self, conn: Connection, room: int) -> list[Job]:
        left = None if self._shares is None else self._shares.left
        return self.turns.claim(conn, limit=room, worker=self._worker, lease=self._lease, left=left)

    def _hear(self, outcomes: list[Outcome]) -> None:
        """Pass on how work ended; called in its thread."""
        if self._shares is not None:
            self._shares.ended(of_ended(outcomes))
        self._tell(outcomes)

    def _start(self, conn: Connection, jobs: Sequence[Job]) -> set[int]:
        """Move the rows on; return the claims of those that no longer need it, or cannot be
        done."""
        if self.kind.start is None:
            return set()
        refused = set()
        for job in jobs:
            try:
                with outcomes.transaction(conn, job):
                    wanted = self.kind.start(conn, job)
                if not wanted:
                    self._tell([Outcome(job, wanted=False)])
                    refused.add(job.claim)
            except Exception as error:  # whatever it is, the row must get the error
                if is_lost(conn, error):
                    raise
                self._tell([Outcome(job, error=error)])
                refused.add(job.claim)
        return refused

    def begin(self, conn: Connection, claimed: Claimed, *, by_hand: bool = False) -> int:
        """Load the rows' data and pass them to the hands; return how many. A row whose attempts are
        used up is given up, unless it was claimed by hand."""
        if not claimed.jobs:
            return 0
        self._moved = time.monotonic()
        jobs = []
        for job in claimed.jobs:
            if job.claim in claimed.refused:
                self.in_hand[job.claim] = job
            elif self._is_used_up(job) and not by_hand:
                said = _NEVER_ENDED if job.cut_off else job.last_error or _NEVER_ENDED
                self._end(Outcome(job, error=Failure(said, permanent=True)))
            else:
                jobs.append(job)
        if jobs:
            self._load(conn, jobs, claimed.held_until)
        return len(claimed.jobs)

    def _is_used_up(self, job: Job) -> bool:
        """Whether it has used all its attempts, of which the last never finished. If it was not
        alone, other rows may have been the cause."""
        return job.attempts > len(self.kind.delays) and job.cut_off not in _NOT_ALONE

    def _end(self, outcome: Outcome) -> None:
        """There is nothing to do for this row."""
        self.in_hand[outcome.job.claim] = outcome.job
        self._tell([outcome])

    def _load(self, conn: Connection, jobs: Sequence[Job], held_until: float) -> None:
        """Load them together or, if that fails, one by one: a bad row does not affect the
        others."""
        try:
            subjects = self.kind.load(conn, jobs)
        except Exception as error:  # as above
            if is_lost(conn, error):
                raise  # the rows, which are not in hand, come back when their leases expire
            if len(jobs) == 1:
                self._end(Outcome(jobs[0], error=error))
                return
            for job in jobs:
                self._load(conn, [job], held_until)
            return
        say = log.bind()  # once, as where they are finished
        for job in jobs:
            subject = subjects.get(job.subject_id)
            if subject is None:
                self._end(Outcome(job, wanted=False))
            elif self.kind.work is None:
                self._end(Outcome(job, result=subject))
            else:
                say.info("claimed", work=job, worker=str(self._worker))
                self.in_hand[job.claim] = job
                if self._shares is not None:
                    self._shares.began(job.workspace_id)
                task = Task(job, subject, held_until)
                alone = self.kind.batch is None or job.cut_off > 0
                self._hands.take([task]) if alone else self._gather(task)

    def _gather(self, task: Task) -> None:
        assert self.kind.batch is not None
        if not self._gathered:
            self._gathering_until = time.monotonic() + self.kind.batch.seconds
        self._gathered.append(task)
        if len(self._gathered) == self.kind.batch.rows:
            self._take_gathered()

    def _take_gathered(self) -> None:
        self._hands.take(self._gathered)
        self._gathered = []

    def tend(self, conn: Connection) -> float:
        """Pass on reports, start a batch that has waited long enough, and give back rows claimed
        ahead that wait for long. Return the seconds until the next check."""
        now = time.monotonic()
        if not self.in_hand:
            if now < self._permitted_from:
                return self._permitted_from - now
            return math.inf if self.turns.due_in is None else self.turns.due_in
        if now >= self._next_report:
            self._next_report = now + _REPORT_EVERY
            self._pass_on(conn)
        if self._gathered and now >= self._gathering_until:
            self._take_gathered()
        is_ahead = self.kind.batch is None and len(self.in_hand) > self._concurrency
        if is_ahead and now - self._moved > _STALE:
            self.give_back(conn)
            self._work_pace = Pace()  # its old pace no longer applies
            self._moved = now
        soonest = self._gathering_until if self._gathered else math.inf
        return max(0.0, min(self._next_report, soonest) - now)

    def write(self, conn: Connection, ended: list[Outcome]) -> dict[str, int]:
        """Write the outcomes, in transactions of bounded length; return how many ended how."""
        total: dict[str, int] = {}
        while ended:
            rows = self._batch
            if self.kind.saves:
                rows = self._write_pace.rows_in(_LONGEST_WRITE, most=self._batch) or 1
            some = [each for each in ended[:rows] if each.job.claim in self.in_hand]
            began = time.monotonic()
            # If a row was locked just now, others may be: do not wait for each of them.
            patience = outcomes.LITTLE_PATIENCE if began < self._hasty_until else outcomes.PATIENCE
            counts = outcomes.write(conn, self.kind, some, self.meter, patience)
            if counts["held"]:
                self._hasty_until = time.monotonic() + outcomes.HELD_FOR
            for name, number in counts.items():
                total[name] = total.get(name, 0) + number
            if some:
                self._write_pace.note(time.monotonic() - began, len(some))
            for outcome in some:
                del self.in_hand[outcome.job.claim]
                if outcome.seconds:
                    self._work_pace.note(outcome.seconds)
            del ended[:rows]
        self._moved = time.monotonic()
        return total

    def _pass_on(self, conn: Connection) -> None:
        """Write the reported progress, which extends the lease, and tell the work whether to
        continue; a batch continues as long as one of its rows is held and one is needed."""
        reports = [each for each in list(self._hands.at_work.values()) if each.said is not None]
        try:
            self._extend(conn, reports)
        except outcomes.HELD:  # one of the rows: the others must not lose their leases
            for each in reports:
                with suppress(*outcomes.HELD):
                    self._extend(conn, [each])

    def _extend(self, conn: Connection, reports: Sequence[Progress]) -> None:
        said = [(job, each.said) for each in reports for job in each.jobs]
        if not said:
            return
        found = queries.outbox.extend(
            conn,
            kind=self.kind.name,
            subject_ids=[job.subject_id for job, _ in said],
            claims=[job.claim for job, _ in said],
            progress=[Jsonb(each) for _, each in said],
            lease=timedelta(seconds=self._lease),
        )
        held = {row["claim"] for row in found}
        for each in reports:
            each.said = None
            if not any(job.claim in held for job in each.jobs):
                each.verdict = LeaseLost()
            elif not self._is_wanted(conn, each.jobs):
                each.verdict = NotWanted()

    def _is_wanted(self, conn: Connection, jobs: Sequence[Job]) -> bool:
        try:
            return bool((self.kind.still_wanted or self.kind.load)(conn, jobs))
        except Exception as error:  # as above; earlier success is no reason to end now
            if is_lost(conn, error):
                raise
            return True

    def give_back(self, conn: Connection, *, everything: bool = False) -> None:
        """Give back what was not started; or everything, including what is in progress."""
        waiting = [*self._hands.give_back(), *(task.job for task in self._gathered)]
        self._gathered = []
        if self._shares is not None:
            self._shares.ended(job.workspace_id for job in waiting)
        jobs = list(self.in_hand.values()) if everything else waiting
        for job in jobs:
            del self.in_hand[job.claim]
        if jobs:
            outcomes.release(conn, self.kind, jobs)

    def close(self) -> None:
        """Close the threads and the clients."""
        self._hands.close()
