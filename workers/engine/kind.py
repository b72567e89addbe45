"""What a worker declares: its kind of work."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Again, Job


class Clients:
    """What a kind of work needs of the outside world. This one needs nothing."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Work that is done for up to `rows` rows together, `seconds` after the first at the latest."""

    rows: int
    seconds: float


def _the_jobs(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Any]:  # noqa: ARG001
    return {job.subject_id: job for job in jobs}


def _no_clients(settings: Settings) -> Clients:  # noqa: ARG001
    return Clients()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of work: what is done with a claimed row, each step a function.

    In the order in which they are called; those with a connection run in the main thread, in a
    short transaction in the worker's name, and may be called again after a crash:

    start         in the claim's transaction: moves its row on (`pending` to `running`; it may be
                  `running` already, from an attempt that died); False where the row no longer
                  wants the work
    load          reads what is to be worked on, for all rows of a claim at once, by their subject;
                  what it leaves out no longer wants the work. By default it gives the jobs
    still_wanted  whether any of some rows still wants the work, asked about once a second where the
                  work reports its progress. By default that is what `load` has anything of
    work          does the work, with no database, from what was loaded and from the clients; raises
                  Failure where the outside world fails, `permanent` where another attempt
                  cannot help. Long work calls `workers.engine.progress.report`. Gives the result,
                  or `workers.engine.job.Again` to be called again later
    save          writes the result; False where the row no longer wants it, Again where there is
                  more to do. Without it there is nothing to write
    put_back      after an attempt that failed, was given back or gave Again: moves the row back to
                  where `start` finds it
    give_up       after the last attempt: says on the row why
    revive        an operator retries the dead letter: moves the row back to where work is wanted,
                  which enqueues it; False where it is not. By default it is simply enqueued

    And how:

    name          the `kind` of its outbox rows
    check         raises Failure, for whoever runs Coffer, where this machine cannot do the work;
                  called before a worker starts, which then does not
    open_clients  makes the clients that `work` gets, once in each process
    entity        the kind of thing it works on, for its timeline; None where that has none
    delays        seconds before each attempt, after the one before; as many attempts as delays
    jitter        each delay is made longer by up to this share, so that what failed together does
                  not come back together
    lease         seconds the work may take, between two reports, before another may have the row
    batch         `work` gets a list of what was loaded and gives a list of results in its order, in
                  which an exception is the failure of that row alone
    computes      `work` is done in child processes, because it needs the processor and not the
                  world; it and `open_clients` are then functions of a module, and it cannot report:
                  the lease is all the time it has
    """

    name: str
    start: Callable[[Connection, Job], bool] | None = None
    load: Callable[[Connection, Sequence[Job]], Mapping[UUID, Any]] = _the_jobs
    still_wanted: Callable[[Connection, Sequence[Job]], bool] | None = None
    work: Callable[[Any, Any], Any] | None = None
    save: Callable[[Connection, Job, Any], bool | Again] | None = None
    put_back: Callable[[Connection, Job], None] | None = None
    give_up: Callable[[Connection, Job, str], None] | None = None
    revive: Callable[[Connection, UUID], bool] | None = None
    check: Callable[[], None] | None = None
    open_clients: Callable[[Settings], Any] = _no_clients
    entity: str | None = None
    delays: Sequence[float] = (0, 30, 300)
    jitter: float = 0.1
    lease: float = 120.0
    batch: Batch | None = None
    computes: bool = False

    def delay_after(self, attempts: int) -> float:
        """Seconds to wait before the attempt after this many."""
        return self.delays[attempts] * (1 + random.random() * self.jitter)  # noqa: S311
