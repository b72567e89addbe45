"""What the state machine's trigger costs, compared with none and with the statement-level one.

    python -m benchmarks.transitions [rounds]

Microseconds a row, the median of the rounds and their spread, inside one transaction. The plans of
the statement-level trigger are cached from one-row calls, as on a server that mostly gets those.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from benchmarks.databases import migrated

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

ONE_BY_ONE = 1_000
IN_BULK = 5_000

STATEMENT_LEVEL = """
CALL follow_transitions_by_statement('items', 'item');
"""
WITHOUT = """
DROP TRIGGER items_are_born_by_the_table_of_transitions ON items;
DROP TRIGGER items_move_by_the_table_of_transitions ON items;
"""
INSERT = """
INSERT INTO items (workspace_id, created_by, source_type, raw_text, status)
SELECT w.id, w.personal_of, 'note', repeat('word ', 200), 'enriching'
  FROM workspaces AS w, generate_series(1, %s)
"""
MOVE_ONE = "UPDATE items SET status = 'ready_to_confirm' WHERE id = %s"
MOVE_ALL = "UPDATE items SET status = 'ready_to_confirm' WHERE status = 'enriching'"


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    variants = {"none": WITHOUT, "row": "", "statement": WITHOUT + STATEMENT_LEVEL}
    with migrated() as conn:
        conn.execute("INSERT INTO users (handle) VALUES ('ana')")
        conn.execute("INSERT INTO workspaces (personal_of, name) SELECT id, 'w' FROM users")
        for _ in range(rounds):
            for name, change in variants.items():
                with conn.transaction(force_rollback=True):
                    conn.execute(change)
                    for what, microseconds in measure(conn).items():
                        taken[what, name].append(microseconds)
    print(f"{'microseconds a row':28}" + "".join(f"{name:>24}" for name in variants))
    for what in dict.fromkeys(what for what, _ in taken):
        print(f"{what:28}" + "".join(f"{spread(taken[what, name]):>24}" for name in variants))
    return 0


def measure(conn: psycopg.Connection) -> dict[str, float]:
    def timed(rows: int, call: Callable[[], object]) -> float:
        began = time.perf_counter()
        call()
        return (time.perf_counter() - began) / rows * 1e6

    def each(statement: str, values: list[object]) -> Callable[[], object]:
        return lambda: [conn.execute(statement, (value,)) for value in values]

    one_by_one: list[object] = [1] * ONE_BY_ONE
    found = {"insert, one by one": timed(ONE_BY_ONE, each(INSERT, one_by_one))}
    ids = [row[0] for row in conn.execute("SELECT id FROM items")]
    found["move, one by one"] = timed(ONE_BY_ONE, each(MOVE_ONE, ids))
    found["insert, in bulk"] = timed(IN_BULK, lambda: conn.execute(INSERT, (IN_BULK,)))
    found["move, in bulk"] = timed(IN_BULK, lambda: conn.execute(MOVE_ALL))
    return found


def spread(figures: list[float]) -> str:
    return f"{statistics.median(figures):.0f} ({min(figures):.0f} to {max(figures):.0f})"


if __name__ == "__main__":
    sys.exit(main())
