"""Writes the outcomes of rows: the result and the removal of the outbox row in one transaction.

Rows of a kind are written together. If the database refuses one of them, the transaction is rolled
back and each is written by itself, so that a bad row does not affect the others. A row that another
transaction holds, perhaps an idle one, is not waited for: its work is put back, without charging
the attempt, and done again a little later.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
from psycopg.types.json import Jsonb

from sql import queries
from webapp.failure import Failure
from webapp.telemetry import logs
from workers.engine.job import Again
from workers.engine.outage import is_lost
from workers.engine.progress import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection
    from workers.engine.job import Job, Outcome
    from workers.engine.kind import Kind, SaveAll
    from workers.engine.metrics import Meter

log = structlog.get_logger("workers")


# Characters of an error that are kept.
_LONGEST: Final = 2000

# How long to wait for locks; and for each row, if many may be locked.
PATIENCE: Final = "500ms"
LITTLE_PATIENCE: Final = "50ms"

# Seconds after which work whose row was locked is done again.
HELD_FOR: Final = 5.0

# The row was locked, so this is not an error of the work.
HELD: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


# How work on a row may end.
_ENDS: Final = ("finished", "again", "dropped", "failed", "dead", "lost", "held")


@contextmanager
def transaction(conn: Connection, job: Job) -> Iterator[None]:
    """A transaction in the worker's name, for the request that caused the work; it is about one
    row, so it does not wait for locks for long."""
    with conn.transaction():
        identify(conn, job, LITTLE_PATIENCE)
        yield


def identify(conn: Connection, job: Job, patience: str) -> None:
    """The open transaction continues for this job's request."""
    queries.workers.act(
        conn,
        actor=f"worker:{job.kind}",
        request_id=job.request_id or "",
        traceparent=job.traceparent or "",
        patience=patience,
    )


def write(
    conn: Connection,
    kind: Kind,
    outcomes: Sequence[Outcome],
    meter: Meter | None = None,
    patience: str = PATIENCE,
) -> dict[str, int]:
    """Write the outcomes of some rows of one kind; return how many ended how.

    Raises psycopg.Error only if nothing can be written now. What was written by then stays written,
    and may be written again: its claims no longer hold, so nothing happens.
    """
    counts = dict.fromkeys(_ENDS, 0)
    done = [outcome for outcome in outcomes if outcome.error is None]
    try:
        ends = _succeed(conn, kind, done, patience) if done else []
    except Exception as error:  # whatever it is, the rows must get the error
        if is_lost(conn, error):
            raise
        if len(done) > 1:
            for outcome in done:
                alone = write(conn, kind, [outcome], meter, LITTLE_PATIENCE)
                for name, number in alone.items():
                    counts[name] += number
            ends = []
        else:
            ends = [(done[0], _fail_plainly(conn, kind, done[0], error))]
    ends += [
        (outcome, _fail_plainly(conn, kind, outcome, outcome.error))
        for outcome in outcomes
        if outcome.error is not None
    ]
    if lost := [outcome for outcome, end in ends if end == "lost"]:
        queries.outbox.vouch(
            conn,
            kind=kind.name,
            subject_ids=[outcome.job.subject_id for outcome in lost],
            had_begun=[outcome.seconds > 0 for outcome in lost],
        )
    if meter is not None:
        meter.ended(ends)
    say = log.bind()  # once: looking up the logger for each line costs more than a suppressed line
    for outcome, end in ends:
        counts[end] += 1
        if end == "lost":
            say.warning("lease_lost", work=outcome.job, seconds=round(outcome.seconds, 3))
        elif end in ("finished", "again", "dropped"):
            say.info(end, work=outcome.job, seconds=round(outcome.seconds, 3))
    return counts


