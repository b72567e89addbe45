"""The loop of every worker: claim, work, finish. The only place that knows how.

One process runs any number of kinds. The main thread does all that touches the database; the work,
which mostly waits for the outside world, is done by a few threads that have no connection, so that
no transaction is open meanwhile. The rules:

* A claim holds a row until its lease ends, under a number that no other claim ever gets. Finishing,
  postponing and giving up match that number; where it no longer matches, nothing is written.
* The result and the end of the outbox row share one short transaction.
* The attempt is counted by the claim, so work that kills its worker is given up in the end too.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
from psycopg.types.json import Jsonb

from sql import queries
from sql.connection import connect
from webapp import logs
from webapp.clients import ClientError
from workers.kind import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.kind import Kind

log = structlog.get_logger("workers")

# Seconds between two looks for work when there was none.
EVERY: Final = 1.0

# Seconds that work in hand may take to end after SIGTERM; most process managers kill after 30.
GRACE: Final = 20.0

# Seconds between two tries to reach a lost database: at first, and at most.
_SHORTEST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


_NEVER_ENDED: Final = (
    "It was begun each time and never ended: its worker died, or its lease is short."
)


class LeaseLost(Exception):
    """Another worker has claimed the row since; nothing of this attempt may be written."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the work on a row ended: with a result, with an error, or not wanted any more."""

    job: Job
    result: Any = None
    error: Exception | None = None
    wanted: bool = True
    seconds: float = 0.0


