"""A piece of work on its way through a worker: the claim, the task, the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

# The workspace of work that belongs to no workspace.
NO_WORKSPACE: Final = UUID(int=0)


class Job(NamedTuple):
    """One claimed row of the outbox. `attempts` includes this one; `cut_off` is how many claims in
    a row before this one were never released; `waited` is the seconds since it entered the
    outbox."""

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
        """The fields of each log line of this work."""
        return {
            "kind": self.kind,
            "subject_id": str(self.subject_id),
            "request_id": self.request_id,
            "attempt": self.attempts,
        } | ({"trace_id": self.traceparent[3:35]} if self.traceparent else {})


class Task(NamedTuple):
    """A row to process: what was loaded, and until when, by this machine's clock, it is held."""

    job: Job
    subject: Any
    held_until: float


@dataclass(slots=True)
class Outcome:
    """How the work on a row ended: with a result, with an error, or no longer needed."""

    job: Job
    result: Any = None
    error: BaseException | None = None
    wanted: bool = True
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Again:
    """A result of `work`, or of `save` in place of True, to be called again in so many seconds:
    because there is more to do, or an outside system is not ready. It is not a failed attempt: the
    next one is the first again."""

    seconds: float = 0.0
