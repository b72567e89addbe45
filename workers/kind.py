"""What a worker declares: its kind of work. And what it gets: a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.settings import Settings


class Clients:
    """What a kind of work needs of the outside world. This one needs nothing."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed row of the outbox. `attempts` counts this one."""

    id: int
    kind: str
    subject_id: UUID
    workspace_id: UUID | None
    payload: dict[str, Any]
    request_id: str | None
    attempts: int
    claim: int
    last_error: str | None


def _same(subject: Any, clients: Clients) -> Any:  # noqa: ARG001  # for work that `save` does whole
    return subject


def _no_clients(settings: Settings) -> Clients:  # noqa: ARG001
    return Clients()


def _say_nothing(conn: Connection, job: Job, error: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of work.

    name          the `kind` of its outbox rows
    load          reads what is to be worked on; None where the row no longer wants it
    save          writes the result; False where the row no longer wants it
    work          does the work in a thread, with no database; raises ClientError where the outside
                  world fails, `permanent` where another attempt cannot help
    open_clients  makes the clients that `work` gets, once in each process
    give_up       says on the row that it was given up, and why
    entity        the kind of thing it works on, for its timeline; None where that has none
    delays        seconds before each attempt, after the one before; as many attempts as delays
    lease         seconds the work may take before another worker may have the row
    """

    name: str
    load: Callable[[Connection, Job], Any]
    save: Callable[[Connection, Job, Any], bool]
    work: Callable[[Any, Any], Any] = _same
    open_clients: Callable[[Settings], Any] = _no_clients
    give_up: Callable[[Connection, Job, str], None] = _say_nothing
    entity: str | None = None
    delays: Sequence[float] = (0, 30, 300)
    lease: float = 120.0