def _succeed(
    conn: Connection, kind: Kind, outcomes: Sequence[Outcome], patience: str
) -> list[tuple[Outcome, str]]:
    ends: dict[int, str] = {}  # by claim
    if not kind.saves and not any(isinstance(each.result, Again) for each in outcomes):
        held = _finish(conn, kind, outcomes)
        for outcome in outcomes:
            if outcome.job.claim in held:
                ends[outcome.job.claim] = "finished" if outcome.wanted else "dropped"
    else:
        with conn.transaction():
            held = _finish(conn, kind, outcomes)
            mine = [outcome for outcome in outcomes if outcome.job.claim in held]
            request = None
            if kind.save_all is not None and mine:
                ends = _save_all(conn, kind, kind.save_all, mine, patience)
                mine = []
            for outcome in mine:
                job = outcome.job
                if request != (request := (job.request_id, job.traceparent)) or not ends:
                    identify(conn, job, patience)
                ends[job.claim] = _save(conn, kind, outcome) if outcome.wanted else "dropped"
    return [(outcome, ends.get(outcome.job.claim, "lost")) for outcome in outcomes]


def _save_all(
    conn: Connection, kind: Kind, save_all: SaveAll, outcomes: Sequence[Outcome], patience: str
) -> dict[int, str]:
    """Write the results of several rows together, in the open transaction, in which they have left
    the outbox; return how the work ended, by claim."""
    queries.workers.act(
        conn, actor=f"worker:{kind.name}", request_id="", traceparent="", patience=patience
    )
    ends = {outcome.job.claim: "dropped" for outcome in outcomes}
    wanted = [outcome for outcome in outcomes if outcome.wanted]
    saved = [outcome for outcome in wanted if not isinstance(outcome.result, Again)]
    for outcome in wanted:
        if isinstance(outcome.result, Again):
            ends[outcome.job.claim] = _save(conn, kind, outcome)
    if saved:
        answers = save_all(conn, [(outcome.job, outcome.result) for outcome in saved])
        for outcome, answer in zip(saved, answers, strict=True):
            ends[outcome.job.claim] = _end(conn, outcome.job, answer)
    return ends


def _save(conn: Connection, kind: Kind, outcome: Outcome) -> str:
    """Write one result, in the open transaction, in which the row has left the outbox; return how
    the work ended."""
    job, answer = outcome.job, outcome.result
    if isinstance(answer, Again):
        if kind.put_back is not None:
            kind.put_back(conn, job)
    else:
        answer = kind.save is None or kind.save(conn, job, answer)
    return _end(conn, job, answer)


def _end(conn: Connection, job: Job, answer: bool | Again) -> str:
    """How work ended by what `save` answered; queues it again if that is what it answered."""
    if isinstance(answer, Again):
        queries.outbox.enqueue(
            conn,
            kind=job.kind,
            subject_id=job.subject_id,
            workspace_id=job.workspace_id,
            payload=Jsonb(job.payload),
            request_id=job.request_id,
            traceparent=job.traceparent,
            delay=timedelta(seconds=answer.seconds),
        )
        return "again"
    return "finished" if answer else "dropped"


def _finish(conn: Connection, kind: Kind, outcomes: Sequence[Outcome]) -> set[int]:
    found = queries.outbox.finish(
        conn,
        kind=kind.name,
        subject_ids=[outcome.job.subject_id for outcome in outcomes],
        claims=[outcome.job.claim for outcome in outcomes],
    )
    return {row["claim"] for row in found}


def _fail_plainly(conn: Connection, kind: Kind, outcome: Outcome, error: BaseException) -> str:
    """Like `_fail`; if even that does not work, the row comes back when its lease expires."""
    job = outcome.job
    try:
        if isinstance(error, LeaseLost):
            _release(conn, kind, [job])  # the lease has expired and nobody has taken it over
            return "lost"
        if isinstance(error, HELD):
            return _put_off(conn, kind, job, error)
        try:
            return _fail(conn, kind, job, error)
        except HELD as held:
            return _put_off(conn, kind, job, held)
    except LeaseLost:
        return "lost"
    except Exception as another:  # whatever it is, it must not stop the loop
        if is_lost(conn, another):
            raise
        log.error("not_finished", work=job, **logs.about(another))
        return "failed"


