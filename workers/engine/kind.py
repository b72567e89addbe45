"""A worker's declaration: its kind of work."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Again, Job

    SaveAll = Callable[[Connection, Sequence[tuple[Job, Any]]], Sequence[bool | Again]]


class Clients:
    """The outside connections that a kind of work needs. This one needs none."""

    def close(self) -> None:
        """Close connections."""


class Permit(NamedTuple):
    """How many rows may be claimed now and, if none, the seconds until it is worth asking again."""

    rows: int
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Work that is done for up to `rows` rows together, at most `seconds` after the first."""

    rows: int
    seconds: float


def _the_jobs(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Any]:  # noqa: ARG001
    return {job.subject_id: job for job in jobs}


def _no_clients(settings: Settings) -> Clients:  # noqa: ARG001
    return Clients()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of work: what is done with a claimed row, each step a function.

    In calling order; those with a connection run in the main thread, in a short transaction in the
    worker's name, and may be called again after a crash:

    permits       before a claim: how many of so many rows an outside system, or a budget, has room
                  for. It is not an attempt to be refused. Also gets the clients
    start         in the claim's transaction: moves its row on (`pending` to `running`; it may
                  already be `running`, from an attempt that died); False if the row no longer
                  needs the work
    load          reads the input, for all rows of a claim at once, by subject; a row that it leaves
                  out no longer needs the work. By default it returns the jobs
    still_wanted  whether any of some rows still needs the work, asked about once a second while the
                  work reports progress. By default: whether `load` returns anything
    work          does the work, without a database, from the loaded input and the clients; raises
                  Failure if an outside system fails, `permanent` if another attempt cannot help.
                  Long work calls `workers.engine.progress.report`. Returns the result, or
                  `workers.engine.job.Again` to be called again later
    save          writes the result; False if the row no longer needs it, Again if there is more to
                  do. Without it there is nothing to write
    save_all      in place of `save`: writes the results of several rows in few statements, and
                  returns what `save` would for each, in their order. Their requests may differ, so
                  what it does is done for none of them
    put_back      after an attempt that failed, was given back or returned Again: moves the row back
                  to where `start` finds it, by a transition with the event `<entity>.put_back`. It
                  must not queue the work, which is queued already: its attempts would begin anew
    give_up       after the last attempt: records the reason on the row
    revive        an operator retries the dead letter: moves the row back to a status that enqueues
                  the work; False if that is not possible. By default it is simply enqueued

    Settings:

    name          the `kind` of its outbox rows
    check         raises Failure, for the operator, if this machine cannot do the work; called
                  before a worker starts, which then does not
    open_clients  creates the clients passed to `work`, once per process
    entity        the kind of thing it works on, for its timeline; None if it has none
    delays        seconds before each attempt, after the previous one; as many attempts as delays
    jitter        each delay is extended by up to this share, so that work that failed together is
                  not retried together
    lease         seconds the work may take, between two reports, before another may take the row
    batch         `work` gets a list of inputs and returns a list of results in the same order, in
                  which an exception is the failure of that row only
    computes      `work` is done in child processes, because it is CPU-bound; it and `open_clients`
                  must then be functions of a module, and it cannot report: the lease is all the
                  time it has
    waits         `work` mostly waits for others: it is done in this many times as many threads as
                  the command says
    share         how many rows of one workspace may be worked on at once in this process, by the
                  clients; None: as many as there are threads
    """

    name: str
    permits: Callable[[Connection, Any, int], Permit] | None = None
    start: Callable[[Connection, Job], bool] | None = None
    load: Callable[[Connection, Sequence[Job]], Mapping[UUID, Any]] = _the_jobs
    still_wanted: Callable[[Connection, Sequence[Job]], bool] | None = None
    work: Callable[[Any, Any], Any] | None = None
    save: Callable[[Connection, Job, Any], bool | Again] | None = None
    save_all: SaveAll | None = None
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
    waits: int = 1
    share: Callable[[Any, UUID], int] | None = None

    @property
    def saves(self) -> bool:
        """Whether results are written, and not only that the work is done."""
        return self.save is not None or self.save_all is not None

    def delay_after(self, attempts: int) -> float:
        """Seconds to wait before the attempt after this many."""
        return self.delays[attempts] * (1 + random.random() * self.jitter)  # noqa: S311
