"""What long work says while it goes on.

    from workers import progress

    for number, page in enumerate(pages):
        progress.report(number, len(pages), doing="reading pages")

A report makes the lease begin anew, so that work may take as long as it needs while it gets on; the
API shows it; and work that nobody wants any more, or that another worker has taken over since, ends
there. Outside a worker's thread a report does nothing.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workers.kind import Job

# Seconds between two reports that are passed on; more frequent ones cost nothing.
_EVERY: Final = 1.0

# Seconds to wait for the database; the work goes on without an answer.
_PATIENCE: Final = 30.0


class NotWanted(Exception):
    """The row no longer wants the work: it was deleted, or moved on without it."""


class LeaseLost(Exception):
    """Another worker has claimed the row since; nothing of this attempt may be written."""


class Report:
    """What a thread asks the main one to write; `answer` ends its wait, with an error to raise."""

    def __init__(self, jobs: Sequence[Job], progress: dict[str, Any]) -> None:
        self.jobs = jobs
        self.progress = progress
        self._answer: SimpleQueue[Exception | None] = SimpleQueue()

    def answer(self, error: Exception | None = None) -> None:
        self._answer.put(error)

    def wait(self) -> None:
        """Raises NotWanted or LeaseLost where the work is to end."""
        try:
            error = self._answer.get(timeout=_PATIENCE)
        except Empty:
            return
        if error is not None:
            raise error


class _Here(threading.local):
    jobs: Sequence[Job] = ()
    tell: Callable[[Report], None]
    last: float = 0.0


_here = _Here()


def begin(jobs: Sequence[Job], tell: Callable[[Report], None]) -> None:
    """This thread works on these rows from now on, until it begins on others."""
    _here.jobs, _here.tell, _here.last = jobs, tell, 0.0


def end() -> None:
    """This thread works on nothing."""
    _here.jobs = ()


def report(done: int, total: int | None = None, *, doing: str | None = None) -> None:
    """Say how far the work has got, in whatever it counts. Raises NotWanted and LeaseLost."""
    now = time.monotonic()
    if not _here.jobs or now - _here.last < _EVERY:
        return
    _here.last = now
    asked = Report(_here.jobs, {"done": done, "total": total, "doing": doing})
    _here.tell(asked)
    asked.wait()