def _put_off(conn: Connection, kind: Kind, job: Job, held: psycopg.Error) -> str:
    """Put back work whose row is locked; for the same reason the row cannot be moved back."""
    said = held.diag.message_primary
    reason = f"Another transaction held the row: {said}."
    _hold(_release(conn, kind, [job], delay=HELD_FOR, reason=reason))
    log.warning("held_by_others", work=job, error=said, next_attempt_in=HELD_FOR)
    return "held"


def _fail(conn: Connection, kind: Kind, job: Job, error: BaseException) -> str:
    expected = isinstance(error, Failure)
    said = f"Something unexpected went wrong: {type(error).__name__}."
    if expected:
        # Text from others may contain what the database does not accept.
        said = str(error)[:_LONGEST].replace("\0", "\ufffd").encode(errors="replace").decode()
    told: dict[str, Any] = {"error": said} | ({} if expected else logs.about(error))
    if getattr(error, "permanent", False) or job.attempts >= len(kind.delays):
        _bury(conn, kind, job, said)
        log.error("gave_up", work=job, **told)
        return "dead"
    delay = max(kind.delay_after(job.attempts), getattr(error, "retry_after", None) or 0)
    _postpone(conn, kind, job, said, round(delay, 3))
    log.warning("attempt_failed", work=job, next_attempt_in=round(delay, 3), **told)
    return "failed"


def _bury(conn: Connection, kind: Kind, job: Job, said: str) -> None:
    with transaction(conn, job):
        buried = queries.outbox.bury(
            conn,
            kind=job.kind,
            subject_id=job.subject_id,
            claim=job.claim,
            error=said,
            most_attempts=len(kind.delays),
        )
        _hold(buried)
        if kind.give_up is not None:
            kind.give_up(conn, job, said)


def _postpone(conn: Connection, kind: Kind, job: Job, said: str, delay: float) -> None:
    with transaction(conn, job):
        postponed = queries.outbox.postpone(
            conn,
            kind=job.kind,
            subject_id=job.subject_id,
            claim=job.claim,
            delay=timedelta(seconds=delay),
            error=said,
        )
        _hold(postponed)
        if kind.put_back is not None:
            kind.put_back(conn, job)
        if kind.entity is not None:
            queries.events.record(
                conn,
                workspace_id=job.workspace_id,
                entity=kind.entity,
                entity_id=job.subject_id,
                event=f"{kind.entity}.attempt_failed",
                payload=Jsonb({"attempt": job.attempts, "error": said, "next_attempt_in": delay}),
            )


def release(conn: Connection, kind: Kind, jobs: Sequence[Job]) -> None:
    """Give back rows that nobody has worked on, without charging the attempt."""
    if kind.put_back is None:
        try:
            _release(conn, kind, jobs)
        except HELD:  # one of them
            for job in jobs:
                _release_one(conn, kind, job)
    else:
        for job in jobs:
            _release_one(conn, kind, job)
    for job in jobs:
        log.info("released", work=job)


def _release_one(conn: Connection, kind: Kind, job: Job) -> None:
    try:
        try:
            with transaction(conn, job):
                if _release(conn, kind, [job]) and kind.put_back is not None:
                    kind.put_back(conn, job)
        except HELD as held:
            _put_off(conn, kind, job, held)
    except LeaseLost:
        return
    except Exception as error:  # whatever it is, the others are given back
        if is_lost(conn, error):
            raise
        log.error("not_released", work=job, **logs.about(error))


def _release(
    conn: Connection,
    kind: Kind,
    jobs: Sequence[Job],
    delay: float = 0.0,
    reason: str | None = None,
) -> int:
    return len(
        queries.outbox.release(
            conn,
            kind=kind.name,
            subject_ids=[job.subject_id for job in jobs],
            claims=[job.claim for job in jobs],
            delay=timedelta(seconds=delay),
            reason=reason,
        )
    )


def _hold(rows: int) -> None:
    """Continue only if the claim still matched a row."""
    if rows == 0:
        raise LeaseLost
