"""Reconcile objects: compare the store with the database, and log what differs.

A row exists before the first byte of its object and until after the last one, so the two only
differ after a fault outside: a store or a database that was restored from a backup, a disk that
lost files. So nothing is removed without an operator, who runs `coffer objects repair`; only quotas
are recounted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from sql import queries
from workers.delete_objects import Storage, open_clients
from workers.engine.kind import Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sql.connection import Connection
    from webapp.clients.storage.contract import Store, Stored
    from workers.engine.job import Job

# Rows that are compared in one step.
_STEP: Final = 5_000
# What is younger may be an upload in progress, or a clock that differs.
SETTLED: Final = timedelta(days=1)

log = structlog.get_logger("workers")


@dataclass(frozen=True, slots=True)
class Step:
    """Rows in key order, after a key; `is_last` if there are no more."""

    after: str
    rows: Sequence[Mapping[str, Any]]
    is_last: bool

    @property
    def upto(self) -> str | None:
        """The last key of this step; None for all that follow."""
        return None if self.is_last else self.rows[-1]["key"]


@dataclass(slots=True)
class Found:
    """What the store and the database disagree on, by key."""

    objects: int = 0
    missing: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        return bool(self.missing or self.altered or self.unknown)

    def add(self, other: Found) -> None:
        self.objects += other.objects
        self.missing += other.missing
        self.altered += other.altered
        self.unknown += other.unknown


def step_after(conn: Connection, after: str) -> Step:
    rows = queries.objects.after(
        conn, after=after, settled_before=datetime.now(UTC) - SETTLED, limit=_STEP
    )
    return Step(after, rows, is_last=len(rows) < _STEP)


def compare(store: Store, step: Step) -> Found:
    """The differences in one step. Raises StorageError.

    The rows were read first, and only what is older than a day counts: an object that has no row by
    then gets none, since keys are never used again.
    """
    found = Found()
    settled = datetime.now(UTC) - SETTLED
    rows = {row["key"]: row for row in step.rows}
    for stored in _stored(store, step):
        found.objects += 1
        row = rows.pop(stored.key, None)
        if row is None:
            if stored.stored_at < settled:
                found.unknown.append(stored.key)
        elif row["status"] == "stored" and row["bytes"] != stored.bytes:
            found.altered.append(stored.key)
    found.missing += [
        key
        for key, row in rows.items()
        if row["status"] == "stored" and row["is_settled"] and store.size(key) is None
    ]
    return found


def _stored(store: Store, step: Step) -> Iterator[Stored]:
    upto = step.upto
    every = store.objects(step.after)
    return every if upto is None else takewhile(lambda stored: stored.key <= upto, every)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Step]:
    return {job.subject_id: step_after(conn, job.payload.get("after", "")) for job in jobs}


def reconcile(step: Step, clients: Storage) -> tuple[Step, Found]:
    """The work itself: one step. Raises StorageError.

    The first night may be before the first upload. A store of which the database knows no object is
    made; one that should have objects and is gone, as after a failed mount, is an error.
    """
    if not step.after and not step.rows:
        clients.store.prepare()
    found = compare(clients.store, step)
    if step.is_last:
        clients.store.tidy(SETTLED)
    return step, found


def save(conn: Connection, job: Job, result: tuple[Step, Found]) -> bool:
    step, found = result
    tell = log.error if found.differs else log.info
    tell(
        "objects_reconciled",
        work=job,
        objects=found.objects,
        missing=found.missing[:10],
        altered=found.altered[:10],
        unknown=found.unknown[:10],
    )
    if step.is_last:
        recount(conn)
    else:
        queries.outbox.enqueue(
            conn,
            kind=job.kind,
            subject_id=job.subject_id,
            workspace_id=job.workspace_id,
            payload=Jsonb(job.payload | {"after": step.upto}),
            request_id=job.request_id,
            traceparent=job.traceparent,
            delay=timedelta(0),
        )
    return True


def wrong_quotas(conn: Connection) -> list[dict[str, Any]]:
    """Users whose used bytes differ from the sum of their objects."""
    wrong: list[dict[str, Any]] = []
    after = UUID(int=0)
    while found := queries.objects.counted_quotas(conn, after=after, limit=_STEP):
        wrong += [each for each in found if each["used_bytes"] != each["counted_bytes"]]
        after = found[-1]["user_id"]
    return wrong


def recount(conn: Connection) -> list[dict[str, Any]]:
    """Correct the quotas that are wrong; return them."""
    wrong = wrong_quotas(conn)
    for each in wrong:
        queries.objects.recount(conn, **each)
        log.error(
            "quota_recounted",
            user_id=str(each["user_id"]),
            used_bytes=each["used_bytes"],
            counted_bytes=each["counted_bytes"],
        )
    return wrong


reconcile_objects = Kind(
    name="reconcile_objects",
    open_clients=open_clients,
    load=load,
    work=reconcile,
    save=save,
    delays=(0, 300, 3600),
    lease=600,
)

command = command_for([reconcile_objects], __doc__)

if __name__ == "__main__":
    command()
