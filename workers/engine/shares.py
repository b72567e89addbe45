"""How much of a worker one workspace may occupy, for kinds that say so.

Taking turns is not enough where work waits for servers of users': those of one that does not answer
would fill the threads, one after the other, and the work of others would wait for a free one.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from workers.engine.job import Outcome


class Shares:
    """How many rows of each workspace are being worked on. Thread-safe."""

    def __init__(self, allowed: Callable[[UUID], int]) -> None:
        """`allowed` says how many of a workspace may be, at the time of asking."""
        self._allowed = allowed
        self._at_work: Counter[UUID] = Counter()
        self._lock = Lock()

    def left(self, workspace_id: UUID) -> int:
        """How many more of a workspace may be started."""
        return self._allowed(workspace_id) - self._at_work[workspace_id]

    def began(self, workspace_id: UUID) -> None:
        """Count one that was started, or waits for a thread."""
        with self._lock:
            self._at_work[workspace_id] += 1

    def ended(self, workspace_ids: Iterable[UUID]) -> None:
        """Count some that ended, or were given back."""
        with self._lock:
            for workspace_id in workspace_ids:
                self._at_work[workspace_id] -= 1
                if not self._at_work[workspace_id]:
                    del self._at_work[workspace_id]


def of_ended(outcomes: Iterable[Outcome]) -> list[UUID]:
    """The workspaces of outcomes."""
    return [outcome.job.workspace_id for outcome in outcomes]
