"""What waking workers costs the enqueuing side: without the trigger, with it, and if it notifies.

    python -m benchmarks.notify [rounds]

Rows a second: one by one in autocommit mode from four clients at once, and 1,000 a statement from
one. "At work" is the state under load: there are workers, and none of them is asleep.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
import uuid

import psycopg

from benchmarks.databases import migrated_server

CLIENTS = 4
ONE_BY_ONE = 1_500  # by each client
STATEMENTS = 60

STATES = {
    "no trigger": "ALTER TABLE outbox DISABLE TRIGGER outbox_wakes_workers",
    "workers at work": "ALTER TABLE outbox ENABLE TRIGGER outbox_wakes_workers",
    "a worker sleeps": "UPDATE workers SET listening_for = '{noop}'",
}
ONE = "INSERT INTO outbox (kind, subject_id) VALUES ('noop', %s)"
MANY = (
    "INSERT INTO outbox (kind, subject_id)"
    " SELECT 'noop', gen_random_uuid() FROM generate_series(1, 1000)"
)
AWAKE = "INSERT INTO workers (id, host, pid, kinds) VALUES (uuidv7(), 'h', %s, '{noop}')"


def main() -> int:
    """Print the table; returns 1 if the trigger costs 5 % or more under load."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in STATES}
    with migrated_server() as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ALTER SYSTEM SET synchronous_commit = off")
        conn.execute("SELECT pg_reload_conf()")
        for _ in range(rounds):
            conn.execute("DELETE FROM workers")
            for number in range(8):
                conn.execute(AWAKE, (number,))
            for name, statement in STATES.items():
                conn.execute(statement)
                conn.execute("TRUNCATE outbox")
                found[name].append((one_by_one(url), in_bulk(conn)))
    print("| | one by one, rows/s | to no trigger | in bulk, rows/s | to no trigger |")
    print("|---|---|---|---|---|")
    costs = []
    for name, figures in found.items():
        cells = []
        for way in (0, 1):
            rates = [figure[way] for figure in figures]
            # Round by round, so that other load on the machine affects both.
            kept = [rate / found["no trigger"][n][way] for n, rate in enumerate(rates)]
            cells.append(
                f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"
            )
            cells.append(f"{statistics.median(kept):.3f} ({min(kept):.2f} to {max(kept):.2f})")
            costs += [statistics.median(kept)] if name == "workers at work" else []
        print(f"| {name} | {' | '.join(cells)} |")
    return int(min(costs) <= 0.95)


def one_by_one(url: str) -> float:
    conns = [psycopg.connect(url, autocommit=True) for _ in range(CLIENTS)]

    def enqueue(conn: psycopg.Connection) -> None:
        for _ in range(ONE_BY_ONE):
            conn.execute(ONE, (uuid.uuid4(),))

    threads = [threading.Thread(target=enqueue, args=(conn,)) for conn in conns]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    for conn in conns:
        conn.close()
    return CLIENTS * ONE_BY_ONE / taken


def in_bulk(conn: psycopg.Connection) -> float:
    began = time.perf_counter()
    for _ in range(STATEMENTS):
        conn.execute(MANY)
    return STATEMENTS * 1000 / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
