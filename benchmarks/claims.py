"""A claim among a million rows: with dead rows pinned, without statistics, with 256 claimers.

Next to each figure is the time of a bare round trip in the same run. Each claimer has its own
connection and claims four rows about once a second, as a worker for slow work does; one claims
500 at a time, as fast as it can, as a worker for quick work does.
"""

from __future__ import annotations

import functools
import random
import statistics
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING

import psycopg

from benchmarks.databases import migrated_server
from sql import queries
from sql.connection import connect
from workers.engine.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 1_000_000
CLAIMERS = 256
SECONDS = 10.0
BOUND = 0.020

PUT = """
INSERT INTO outbox (kind, subject_id, workspace_id)
SELECT 'noop', gen_random_uuid(), md5((n %% 100)::text)::uuid FROM generate_series(1, %s) AS n
"""


def main() -> int:
    """Print the table; returns 1 if the median of a claim is over its bound."""
    with migrated_server() as url, psycopg.connect(url, autocommit=True) as conn:
        # Throughout the run, no statistics are gathered and no dead rows are removed.
        conn.execute("ALTER TABLE outbox SET (autovacuum_enabled = false)")
        found = {"empty outbox": measure(url, SECONDS / 4)}
        for _ in range(10):
            conn.execute(PUT, (ROWS // 10,))
        found["a million rows, blind statistics"] = measure(url, SECONDS / 4)
        with psycopg.connect(url) as old:
            old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            old.execute("SELECT pg_current_xact_id(), count(*) FROM outbox")
            drain(url, 200_000)
            found["and 200,000 remains pinned"] = measure(url, SECONDS / 4)
            found[f"and {CLAIMERS} claimers"] = measure(url, SECONDS, others=CLAIMERS)
    print("| | claims | 4 rows: median ms | 99 of 100 | 500 rows: median ms | round trip ms |")
    print("|---|---|---|---|---|---|")
    for name, (few, many, bare) in found.items():
        print(
            f"| {name} | {len(few) + len(many):,} | {statistics.median(few) * 1e3:.2f}"
            f" | {statistics.quantiles(few, n=100)[98] * 1e3:.2f}"
            f" | {statistics.median(many) * 1e3:.2f} | {statistics.median(bare) * 1e3:.2f} |"
        )
    return int(
        any(
            statistics.median(each) > BOUND
            for few, many, _ in found.values()
            for each in (few, many)
        )
    )


def measure(
    url: str, seconds: float, others: int = 1
) -> tuple[list[float], list[float], list[float]]:
    """The seconds of each claim of four rows, each claim of 500 rows and each bare round trip."""
    few: list[float] = []
    many: list[float] = []
    bare: list[float] = []
    pause = 1.0 if others > 1 else 0.01
    conns = [prepared(url) for _ in range(others + 2)]

    def repeat(call: Callable[[], object], taken: list[float], every: float) -> None:
        time.sleep(random.random() * every)
        while time.monotonic() < ends:
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
            time.sleep(random.uniform(0.75, 1.25) * every)

    def claiming(conn: psycopg.Connection, limit: int) -> Callable[[], object]:
        turns, worker = Turns("noop"), uuid.uuid4()
        turns.claimers = others
        claim = functools.partial(turns.claim, conn, limit=limit, worker=worker, lease=120)
        claim()  # like a worker's first claim, which has to look at everything once
        return claim

    plans = [(claiming(conn, 4), few, pause) for conn in conns[2:]]
    plans.append((claiming(conns[0], 500), many, 0.02))
    plans.append((lambda: conns[1].execute("SELECT 1"), bare, 0.01))
    ends = time.monotonic() + seconds
    threads = [threading.Thread(target=repeat, args=plan) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for conn in conns:
        conn.close()
    return few, many, bare


def prepared(url: str) -> psycopg.Connection:
    conn = connect(url, "coffer benchmark")
    queries.workers.set_up(conn)
    return conn


def drain(url: str, rows: int) -> None:
    """Claim and finish that many rows."""
    turns, worker, done = Turns("noop"), uuid.uuid4(), 0
    with prepared(url) as conn:
        while done < rows:
            jobs = turns.claim(conn, limit=500, worker=worker, lease=120)
            queries.outbox.finish(
                conn,
                kind="noop",
                subject_ids=[job.subject_id for job in jobs],
                claims=[job.claim for job in jobs],
            )
            done += len(jobs)


if __name__ == "__main__":
    sys.exit(main())
