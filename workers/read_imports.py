"""Read imports: parse the entries of an uploaded file, in whatever format it is."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from psycopg.types.json import Jsonb

from sql import queries
from webapp.failure import Failure
from webapp.parsing import child
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from workers.engine.job import Job

    Row = dict[str, Any]

# A name, because only the child imports it.
READER = "webapp.imports.reader"
# A file of 50 MB takes 10 to 20 seconds and ten times its size.
_SECONDS = 120
_MEGABYTES = 1500
_OUTPUT_MEGABYTES = 200


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    files = queries.imports.load_for_reading(conn, ids=[job.subject_id for job in jobs])
    return {file["id"]: file for file in files}


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    return bool(queries.imports.count_reading(conn, ids=[job.subject_id for job in jobs]))


def read(given: Row, clients: Clients) -> list[bytes]:  # noqa: ARG001
    """The work itself: a summary, then lists of rows, as JSON. Raises Failure."""
    head = {name: given[name] for name in ("format", "charset", "enrich", "folders_become")}
    head["now"] = datetime.now(UTC)
    data = orjson.dumps(head) + b"\n" + bytes(given["file"])
    lines = child.run(
        READER,
        data,
        seconds=_SECONDS,
        megabytes=_MEGABYTES,
        output_megabytes=_OUTPUT_MEGABYTES,
        on_wait=partial(progress.report, 0, doing="reading the file"),
    ).split(b"\n")
    summary = orjson.loads(lines[0])
    says_something = any(summary[name] for name in ("refused", "missed", "lacking"))
    if len(lines) == 1 and (says_something or not summary["folders"]):
        raise Failure(_why_nothing(summary), permanent=True)
    return lines


def _why_nothing(summary: Row) -> str:
    if summary["lacking"] and not summary["refused"]:
        return str(summary["lacking"])
    if summary["missed"] and not summary["lacking"]:
        return (
            f"The file has {summary['missed']} entries by a plain count, but none of them could be"
            " told apart."
        )
    if not summary["refused"]:
        return "There is nothing to import in the file."
    first = summary["mistakes"][0]
    return (
        "Nothing in the file can be imported. All entries were refused, the first of them in line"
        f" {first['line']}: {first['message']}"
    )


def save(conn: Connection, job: Job, lines: list[bytes]) -> bool:
    summary = orjson.loads(lines[0])
    wanted = queries.imports.save_reading(
        conn,
        id=job.subject_id,
        format=summary["format"],
        total=summary["total"],
        merged=summary["merged"],
        refused=summary["refused"],
        missed=summary["missed"],
        mistakes=Jsonb(summary["mistakes"]),
        error=summary["lacking"],
    )
    if not wanted:
        return False
    if summary["folders"]:
        folders = orjson.dumps(summary["folders"]).decode()
        queries.import_folders.put(conn, id=job.subject_id, folders=folders)
    for line in lines[1:]:
        queries.import_rows.put(conn, id=job.subject_id, rows=line.decode())
    return True


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.imports.fail(conn, id=job.subject_id, error=error)


def revive(conn: Connection, import_id: UUID) -> bool:
    return bool(queries.imports.retry(conn, id=import_id))


read_imports = Kind(
    name="read_imports",
    entity="import",
    check=partial(child.check, READER, megabytes=_MEGABYTES),
    load=load,
    still_wanted=still_wanted,
    work=read,
    save=save,
    give_up=give_up,
    delays=(0, 10, 60),
    lease=_SECONDS + 60,  # to read and to write it
    revive=revive,
)

command = command_for([read_imports], __doc__)

if __name__ == "__main__":
    command()
