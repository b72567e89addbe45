"""A page of changes among ten million events: anywhere, at the end, and with a filter.

    python -m benchmarks.consumers.changes [EVENTS]

A tenth of the events is one workspace's, of which a tenth is one user's alone; the others are
spread over a thousand workspaces. Pages are read as the API reads them.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from typing import TYPE_CHECKING
from uuid import UUID

from benchmarks.databases import migrated
from sql.connection import configure
from webapp.blueprints.consumers.following import Follower, Head, Position, find

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

EVENTS = 10_000_000
PAGES = 500
LIMIT = 100
BOUND = 0.020

OURS = UUID(int=1)
USER = UUID(int=2)
# A transaction writes ten events; half of the time, those of the next one have lower numbers.
FILL = """
INSERT INTO events (workspace_id, user_id, entity, entity_id, event, to_status, actor, txid)
SELECT CASE WHEN n %% 10 = 0 THEN %(ours)s ELSE md5((n %% 1000)::text)::uuid END,
       CASE WHEN n %% 100 = 0 THEN %(user)s END,
       'item',
       md5(n::text)::uuid,
       CASE WHEN n %% 5000 = 10 THEN 'item.rare' ELSE 'item.created' END,
       'enriching',
       'user:' || %(user)s,
       (1 + (n / 10) # 1)::text::xid8
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""


def main(events: int = EVENTS) -> int:
    """Print the table; 1 if the 95th percentile of any page is over its bound."""
    with migrated() as conn:
        fill(conn, events)
        configure(conn)
        head = Head.read(conn)
        # As of these events, whatever the server's own transactions are.
        head = Head(head.feed, events, events, None)
        last = events // 10

        def page(position: Position, names: list[str] | None = None) -> int:
            found = find(conn, head, Follower(OURS, USER, position, names), LIMIT)
            return len(found.changes)

        def at(txid: int) -> Position:
            return Position(head.feed, txid, 0)

        measured = {
            "anywhere": lambda: page(at(random.randrange(last))),
            "at the end": lambda: page(at(last - random.randrange(5))),
            "the oldest": lambda: page(at(0)),
            "one event in 500 by a filter": lambda: page(at(random.randrange(last)), ["item.rare"]),
            "none by a filter": lambda: page(at(random.randrange(last)), ["task.*"]),
        }
        print(f"{events:,} events")
        print("| | changes | median ms | 95 of 100 | longest |")
        print("|---|---|---|---|---|")
        missed = 0
        for name, ask in measured.items():
            seconds, count = measure(ask)
            p95 = statistics.quantiles(seconds, n=20)[18]
            missed += p95 > BOUND
            print(
                f"| {name} | {count / PAGES:,.1f} | {statistics.median(seconds) * 1e3:.2f}"
                f" | {p95 * 1e3:.2f} | {max(seconds) * 1e3:.2f} |"
            )
    return int(missed > 0)


def fill(conn: psycopg.Connection, events: int) -> int:
    """Write the events, without the triggers that tell webhooks."""
    conn.execute("SET session_replication_role = replica")
    for first in range(1, events + 1, 500_000):
        last = min(first + 499_999, events)
        conn.execute(FILL, {"ours": OURS, "user": USER, "first": first, "last": last})
    conn.execute("SET session_replication_role = DEFAULT")
    conn.execute("VACUUM ANALYZE events")
    return events


def measure(ask: Callable[[], int]) -> tuple[list[float], int]:
    """The seconds of each page, and how many changes all had."""
    seconds, count = [], 0
    for _ in range(PAGES):
        began = time.perf_counter()
        count += ask()
        seconds.append(time.perf_counter() - began)
    return seconds, count


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
