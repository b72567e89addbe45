"""Add imports: make folders, items, tasks and feeds of a file that was read, a batch at a time.

A batch and its progress are one transaction, so nothing is lost or doubled whatever happens to a
worker. Other work gets its turn between batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sql import queries
from webapp.filing import item_rules
from webapp.rules.feeds import MOST_FEEDS
from workers.engine.job import Again
from workers.engine.kind import Kind
from workers.read_imports import give_up, revive
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from workers.engine.job import Job

# Rows per transaction, fewer if they are long: a tenth to a fifth of a second.
BATCH = 100
# Folders per transaction.
FOLDERS = 500


def save(conn: Connection, job: Job, _: object) -> bool | Again:
    """Add the next rows of an import; Again while there are more."""
    import_id = job.subject_id
    found = queries.imports.lock(conn, id=import_id)
    if found is None:
        return False
    whose = {"workspace_id": found["workspace_id"], "user_id": found["user_id"]}
    if queries.import_folders.make(conn, id=import_id, limit=FOLDERS, **whose):
        return Again()
    some = {
        "id": import_id,
        "upto": queries.import_rows.next_batch(conn, id=import_id, limit=BATCH),
    }
    queries.import_folders.hold(conn, workspace_id=found["workspace_id"], **some)
    queries.import_rows.hold_pages(conn, workspace_id=found["workspace_id"], **some)
    queries.import_rows.make_tags(conn, **some, **whose)
    rules = item_rules.of_workspace(conn, found["workspace_id"])
    items = queries.import_rows.add_items(conn, **some, **whose)
    queries.import_rows.settle_items(conn, ids=items["added"])
    item_rules.apply(conn, found["workspace_id"], rules, items["added"])
    tasks = queries.import_rows.add_tasks(conn, **some, **whose)
    queries.import_rows.settle_tasks(conn, ids=tasks["added"])
    feeds = queries.import_rows.add_feeds(conn, most=MOST_FEEDS, **some, **whose)
    refused = [_one_too_many(each) for each in feeds["refused"]]
    goes_on = queries.imports.advance(
        conn,
        id=import_id,
        looked_at=items["looked_at"] + tasks["looked_at"] + feeds["looked_at"],
        added=len(items["added"]) + len(tasks["added"]) + len(feeds["added"]),
        refused=len(refused),
        mistakes=Jsonb(refused),
    )
    if goes_on:
        return Again()
    queries.import_rows.forget(conn, id=import_id)
    queries.imports.end(conn, id=import_id)
    return True


def _one_too_many(feed: dict[str, Any]) -> dict[str, Any]:
    said = f"Not followed: a workspace has at most {MOST_FEEDS} feeds."
    return {"line": feed["line"], "message": said, "address": feed["address"]}


add_imports = Kind(
    name="add_imports",
    entity="import",
    work=lambda job, clients: None,  # noqa: ARG005  # all of it is one transaction
    save=save,
    give_up=give_up,
    delays=(0, 10, 60),
    lease=30,  # for a batch, so that a dead worker's import soon continues
    revive=revive,
)

command = command_for([add_imports], __doc__)

if __name__ == "__main__":
    command()
