"""Work that was cut off: resumed a little at a time, so that a row that kills its worker is
identified without taking others with it.

When a worker dies, nobody can tell which of its rows were begun, and which of them killed it. The
next claim finds that they were held and never released: it takes back the attempt that was charged
for all of them, and marks them as cut off. From then on each is claimed by itself when its work
starts, so that its attempt counts in the database before that:

* cut off once, it is processed next to rows that were never cut off. At first it is the only such
  row in this worker; each one that ends makes room for one more.
* cut off again, it is processed alone. The worker claims nothing else, waits a little until nothing
  is in hand, and claims again when this one has ended, or has taken longer than most work that
  kills a worker does.

A row is only given up for being cut off if it was alone, once its attempts are used up: before
that, another row may have killed the worker. A row that ends properly, whether done or failed, is
no longer cut off. Nor is a row that a worker lost because it was too slow for the lease: that
worker is alive, so the work has not killed it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from sql import queries
from workers.engine.outcomes import HELD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sql.connection import Connection
    from workers.engine.line import Line

log = structlog.get_logger("workers")

# Seconds between two checks for work that was cut off, unless a claim has just found some.
_LOOK_EVERY: Final = 0.25

# Seconds to wait until nothing else is in hand, and to start nothing else: others must not wait for
# long if work is slow.
_MAKING_ROOM: Final = 5.0
_ALONE: Final = 10.0


class CutOff:
    """One worker's part of it, for all its kinds."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._lines = lines
        self._next_look = 0.0
        self._at_work: dict[int, Line] = {}  # by claim
        self._trust = 1  # how many may be in progress
        self._is_alone = False  # what is in progress
        # the kind of the next one, for which there is no room yet
        self._waiting: Line | None = None
        self._makes_room = False
        self._quiet_until = 0.0  # nothing else starts until then

    def leaves_room(self, line: Line) -> bool:
        """Whether a kind may claim more now."""
        self._see_what_ended()
        return line is not self._waiting and time.monotonic() >= self._quiet_until

    def look(self) -> None:
        """Check at the next claim, even if the last check was just now."""
        self._next_look = 0.0

    def claim(self, conn: Connection, *, takes_over: bool = True) -> int:
        """Claim those that are due; return how many rows. Rows that a worker holds beyond its lease
        are only claimed if this worker takes over."""
        claimed = 0
        while self._may_begin() and (found := self._next(conn, takes_over)) is not None:
            line, is_alone = self._lines[found["kind"]], found["times"] > 1
            if not self._has_room(line, is_alone=is_alone):
                self._waiting = line
                break
            claimed += self._begin(conn, line, found)
        return claimed

    def _may_begin(self) -> bool:
        self._see_what_ended()
        return not self._is_alone and len(self._at_work) < self._trust

    def _next(self, conn: Connection, takes_over: bool) -> dict[str, Any] | None:
        came_upon_some = False
        for line in self._lines.values():
            came_upon_some = came_upon_some or line.turns.came_upon_some_cut_off
            line.turns.came_upon_some_cut_off = False
        if not came_upon_some and time.monotonic() < self._next_look:
            return None
        found: dict[str, Any] | None = queries.outbox.next_cut_off(
            conn, kinds=list(self._lines), takes_over=takes_over
        )
        if found is None:
            self._next_look = time.monotonic() + _LOOK_EVERY
            self._let_others_go_on()
        else:
            self._next_look = 0.0  # there may be more
        return found

    def _has_room(self, line: Line, *, is_alone: bool) -> bool:
        if not is_alone:
            return line.has_free_hands()
        if not any(each.in_hand for each in self._lines.values()):
            return True
        now = time.monotonic()
        if not self._makes_room:
            self._makes_room, self._quiet_until = True, now + _MAKING_ROOM
        return now >= self._quiet_until and not self._at_work and line.has_free_hands()

    def _begin(self, conn: Connection, line: Line, found: dict[str, Any]) -> int:
        self._let_others_go_on()
        try:
            claimed = line.claim_one(conn, found["subject_id"], times_cut_off=found["times"])
        except HELD:
            return 0  # it is locked at the moment
        if not claimed.jobs:
            return 0  # another worker was quicker
        (job,) = claimed.jobs
        self._at_work[job.claim] = line
        if job.cut_off > 1:
            self._is_alone, self._quiet_until = True, time.monotonic() + _ALONE
        log.warning("was_cut_off", work=job, times=job.cut_off)
        return line.begin(conn, claimed)

    def _see_what_ended(self) -> None:
        ended = [claim for claim, line in self._at_work.items() if claim not in line.in_hand]
        for claim in ended:
            del self._at_work[claim]
        self._trust += len(ended)
        if ended and self._is_alone:
            self._is_alone, self._quiet_until = False, 0.0

    def _let_others_go_on(self) -> None:
        self._waiting, self._makes_room, self._quiet_until = None, False, 0.0
