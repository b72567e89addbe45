"""Run deletions: remove workspaces and accounts that are due, with everything in them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from psycopg.types.json import Jsonb

from sql import queries
from workers.engine.job import Again
from workers.engine.kind import Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from workers.engine.job import Job

# Rows removed by one statement; what hangs on one goes along, such as the texts of a document.
BATCH: Final = 500
# Seconds after which a transaction begins no other batch, so that other results need not wait.
_LONG_ENOUGH: Final = 0.1
# Seconds until the workers that delete objects are asked about again.
_OBJECTS_TAKE: Final = 5.0


def remove(conn: Connection, job: Job, _: object) -> bool | Again:
    """A few batches. They are counted in the same transaction, so a killed worker neither loses one
    nor counts it twice."""
    begun = queries.deletions.begin(conn, id=job.subject_id)
    if begun is None:
        return False
    if begun["wait"]:
        return Again(begun["wait"].total_seconds())
    until = time.monotonic() + _LONG_ENOUGH
    while True:
        said = queries.deletions.remove_batch(conn, id=job.subject_id, limit=BATCH)
        if said != "more" or time.monotonic() >= until:
            break
    if said != "done":
        return Again(_OBJECTS_TAKE if said == "waiting" else 0.0)
    _record(conn, job)
    return True


def _record(conn: Connection, job: Job) -> None:
    """The entry in the audit log, with the ids of what is gone and with the counts."""
    done = queries.deletions.summary(conn, id=job.subject_id)
    queries.audit_log.record(
        conn,
        action="workspace.deleted" if done["user_id"] is None else "user.deleted",
        actor=f"worker:{job.kind}",
        user_id=done["user_id"],
        workspace_id=done["workspace_id"],
        address=None,
        user_agent=None,
        request_id=job.request_id,
        details=Jsonb({"removed": done["removed"]}),
    )


run_deletions = Kind(
    name="run_deletions",
    work=lambda job, _: job,
    save=remove,
    entity="deletion",
    # It must end some day, even if workers get in each other's way, or an operator has to help.
    delays=(0, 10, 60, 300, 3600, 21_600),
)

command = command_for([run_deletions], __doc__)

if __name__ == "__main__":
    command()
