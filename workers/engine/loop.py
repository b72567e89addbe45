"""The loop of every worker: claim, work, write. Nothing else implements it.

One process runs any number of kinds, each on its own line (`line.py`). Only the main thread uses
the database; the work, which mostly waits for outside systems, is done by threads without a
connection, so that no transaction is open meanwhile. The rules:

* A claim holds a row until its lease expires, under a number that no other claim ever gets.
  Finishing, extending, postponing, releasing and giving up match that number; if it no longer
  matches, nothing is written.
* The result and the removal of the outbox row share one short transaction.
* An attempt counts in the database before its work begins, so work that kills its worker is also
  given up in the end; rows claimed along with it are not (`cut_off.py`).
* A notification is a hint. Without one, due work is found by polling.
"""

from __future__ import annotations

import math
import os
import random
import signal
import socket
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

import psycopg
import structlog

from sql import queries
from sql.connection import connect, connect_at_start
from webapp.failure import Failure
from workers.engine import metrics_server
from workers.engine.cut_off import CutOff
from workers.engine.line import Line
from workers.engine.listener import HEARTBEAT, Listener
from workers.engine.outage import LONGEST_PAUSE, Outage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from uuid import UUID

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Outcome
    from workers.engine.kind import Kind

log = structlog.get_logger("workers")

# Seconds between two polls when there was no work; about a quarter more or less each time, so that
# workers that started together do not poll together.
EVERY: Final = 1.0

# Seconds that running work may take to finish after SIGTERM; most process managers kill after 30.
GRACE: Final = 20.0

# The maximum of rows claimed at once, and written at once.
BATCH: Final = 500

# Seconds after an outage in which a worker takes nothing over from others: those that survived it
# return in that time, and their leases restart.
_OTHERS_COME_BACK: Final = LONGEST_PAUSE + 2.0

# Seconds after it fell asleep until a worker looks again: for transactions that enqueued in between
# and could not know that it sleeps.
_SECOND_LOOK: Final = 0.05

# How work ends that counts as done.
_DONE: Final = ("finished", "again", "dropped")