class Worker:
    """Works on rows of some kinds, `concurrency` at a time, until it is stopped.

    `every`, `lease` and `grace` are seconds; `lease` stands in for that of each kind.
    """

    def __init__(
        self,
        kinds: Iterable[Kind],
        settings: Settings,
        *,
        concurrency: int = 4,
        every: float = EVERY,
        lease: float | None = None,
        grace: float = GRACE,
    ) -> None:
        # Never used twice: a reused name could pass for the worker that had it before.
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self._kinds = {kind.name: kind for kind in kinds}
        self._clients = {kind.name: kind.open_clients(settings) for kind in self._kinds.values()}
        self._url = settings.database_url
        self._connection: Connection | None = None
        self._concurrency = concurrency
        self._every = every
        self._lease = lease
        self._grace = grace
        self._to_do: SimpleQueue[tuple[Job, Any]] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self._in_hand: dict[int, Job] = {}  # by claim
        self._stopping = False
        for number in range(concurrency):
            # Daemons: work that outlives the grace time must not keep the process from ending.
            threading.Thread(target=self._work, name=f"work-{number}", daemon=True).start()

    def run(self, *, once: bool = False) -> None:
        """Work until SIGTERM or SIGINT; with `once`, until nothing is due.

        Raises psycopg.OperationalError where the database cannot be reached at the start. One that
        is lost later is waited for.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        self._conn()
        log.info("worker_started", worker=self.name, kinds=sorted(self._kinds))
        pause = _SHORTEST_PAUSE
        while not self._stopping:
            try:
                claimed = self.claim()
                if once and not claimed and not self._in_hand:
                    break
                self.finish(self._every)
                pause = _SHORTEST_PAUSE
            except psycopg.OperationalError as error:
                log.warning("database_lost", error=str(error).strip(), next_try_in=pause)
                self._disconnect()
                self._sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        self._wind_up()
        signal.alarm(0)
        log.info("worker_stopped", worker=self.name)

    def _told_to_stop(self, *_: object) -> None:
        # A database that hangs holds the main thread where no signal handler runs; the alarm's own
        # action, to end the process, needs none. The leases give back what was in hand.
        signal.alarm(math.ceil(self._grace) + 5)
        self.stop()

    def stop(self) -> None:
        """Claim nothing more, finish what is in hand, then end. Safe in a signal handler."""
        self._stopping = True
        self._outcomes.put(None)

    def round(self) -> int:
        """Claim what is due and finish it; return how many rows. Tests call this one."""
        claimed = self.claim()
        while self._in_hand:
            self.finish(self._every)
        return claimed

    def claim(self) -> int:
        """Claim due rows, as many as there are free threads, and begin on them; return how many."""
        claimed = 0
        for kind in self._in_turn():
            free = self._concurrency - len(self._in_hand)
            if free == 0:
                break
            rows = queries.outbox.claim(
                self._conn(),
                kind=kind.name,
                worker=self.name,
                lease=timedelta(seconds=self._lease or kind.lease),
                limit=free,
            )
            for row in rows:
                self._begin(kind, Job(**row))
            claimed += len(rows)
        return claimed

    def finish(self, patience: float) -> None:
        """Finish one row whose work has ended; wait for one no longer than `patience` seconds."""
        try:
            outcome = self._outcomes.get(timeout=patience)
        except Empty:
            return
        if outcome is None:  # the stop
            return
        try:
            self._finish(outcome)
        except psycopg.OperationalError:
            # Kept: it may be written when the database is back, as long as the lease lasts.
            self._outcomes.put(outcome)
            raise
        del self._in_hand[outcome.job.claim]

    def close(self) -> None:
        """Let go of the database and of the clients."""
        self._disconnect()
        for clients in self._clients.values():
            clients.close()

    def _in_turn(self) -> list[Kind]:
        """The kinds, a different one first each time, so that none keeps all threads to itself."""
        first, *others = self._kinds
        self._kinds = {name: self._kinds[name] for name in (*others, first)}
        return list(self._kinds.values())

    def _begin(self, kind: Kind, job: Job) -> None:
        try:
            _check_attempts(kind, job)
            subject = kind.load(self._conn(), job)
        except psycopg.OperationalError:
            raise  # the lease gives the row back
        except Exception as error:  # noqa: BLE001  # whatever it is, the row must hear of it
            self._outcomes.put(Outcome(job, error=error))
        else:
            if subject is None:
                self._outcomes.put(Outcome(job, wanted=False))
            else:
                self._to_do.put((job, subject))
        self._in_hand[job.claim] = job

    def _work(self) -> None:
        """What each thread does for ever."""
        while True:
            job, subject = self._to_do.get()
            began = time.monotonic()
            result, failure = None, None
            with _log_as(job):
                try:
                    result = self._kinds[job.kind].work(subject, self._clients[job.kind])
                except Exception as error:  # noqa: BLE001  # as above
                    failure = error
            seconds = round(time.monotonic() - began, 3)
            self._outcomes.put(Outcome(job, result=result, error=failure, seconds=seconds))

    def _finish(self, outcome: Outcome) -> None:
        kind, job = self._kinds[outcome.job.kind], outcome.job
        with _log_as(job):
            try:
                try:
                    if outcome.error is None:
                        self._succeed(kind, job, outcome)
                    else:
                        self._fail(kind, job, outcome.error)
                except (LeaseLost, psycopg.OperationalError):
                    raise
                except Exception as error:  # noqa: BLE001  # a result the database does not take
                    self._fail(kind, job, error)
            except LeaseLost:
                log.warning("lease_lost", seconds=outcome.seconds)
            except psycopg.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001  # as above
                # Nothing of it was written; the row comes back when its lease ends.
                log.error("not_finished", **logs.about(error))

    def _succeed(self, kind: Kind, job: Job, outcome: Outcome) -> None:
        with self._transaction(job) as conn:
            _held(queries.outbox.finish(conn, id=job.id, claim=job.claim))
            wanted = outcome.wanted and kind.save(conn, job, outcome.result)
        log.info("finished" if wanted else "dropped", seconds=outcome.seconds)

    def _fail(self, kind: Kind, job: Job, error: Exception) -> None:
        expected = isinstance(error, ClientError)
        said = str(error) if expected else f"Something unexpected went wrong: {_name(error)}."
        told = {"error": said, "attempt": job.attempts} | ({} if expected else logs.about(error))
        if getattr(error, "permanent", False) or job.attempts >= len(kind.delays):
            self._give_up(kind, job, said)
            log.error("gave_up", **told)
        else:
            delay = max(kind.delays[job.attempts], getattr(error, "retry_after", None) or 0)
            self._postpone(kind, job, said, delay)
            log.warning("attempt_failed", next_attempt_in=delay, **told)

    def _give_up(self, kind: Kind, job: Job, said: str) -> None:
        most = len(kind.delays)
        with self._transaction(job) as conn:
            buried = queries.outbox.bury(
                conn, id=job.id, claim=job.claim, error=said, most_attempts=most
            )
            _held(buried)
            kind.give_up(conn, job, said)

    def _postpone(self, kind: Kind, job: Job, said: str, delay: float) -> None:
        with self._transaction(job) as conn:
            postponed = queries.outbox.postpone(
                conn, id=job.id, claim=job.claim, delay=timedelta(seconds=delay), error=said
            )
            _held(postponed)
            if kind.entity is not None:
                queries.events.record(
                    conn,
                    workspace_id=job.workspace_id,
                    entity=kind.entity,
                    entity_id=job.subject_id,
                    event=f"{kind.entity}.attempt_failed",
                    payload=Jsonb(
                        {"attempt": job.attempts, "error": said, "next_attempt_in": delay}
                    ),
                )

    @contextmanager
    def _transaction(self, job: Job) -> Iterator[Connection]:
        """A transaction in the worker's name, for the request that caused the work."""
        conn = self._conn()
        with conn.transaction():
            queries.requests.identify(
                conn, actor=f"worker:{job.kind}", request_id=job.request_id or ""
            )
            yield conn

    def _wind_up(self) -> None:
        """After the stop: finish what ends within the grace time, give the rest back."""
        deadline = time.monotonic() + self._grace
        try:
            while self._in_hand and (left := deadline - time.monotonic()) > 0:
                self.finish(left)
            for job in self._in_hand.values():
                queries.outbox.release(self._conn(), id=job.id, claim=job.claim)
                with _log_as(job):
                    log.info("released")
        except psycopg.OperationalError as error:
            log.warning("database_lost", error=str(error).strip())  # the leases give them back
        self.close()

    def _conn(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self._url, "coffer worker")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < deadline:
            time.sleep(0.1)


def _held(rows: int) -> None:
    """Go on only where the claim still matched a row."""
    if rows == 0:
        raise LeaseLost


def _check_attempts(kind: Kind, job: Job) -> None:
    """Refuse a row that came back, once too often, from a worker that never said how it ended."""
    if job.attempts > len(kind.delays):
        died = (
            job.last_error
            or "It was begun each time and never ended: its worker died, or its lease is short."
        )
        raise ClientError(died, permanent=True)


def _name(error: Exception) -> str:
    return type(error).__name__


@contextmanager
def _log_as(job: Job) -> Iterator[None]:
    """Put the work and its request into each log line."""
    with structlog.contextvars.bound_contextvars(
        request_id=job.request_id, kind=job.kind, work=job.id, subject_id=str(job.subject_id)
    ):
        yield
