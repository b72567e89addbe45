"""The hands of a worker: the threads that do the work of one kind, without a database.

The main thread gives them rows and gets the outcomes. Each kind has its own threads, so that slow
work of one never delays another.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from webapp.telemetry import logs
from workers.engine import progress, spans
from workers.engine.job import Outcome
from workers.engine.processes import WorkProcess
from workers.engine.progress import LeaseLost, NotWanted, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Job, Task
    from workers.engine.kind import Kind, Permit


class _Together(NamedTuple):
    """Rows processed as one batch, for the log."""

    jobs: Sequence[Job]

    def log_fields(self) -> dict[str, Any]:
        return {
            "kind": self.jobs[0].kind,
            "subject_ids": [str(job.subject_id) for job in self.jobs],
            "request_ids": sorted({job.request_id for job in self.jobs if job.request_id}),
        }


class Hands:
    """Up to `concurrency` threads, started with the first task; for work that computes, each has a
    child process."""

    def __init__(
        self,
        kind: Kind,
        settings: Settings,
        concurrency: int,
        lease: float,
        tell: Callable[[list[Outcome]], None],
    ) -> None:
        self.at_work: dict[int, Progress] = {}  # by thread
        self._kind = kind
        self._settings = settings
        self._concurrency = concurrency
        self._lease = lease
        self._tell = tell
        # For work in a child process, the clients are opened there.
        self._clients = None if kind.computes else kind.open_clients(settings)
        self._to_do: SimpleQueue[Sequence[Task] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._processes: list[WorkProcess] = []

    def share(self, workspace_id: UUID) -> int:
        """How many rows of a workspace may be worked on at once."""
        assert self._kind.share is not None
        return self._kind.share(self._clients, workspace_id)

    def permits(self, conn: Connection, wanted: int) -> Permit:
        """How many of so many rows may be claimed."""
        assert self._kind.permits is not None
        return self._kind.permits(conn, self._clients, wanted)

    def take(self, tasks: Sequence[Task]) -> None:
        """Process these, one after the other or, if the kind says so, all at once."""
        if not self._threads:
            for number in range(self._concurrency):
                # Daemons: work that outlives the grace time must not keep the process from exiting.
                name = f"{self._kind.name}-{number}"
                self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
                self._threads[-1].start()
        self._to_do.put(tasks)

    def give_back(self) -> list[Job]:
        """Return what has not been started; it will not be done here."""
        jobs = []
        with suppress(Empty):
            while True:
                jobs += [task.job for task in self._to_do.get_nowait() or ()]
        return jobs

    def close(self) -> None:
        """Let the threads finish their current work, and close the clients."""
        for _ in self._threads:
            self._to_do.put(None)
        for process in self._processes:
            process.close()
        if self._clients is not None:
            self._clients.close()

    def _run(self) -> None:
        """Each thread's loop until it is closed."""
        work = self._worker()
        do, do_together = spans.around(self._do), spans.around_all(self._do_together)
        while (tasks := self._to_do.get()) is not None:
            if self._kind.batch is not None:
                self._tell(do_together(work, tasks))
            else:
                self._tell([do(work, task) for task in tasks])

    def _worker(self) -> Callable[[Any], Any]:
        assert self._kind.work is not None
        if self._kind.computes:
            process = WorkProcess(self._kind, self._settings, self._lease)
            self._processes.append(process)
            return process.work
        work, clients = self._kind.work, self._clients
        return lambda subject: work(subject, clients)

    def _do(self, work: Callable[[Any], Any], task: Task) -> Outcome:
        began = time.monotonic()
        outcome = Outcome(task.job)
        if began >= task.held_until:
            outcome.error = LeaseLost()
            return outcome
        logs.work_in_hand.set(task.job)
        self._begin([task.job])
        try:
            outcome.result = work(task.subject)
        except NotWanted:
            outcome.wanted = False
        except BaseException as error:  # noqa: BLE001  # also an exit: the row must hear of it
            outcome.error = error
        finally:
            self._end()
            logs.work_in_hand.set(None)
        outcome.seconds = time.monotonic() - began
        return outcome

    def _do_together(self, work: Callable[[Any], Any], tasks: Sequence[Task]) -> list[Outcome]:
        began = time.monotonic()
        held = [task for task in tasks if began < task.held_until]
        lost = [Outcome(task.job, error=LeaseLost()) for task in tasks if began >= task.held_until]
        jobs = [task.job for task in held]
        if not jobs:
            return lost
        logs.work_in_hand.set(_Together(jobs))
        self._begin(jobs)
        try:
            results = list(work([task.subject for task in held]))
            if len(results) != len(jobs):
                raise ValueError(f"{len(results)} results for {len(jobs)} rows")  # noqa: TRY301
        except BaseException as error:  # noqa: BLE001  # as above
            results = [error] * len(jobs)
        finally:
            self._end()
            logs.work_in_hand.set(None)
        seconds = time.monotonic() - began
        return lost + [
            Outcome(job, error=result, seconds=seconds)
            if isinstance(result, BaseException)
            else Outcome(job, result=result, seconds=seconds)
            for job, result in zip(jobs, results, strict=True)
        ]

    def _begin(self, jobs: Sequence[Job]) -> None:
        here = self.at_work[threading.get_ident()] = Progress(jobs)
        progress.begin(here)

    def _end(self) -> None:
        del self.at_work[threading.get_ident()]
        progress.begin(None)
