"""Counts what a worker does, by kind, for Prometheus; docs/metrics.md explains each number.

A worker finishes tens of thousands of rows a second, so nothing is counted row by row: each claim
and each write is added at once, to plain numbers. `metrics_server.py` turns them into metrics when
it is scraped; Prometheus's library is not imported before that, and without WORKER_METRICS there is
no meter at all.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Sized

    from webapp.settings import Settings
    from workers.engine.job import Job, Outcome

# The upper bounds, in seconds, of a histogram's buckets: from instant work to work that waited for
# most of a day.
BOUNDS: Final = (
    *(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0),
)

_END: Final = itemgetter(1)


class Histogram:
    """How many durations fell into each bucket, and their sum."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self._sum = 0.0

    def add(self, durations: Sequence[float]) -> None:
        counts = self._counts
        for seconds in durations:
            counts[bisect_left(BOUNDS, seconds)] += 1
        self._sum += sum(durations)

    def read(self) -> tuple[list[tuple[str, float]], float]:
        """How many were at most as long as each bound, and the sum of all."""
        so_far = 0
        buckets: list[tuple[str, float]] = []
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), self._counts, strict=True):
            so_far += number
            buckets.append((bound, so_far))
        return buckets, self._sum


class Meter:
    """One worker's counts for one kind. Scrapes read it in their own threads, under `lock`."""

    def __init__(self, kind: str, in_hand: Sized) -> None:
        self.kind = kind
        self.in_hand = in_hand
        self.lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self.claiming = Histogram()
        self.waiting = Histogram()
        self.working = Histogram()
        self.completing = Histogram()
        # The database's time when this machine's monotonic clock was zero: rows are dated by the
        # one and end by the other, and the two machines' clocks may differ.
        self._nought = datetime.now(UTC) - timedelta(seconds=time.monotonic())

    def claimed(self, jobs: Sequence[Job], began: float) -> None:
        """A claim that started then has these rows, perhaps none."""
        with self.lock:
            self.claiming.add([time.monotonic() - began])
            if not jobs:
                return
            self.counts["claimed"] += len(jobs)
            self.waiting.add([job.waited for job in jobs])
            one = jobs[0]
            self._nought = one.enqueued_at + timedelta(seconds=one.waited - began)

    def ended(self, ends: Iterable[tuple[Outcome, str]]) -> None:
        """The outcome of the work on these rows has been written."""
        ends = list(ends)
        now = self._nought + timedelta(seconds=time.monotonic())
        with self.lock:
            self.counts.update(map(_END, ends))
            self.working.add([outcome.seconds for outcome, _ in ends if outcome.seconds])
            self.completing.add(
                [
                    (now - outcome.job.enqueued_at).total_seconds()
                    for outcome, end in ends
                    if end == "finished"
                ]
            )


def meter_for(kind: str, settings: Settings, in_hand: Sized) -> Meter | None:
    """A meter for a kind, if metrics are on."""
    return None if settings.worker_metrics is None else Meter(kind, in_hand)
