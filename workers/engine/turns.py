"""Fair turns: the due work of one kind, an equal share from each workspace in turn.

With the oldest work first, one workspace's hundred thousand rows would delay another's single row.
So the workspaces that have due work form a ring. A *survey* finds them by stepping from one to the
next through the index; a *claim* takes an equal share from each of the first and moves them to the
end of the ring. There is a survey when the ring is empty, and now and then in between, for new
workspaces: they go first.

For each workspace the ring has the time from which its work is read. Before it there are only
finished rows, which a long transaction elsewhere may keep in the index for hours: skipping them
each time would make each claim slower than the last. The next survey finds rows that were committed
late or given back.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sql import queries
from workers.engine.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sql.connection import Connection

# The maximum of workspaces found by one survey, and served by one claim.
_MOST: Final = 200

# Seconds between surveys while there is work; longer if surveys are slow or many workers make them,
# so that those of all workers together take no more than a fiftieth of the time. But never longer
# than the last figure: whatever surveys cost before, due work must not wait for long.
_SURVEY_EVERY: Final = 0.25
_SHARE_OF_TIME: Final = 50
_LONGEST_PAUSE: Final = 3.0

# Only if that is more than this many seconds do workers that found nothing poll less often.
_PATIENCE: Final = 1.0

_ENQUEUED_AT: Final = attrgetter("enqueued_at")
_END: Final = 1 << 128
_MILLISECOND: Final = timedelta(milliseconds=1)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Turns:
    """The ring of one kind, as far as one worker knows it."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._since: dict[UUID, datetime] = {}  # in the order of the ring
        self._start = 0  # the workspace, as a number, where the next survey begins
        self._next_survey = 0.0
        self._next_idle_survey = 0.0
        self._took = 0.0  # seconds, the last survey
        self.claimers = 1  # the number of workers
        self.due_in: float | None = None  # seconds to the first work, after none was due
        self.takes_over = True  # rows whose lease has ended
        self.came_upon_some_cut_off = False
        self.is_held_back = False  # all that have work have as many rows in work as they may

    def claim(
        self,
        conn: Connection,
        *,
        limit: int,
        worker: UUID,
        lease: float,
        left: Callable[[UUID], int] | None = None,
    ) -> list[Job]:
        """Claim up to `limit` rows, of no workspace more than are `left` to it; none means that
        there were none."""
        surveyed = went_round = False  # since rows were last found
        while True:
            if not surveyed or not (self._since or went_round):
                knew_none = not self._since
                if self._survey_if_time(conn):
                    surveyed, went_round = True, knew_none
            chosen, most = self._choose(min(limit, _MOST), left)
            if not chosen:
                return []
            share = min(-(-limit // len(chosen)), most)
            rows = queries.outbox.claim(
                conn,
                kind=self._kind,
                workspaces=list(chosen),
                since=list(chosen.values()),
                share=share,
                limit=limit,
                worker=worker,
                lease=timedelta(seconds=lease),
                takes_over=self.takes_over,
            )
            self._move_on(chosen, rows, share, cut_short=len(rows) == limit)
            jobs = sorted(
                (Job(**row) for row in rows if row["claim"] is not None), key=_ENQUEUED_AT
            )
            if len(jobs) < len(rows):
                self.came_upon_some_cut_off = True
                surveyed = went_round = False
            # What a survey finds due may be locked or paused. Once all of it was tried, the next
            # survey would find the same; but not if it looked at some workspaces only, because
            # others were known.
            if jobs or (went_round and not self._since):
                return jobs

    def _choose(
        self, count: int, left: Callable[[UUID], int] | None
    ) -> tuple[dict[UUID, datetime], int]:
        """The next workspaces, each with the time from which it is read; and how many rows each of
        them may have. Those to which nothing is left keep their place."""
        if left is None:
            self.is_held_back = False
            return dict(islice(self._since.items(), count)), sys.maxsize
        rooms = ((each, left(each)) for each in self._since)
        chosen = dict(islice(((each, room) for each, room in rooms if room > 0), count))
        self.is_held_back = bool(self._since) and not chosen
        since = {each: self._since[each] for each in chosen}
        return since, min(chosen.values(), default=0)

    def _move_on(
        self,
        chosen: Iterable[UUID],
        rows: Iterable[dict[str, Any]],
        share: int,
        *,
        cut_short: bool,
    ) -> None:
        """A workspace that was served goes to the end of the ring; one without more work leaves
        it."""
        taken: Counter[UUID] = Counter()
        reached: dict[UUID, datetime] = {}
        for row in rows:
            workspace_id, enqueued_at = row["workspace_id"], row["enqueued_at"]
            taken[workspace_id] += 1
            # Nothing is left from before the row's time, and that was, to the millisecond, not
            # before it was enqueued. What a long transaction enqueued as due at its beginning is
            # left to the next survey.
            if enqueued_at > reached.get(workspace_id, _LONG_AGO):
                reached[workspace_id] = enqueued_at
        for workspace_id in chosen:
            if taken[workspace_id] < share and not cut_short:
                del self._since[workspace_id]
            elif taken[workspace_id]:
                since = self._since.pop(workspace_id)
                self._since[workspace_id] = max(since, reached[workspace_id] - _MILLISECOND)

    def _survey_if_time(self, conn: Connection) -> bool:
        """Look for workspaces with due work, unless some are known; return whether it looked."""
        began = time.monotonic()
        if began < (self._next_survey if self._since else self._next_idle_survey):
            return False
        self.due_in = None
        # Once round, from where the last one ended, or as far as the first that have something.
        end = self._start or _END
        wrapped = end == _END
        while True:
            found = self._look(conn)
            at_end = len(found) < _MOST
            self._start = 0 if at_end else found[-1]["workspace_id"].int + 1
            if self._since or (wrapped and (at_end or self._start >= end)):
                break
            wrapped = wrapped or at_end
        ended = time.monotonic()
        # A survey slowed by a lock or a checkpoint says nothing about the next one, so two must be
        # slow.
        cost, self._took = min(ended - began, self._took), ended - began
        pause = min(cost * _SHARE_OF_TIME * self.claimers, _LONGEST_PAUSE)
        self._next_survey = ended + max(_SURVEY_EVERY, pause)
        self._next_idle_survey = ended + pause if pause > _PATIENCE else 0.0
        return True

    def wake(self) -> None:
        """There may be work: survey at the next claim, whatever the cost, unless some is known."""
        self._next_idle_survey = 0.0

    def look(self) -> None:
        """Survey at the next claim, whatever the cost and whatever is known."""
        self._next_survey = self._next_idle_survey = 0.0

    def _look(self, conn: Connection) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = queries.outbox.survey(
            conn, kind=self._kind, start=UUID(int=self._start), limit=_MOST
        )
        due = {row["workspace_id"]: row["run_after"] for row in found if row["is_due"]}
        # New ones go first; known ones keep their place, and are read from their first row.
        new = {each: since for each, since in due.items() if each not in self._since}
        self._since = new | self._since | due
        waits = [row["due_in"] for row in found if not row["is_due"]]
        if waits:
            self.due_in = min(waits) if self.due_in is None else min(*waits, self.due_in)
        return found
