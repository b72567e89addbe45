"""A piece of work on its way through a worker: what was claimed, what is done, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

# The workspace of work that belongs to none.
NO_WORKSPACE: Final = UUID(int=0)


class Job(NamedTuple):
    """One claimed row of the outbox. `attempts` counts this one; `cut_off` is how many claims just
    before this one were never let go of; `waited` is the seconds from its entering the outbox.
    """

    kind: str
    subject_id: UUID
    workspace_id: UUID
    payload: dict[str, Any]
    request_id: str | None
    traceparent: str | None
    attempts: int
    claim: int
    cut_off: int
    last_error: str | None
    enqueued_at: datetime
    waited: float

    def log_fields(self) -> dict[str, Any]:
        """What each log line of this work carries."""
        return {
            "kind": self.kind,
            "subject_id": str(self.subject_id),
            "request_id": self.request_id,
            "attempt": self.attempts,
        } | ({"trace_id": self.traceparent[3:35]} if self.traceparent else {})


class Task(NamedTuple):
    """A row to work on: what was loaded, and until when, by this machine's clock, it is held."""

    job: Job
    subject: Any
    held_until: float


@dataclass(slots=True)
class Outcome:
    """How the work on a row ended: with a result, with an error, or not wanted any more."""

    job: Job
    result: Any = None
    error: BaseException | None = None
    wanted: bool = True
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Again:
    """What work gives as its result, or `save` in the place of True, to be done again in so many
    seconds: because there is more of it, or because the world is not ready. It is not an attempt
    that failed: the next one is the first again."""

    seconds: float = 0.0
