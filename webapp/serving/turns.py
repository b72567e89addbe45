"""Threads for requests, which no caller can have all of."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Job = TypeVar("Job")


class Turns(Generic[Job]):
    """A pool of threads in which a caller has so many at once; the caller's other jobs wait for
    those to end, and others go first. So a caller with slow requests, for example for locked rows,
    does not delay anybody else."""

    def __init__(
        self, name: str, threads: int, of_caller: int, in_line: int, work: Callable[[Job], None]
    ) -> None:
        self.pool = ThreadPoolExecutor(threads, name)
        self._of_caller = of_caller
        self._in_line = in_line
        self._work = work
        self._lock = Lock()
        self._running: dict[Hashable, int] = {}
        # Each job with the time at which it came.
        self._waiting: dict[Hashable, deque[tuple[float, Job]]] = {}

    def come(self, caller: Hashable, job: Job) -> bool:
        """Start a job, or queue it for the caller's turn. False if too many are queued."""
        with self._lock:
            running = self._running.get(caller, 0)
            if running == self._of_caller:
                waiting = self._waiting.setdefault(caller, deque())
                if len(waiting) == self._in_line:
                    return False
                waiting.append((time.monotonic(), job))
                return True
            self._running[caller] = running + 1
        self.pool.submit(self._run, caller, job)
        return True

    def overdue(self, seconds: float) -> list[Job]:
        """Remove and return the jobs that have waited so long for their caller's other ones."""
        before = time.monotonic() - seconds
        found: list[Job] = []
        with self._lock:
            for caller, waiting in list(self._waiting.items()):
                while waiting and waiting[0][0] <= before:
                    found.append(waiting.popleft()[1])
                if not waiting:
                    del self._waiting[caller]
        return found

    def _run(self, caller: Hashable, job: Job) -> None:
        try:
            self._work(job)
        finally:
            self._leave(caller)

    def _leave(self, caller: Hashable) -> None:
        with self._lock:
            waiting = self._waiting.get(caller)
            if not waiting:
                self._running[caller] -= 1
                if not self._running[caller]:
                    del self._running[caller]
                return
            _, job = waiting.popleft()
            if not waiting:
                del self._waiting[caller]
        # After what others have requested in the meantime.
        self.pool.submit(self._run, caller, job)
