"""The limit: pgbench running Coffer's own statements, taken from `sql/queries/engine/outbox.sql`.

It does nothing between a claim and its finish, and is written in C, so no worker that uses these
statements can be faster. If the statements get a parameter that is not known here, it is refused.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import psycopg

from benchmarks import pgbench
from benchmarks.engine import peers
from benchmarks.engine.coffer_engine import WORKER, WORKSPACE
from sql import queries
from workers.engine.loop import BATCH

if TYPE_CHECKING:
    from sql import Query

SEVERAL: Final = (2, 4, 8)

# Parameters of the claim. Like a worker, a client continues reading where its last claim ended.
_CLAIM: Final = {
    "kind": "'noop'",
    "worker": f"'{WORKER}'",
    "lease": "interval '120 seconds'",
    "limit": str(BATCH),
    "share": str(BATCH),
    "workspaces": f"ARRAY['{WORKSPACE}']",
    "since": "ARRAY[:since]",
    "takes_over": "true",
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


def script() -> str:
    """One transaction of pgbench: a claim of a batch, then what finishes its rows."""
    return _GATHERED.format(
        claim=_filled(queries.outbox.claim, _CLAIM), finish=_filled(queries.outbox.finish, _FINISH)
    )


def drain(url: str, rows: int, clients: int) -> float:
    """How many rows a second some clients take from the outbox. Raises DriverError."""
    each = math.ceil(rows / BATCH / clients)
    seconds = _seconds(url, script(), clients, each)
    with psycopg.connect(url) as conn:
        left = conn.execute("SELECT count(*) FROM outbox").fetchone()
    if left != (0,):
        raise peers.DriverError(f"pgbench left rows: {left}")
    return rows / seconds


def enqueue(url: str, rows: int) -> float:
    """How many rows a second one client enqueues, one by one. Raises DriverError."""
    statement = (
        "INSERT INTO outbox (kind, subject_id, workspace_id)"
        f" VALUES ('noop', uuidv7(), '{WORKSPACE}');\n"
    )
    return rows / _seconds(url, statement, 1, rows)


def _seconds(url: str, transaction: str, clients: int, each: int) -> float:
    """How long some clients take for their transactions, not counting the time to connect."""
    counted = ("--define=since=-infinity", f"--transactions={each}")
    try:
        rate = pgbench.transactions_a_second(
            url, transaction, *counted, clients=clients, timeout=peers.PATIENCE
        )
    except pgbench.Failed as error:
        raise peers.DriverError(str(error)) from None
    return each * clients / rate


def _filled(query: Query, values: dict[str, str]) -> str:
    """A statement with its parameters written into it."""
    try:
        return pgbench.filled(query, values)
    except pgbench.Failed as error:
        raise peers.DriverError(str(error)) from None