class Worker:
    """Works on rows of some kinds until it is stopped, `concurrency` of each kind at a time.

    `every`, `lease` and `grace` are seconds; `lease` replaces that of each kind.
    """

    def __init__(
        self,
        kinds: Iterable[Kind],
        settings: Settings,
        *,
        concurrency: int = 4,
        batch: int = BATCH,
        every: float = EVERY,
        lease: float | None = None,
        grace: float = GRACE,
    ) -> None:
        # Never reused: a reused name could be mistaken for the previous worker.
        self.id = uuid.uuid4()
        self.counts: Counter[str] = Counter()
        self._inbox: SimpleQueue[list[Outcome] | None] = SimpleQueue()
        self._lines = {
            kind.name: Line(
                kind,
                settings,
                worker=self.id,
                concurrency=concurrency,
                batch=batch,
                lease=lease,
                tell=self._inbox.put,
            )
            for kind in kinds
        }
        self._cut_off = CutOff(self._lines)
        self._settings = settings
        self._connection: Connection | None = None
        self._outage = Outage(log, lost="database_lost", back="database_back")
        self._comes_back = False
        self._takes_over_from = 0.0
        self._second: Connection | None = None
        self._claimer = ThreadPoolExecutor(1, "claimer")
        self._listener: Listener | None = None
        self._listening_for: list[str] = []
        self._look_again = False
        self._every = every
        self._grace = grace
        self._batch = batch
        self._stopping = False
        self._born = time.monotonic()
        self._next_heartbeat = 0.0
        self._uncounted: dict[str, Counter[str]] = {name: Counter() for name in self._lines}
        self._ended: list[Outcome] = []

    def run(self, *, once: bool = False) -> None:
        """Work until SIGTERM or SIGINT; with `once`, until nothing is due.

        Raises what a kind's `check` does, and psycopg.OperationalError if the database cannot be
        reached within five seconds of the start. If it is lost later, or is read-only, this waits
        for it.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        self._start()
        log.info("worker_started", worker=str(self.id), kinds=sorted(self._lines))
        metrics_server.serve(self._settings, [line.meter for line in self._lines.values()])
        if not once and self._settings.database_listen_url:
            self._listener = Listener(
                self._settings.database_listen_url,
                name=str(self.id),
                kinds=frozenset(self._lines),
                wake=lambda: self._inbox.put(None),
            )
        while not self._stopping:
            try:
                if self._comes_back:
                    self._come_back()
                self._check_in()
                claimed = self.claim()
                if once and not claimed and not self._in_hand():
                    break
                patience = self._patience()
                self.finish(0 if claimed else patience)
                self._outage.is_over()
            except psycopg.Error as error:
                # It is down, restarting, read-only, or not migrated: all of that passes.
                if once and not isinstance(error, psycopg.OperationalError):
                    raise
                self._disconnect()
                self._comes_back = True
                self._sleep(self._outage.goes_on(error))
        self._wind_up()
        signal.alarm(0)
        log.info("worker_stopped", worker=str(self.id), **self.counts)

    def _told_to_stop(self, *_: object) -> None:
        # A hanging database blocks the main thread where no signal handler runs; the alarm's
        # default action, ending the process, needs none. What was in hand comes back when the
        # leases expire.
        if not self._stopping:
            signal.alarm(math.ceil(self._grace) + 5)
        self.stop()

    def stop(self) -> None:
        """Claim nothing more, finish what is in hand, then end. Safe in a signal handler."""
        self._stopping = True
        self._inbox.put(None)

    def round(self) -> int:
        """Find what is due, claim and finish it; return how many rows. Tests call this one."""
        for line in self._lines.values():
            line.turns.look()
        self._cut_off.look()
        claimed = self.claim()
        while self._in_hand():
            self.finish(self._patience())
        return claimed

    def claim(self) -> int:
        """Claim due rows of each kind, as many as it has room for, and start them; return how
        many."""
        conn = self._conn()
        takes_over = time.monotonic() >= self._takes_over_from
        for line in self._lines.values():
            line.turns.takes_over = takes_over
        claimed = self._cut_off.claim(conn, takes_over=takes_over)
        for line in self._lines.values():
            if self._cut_off.leaves_room(line):
                claimed += line.begin(conn, line.claim(conn, line.room()))
        return claimed + self._cut_off.claim(conn, takes_over=takes_over)

    def _come_back(self) -> None:
        """After an outage: keep what is in progress, although its lease may have expired, and give
        other workers the time to do the same."""
        for line in self._lines.values():
            line.give_back(self._conn())
            line.renew(self._conn())
        self._comes_back = False
        self._takes_over_from = time.monotonic() + _OTHERS_COME_BACK

    def work_on(self, kind: str, subject_id: UUID) -> bool:
        """Process one row now, due or not, to its end; False if another worker holds it.

        If that is interrupted, the row is given back.
        """
        self._start()
        self._check_in()
        line, conn = self._lines[kind], self._conn()
        found = line.begin(conn, line.claim_one(conn, subject_id), by_hand=True) == 1
        try:
            while self._in_hand():
                self.finish(self._patience())
        finally:
            line.give_back(self._conn(), everything=True)
            self._count()
            queries.workers.leave(self._conn(), id=self.id)
        return found

    def finish(self, patience: float) -> None:
        """Write what has ended; wait for the first no longer than `patience` seconds."""
        try:
            while len(self._ended) < self._batch:
                message = self._inbox.get(timeout=0 if self._ended else patience)
                if message is None:  # there may be work, or it is time to stop
                    for line in self._lines.values():
                        line.turns.wake()
                    break
                self._ended += message
        except Empty:
            pass
        by_kind: dict[str, list[Outcome]] = {}
        for outcome in self._ended:
            by_kind.setdefault(outcome.job.kind, []).append(outcome)
        with self._claiming_meanwhile(by_kind):
            # Kept until they are written: if the database is lost, they are written when it is
            # back, as long as the lease lasts.
            for kind, ended in by_kind.items():
                counts = self._lines[kind].write(self._conn(), ended)
                self.counts.update(counts)
                self._uncounted[kind].update(counts)
            self._ended = []

    @contextmanager
    def _claiming_meanwhile(self, ended: dict[str, list[Outcome]]) -> Iterator[None]:
        """While results are written, a second connection claims for busy kinds: the database and
        this process then work concurrently instead of alternating."""
        busy = [
            (line, line.room(len(ended[name])))
            for name, line in self._lines.items()
            if name in ended
            and line.is_busy
            and line.kind.start is None
            and self._cut_off.leaves_room(line)
            and not self._stopping
        ]
        if not busy:
            yield
            return
        if self._second is None:
            self._second = self._connect()
        claims = [
            (line, self._claimer.submit(line.claim, self._second, room)) for line, room in busy
        ]
        try:
            yield
        finally:
            for line, claim in claims:
                line.begin(self._conn(), claim.result())

    def close(self) -> None:
        """Close the database connections, the threads and the clients."""
        if self._listener is not None:
            self._listener.close()
        self._disconnect()
        self._claimer.shutdown(wait=False)
        for line in self._lines.values():
            line.close()

    def _in_hand(self) -> bool:
        return any(line.in_hand for line in self._lines.values())

    def _patience(self) -> float:
        """Seconds to wait for something to happen."""
        if self._listen():
            self._look_again = True
            return 0.0
        soonest = min(line.tend(self._conn()) for line in self._lines.values())
        look = _SECOND_LOOK if self._look_again else self._every * random.uniform(0.75, 1.25)  # noqa: S311
        self._look_again = False
        return max(0.0, min(soonest, look, self._next_heartbeat - time.monotonic()))

    def _listen(self) -> bool:
        """Record in the database for which kinds this worker sleeps; return whether that has
        changed."""
        hears = self._listener is not None and self._listener.is_listening
        wanted = [kind for kind, line in self._lines.items() if hears and not line.is_busy]
        if wanted == self._listening_for:
            return False
        queries.workers.listen_for(self._conn(), id=self.id, listening_for=wanted)
        self._listening_for = wanted
        return True

    def _check_in(self) -> None:
        """Every few seconds: report that this worker is alive and what it has done."""
        now = time.monotonic()
        if now < self._next_heartbeat:
            return
        self._next_heartbeat = now + HEARTBEAT
        others = queries.workers.seen(
            self._conn(),
            id=self.id,
            host=socket.gethostname(),
            pid=os.getpid(),
            kinds=list(self._lines),
            listening_for=self._listening_for,
            age=timedelta(seconds=now - self._born),
            echo=self._listener is not None,
        )
        for line in self._lines.values():
            line.turns.claimers = others + 1
        self._count()

    def _count(self) -> None:
        done = {kind: counts for kind, counts in self._uncounted.items() if counts.total()}
        if done:
            queries.work_counts.add(
                self._conn(),
                kinds=list(done),
                finished=[sum(each[how] for how in _DONE) for each in done.values()],
                failed=[each["failed"] + each["dead"] for each in done.values()],
            )
            for counts in done.values():
                counts.clear()

    def _wind_up(self) -> None:
        """After the stop: give back what was not started, finish what ends within the grace time,
        give the rest back."""
        deadline = time.monotonic() + self._grace
        try:
            for line in self._lines.values():
                line.give_back(self._conn())
            while self._in_hand() and (left := deadline - time.monotonic()) > 0:
                self.finish(left)
            for line in self._lines.values():
                line.give_back(self._conn(), everything=True)
            self._count()
            queries.workers.leave(self._conn(), id=self.id)
        except psycopg.Error as error:
            self._outage.goes_on(error)  # they come back when their leases expire
        self.close()

    def _conn(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _start(self) -> None:
        """Check that the work can be done, and open the first connection, with retries: the
        database may be restarting."""
        for line in self._lines.values():
            if line.kind.check is not None:
                line.kind.check()
        self._connection = self._connection or self._set_up(connect_at_start)
        self._check_transitions(self._connection)

    def _check_transitions(self, conn: Connection) -> None:
        """Refuse a kind that would be retried for ever. Raises Failure."""
        entities = [line.kind.entity for line in self._lines.values() if line.kind.put_back]
        for found in queries.workers.put_back_with_work(conn, entities=entities):
            raise Failure(
                f"The transition {found['event']} queues {found['work']}, which is queued already: "
                "its attempts would begin anew each time. It must have no work."
            )

    def _connect(self) -> Connection:
        return self._set_up(connect)

    def _set_up(self, how: Callable[..., Connection]) -> Connection:
        pooler = self._settings.database_pooler
        conn = how(self._settings.database_url, "coffer worker", pooler=pooler)
        if not pooler:
            queries.workers.set_up(conn)
        return conn

    def _disconnect(self) -> None:
        for conn in (self._connection, self._second):
            if conn is not None:
                conn.close()
        self._connection = self._second = None

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < deadline:
            time.sleep(0.1)
