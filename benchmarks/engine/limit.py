"""The limit: pgbench running Coffer's own statements, taken from `sql/queries/outbox.sql`.

It does nothing between a claim and its finish, in C, so no worker on these statements can be
quicker. A parameter that the statements get one day and that is not known here is refused.
"""

from __future__ import annotations

import math
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import psycopg

from benchmarks.engine import environment, peers
from benchmarks.engine.coffer_engine import WORKER, WORKSPACE
from sql import queries
from workers.engine.loop import BATCH

if TYPE_CHECKING:
    from sql import Query

SEVERAL: Final = (2, 4, 8)

# Parameters of the claim. As the worker does, a client reads on from where its last claim ended.
_CLAIM: Final = {
    "kind": "'noop'",
    "worker": f"'{WORKER}'",
    "lease": "interval '120 seconds'",
    "limit": str(BATCH),
    "share": str(BATCH),
    "workspaces": f"ARRAY['{WORKSPACE}']",
    "since": "ARRAY[:since]",
}
_FINISH: Final = {"kind": "'noop'", "subject_ids": ":subject_ids", "claims": ":claims"}
_GATHERED: Final = """
WITH claimed AS ({claim})
SELECT coalesce(array_agg(subject_id), '{{}}') AS subject_ids,
       coalesce(array_agg(claim), '{{}}') AS claims,
       coalesce(max(enqueued_at), '-infinity') AS since
  FROM claimed \\gset
{finish};
"""
_TPS: Final = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)", re.MULTILINE)
_FAILED: Final = re.compile(r"number of failed transactions: [1-9]|client \d+ aborted")


def script() -> str:
    """One transaction of pgbench: a claim of a batch, then what finishes its rows."""
    return _GATHERED.format(
        claim=_filled(queries.outbox.claim, _CLAIM), finish=_filled(queries.outbox.finish, _FINISH)
    )


def drain(url: str, rows: int, clients: int) -> float:
    """Rows a second at which some clients empty the outbox. Raises DriverError."""
    each = math.ceil(rows / BATCH / clients)
    seconds = _seconds(url, script(), clients, each)
    with psycopg.connect(url) as conn:
        left = conn.execute("SELECT count(*) FROM outbox").fetchone()
    if left != (0,):
        raise peers.DriverError(f"pgbench left rows: {left}")
    return rows / seconds


def enqueue(url: str, rows: int) -> float:
    """Rows a second that one client puts into the outbox, one by one. Raises DriverError."""
    statement = (
        "INSERT INTO outbox (kind, subject_id, workspace_id)"
        f" VALUES ('noop', uuidv7(), '{WORKSPACE}');\n"
    )
    return rows / _seconds(url, statement, 1, rows)


def _seconds(url: str, transaction: str, clients: int, each: int) -> float:
    """How long some clients take for their transactions, connecting left out."""
    where = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(transaction)
        file.flush()
        done = subprocess.run(
            [
                environment.pgbench(),
                *("--no-vacuum", "--protocol=prepared", f"--file={file.name}"),
                "--define=since=-infinity",
                *(f"--client={clients}", f"--jobs={min(clients, 2)}", f"--transactions={each}"),
                *(
                    f"--host={where.hostname}",
                    f"--port={where.port}",
                    f"--username={where.username}",
                ),
                Path(where.path).name,
            ],
            env=environment.variables(url) | {"PGPASSWORD": where.password or ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=peers.PATIENCE,
        )
    rate = _TPS.search(done.stdout)
    if done.returncode != 0 or rate is None or _FAILED.search(done.stdout + done.stderr):
        raise peers.DriverError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return each * clients / float(rate[1])


def _filled(query: Query, values: dict[str, str]) -> str:
    """A statement with its parameters written into it."""
    statement = re.sub(r"--[^\n]*", "", query.statement.decode())
    try:
        return re.sub(r"%\((\w+)\)[sb]", lambda found: values[found[1]], statement).replace(
            "%%", "%"
        )
    except KeyError as unknown:
        raise peers.DriverError(f"{query.name} has a parameter unknown here: {unknown}") from None
