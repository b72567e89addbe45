"""The best way to send the frame of a transaction: statement by statement, or as a pipeline.

    python -m benchmarks.round_trips [rounds]

Microseconds for the transaction of a small write over loopback: BEGIN, who acts, one statement,
COMMIT; and the same with the first two in one message, as `webapp/http/db.py` sends them. For
comparison, one statement alone: the limit. Medians of 500 each, and the spread of those medians
over the rounds.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.databases import migrated
from benchmarks.transitions import spread
from sql import queries
from webapp.http import db

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

REPEATS = 500
WHO = {"actor": "user:x", "request_id": "r", "traceparent": ""}


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with migrated() as conn:
        # Durable commits would hide the differences.
        conn.execute("SET synchronous_commit = off")
        ways: dict[str, Callable[[psycopg.Connection], object]] = {
            "one statement alone": small_write,
            "transaction": in_transaction,
            "begun by one message": begun_at_once,
            "transaction in a pipeline": in_pipeline,
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(median(conn, way))
    limit = statistics.median(taken["one statement alone"])
    for name, figures in taken.items():
        ratio = statistics.median(figures) / limit
        print(f"{name:28}{spread(figures):>24} µs   {ratio:.1f} x the limit")
    return 0


def small_write(conn: psycopg.Connection) -> None:
    queries.users.create_with_handle(conn, handle="ana")


def in_transaction(conn: psycopg.Connection) -> None:
    with conn.transaction():
        queries.requests.identify(conn, **WHO)
        small_write(conn)


def begun_at_once(conn: psycopg.Connection) -> None:
    db.begin(conn, **WHO)
    small_write(conn)
    conn.commit()


def in_pipeline(conn: psycopg.Connection) -> None:
    with conn.pipeline(), conn.transaction():
        queries.requests.identify(conn, **WHO)
        small_write(conn)


def median(conn: psycopg.Connection, way: Callable[[psycopg.Connection], object]) -> float:
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        way(conn)
        taken.append((time.perf_counter() - began) * 1e6)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())
