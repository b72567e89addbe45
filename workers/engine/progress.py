"""Progress reports of long work.

    from workers.engine import progress

    for number, page in enumerate(pages):
        progress.report(number, len(pages), doing="reading pages")

A report costs next to nothing: the worker's main thread passes on the last one, about once a
second. This restarts the lease, so that work may take as long as it makes progress; the API shows
the progress; and work that is no longer needed, or that another worker has taken over, ends at its
next report. Outside a worker's thread a report does nothing.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.engine.job import Job


class NotWanted(Exception):
    """The row no longer needs the work: it was deleted, or has moved on without it."""


class LeaseLost(Exception):
    """Another worker has claimed the row since; nothing of this attempt may be written."""


class Progress:
    """What one thread reports about its rows, and what it is told at its next report."""

    __slots__ = ("jobs", "said", "verdict")

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.said: dict[str, Any] | None = None
        self.verdict: Exception | None = None


class _Here(threading.local):
    progress: Progress | None = None


_here = _Here()


def begin(progress: Progress | None) -> None:
    """This thread works on these rows from now on; or on none."""
    _here.progress = progress


def report(done: int, total: int | None = None, *, doing: str | None = None) -> None:
    """Report the progress of the work, in whatever units it counts. Raises NotWanted and
    LeaseLost."""
    here = _here.progress
    if here is None:
        return
    if here.verdict is not None:
        raise here.verdict
    here.said = {"done": done, "total": total, "doing": doing}
