"""What search by meaning costs: a search among 100,000 vectors of a workspace, and a capture.

    python -m benchmarks.meaning.speed [--things 50000] [--dimensions 256] [--queries 200]

Each thing has two passages with vectors by chance; their words are those of `benchmarks.search`.
Half as many vectors again are in other workspaces. Each query is asked by words, by both, and by
meaning with a filter, with all statements, round trips and snippets, without making its vector. A
capture is the INSERT of an item, with its triggers, with and without a model. Prints medians and
p95; exits with 1 if p95 of both is over 300 ms.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg

from benchmarks.databases import migrated_server
from benchmarks.search import batches, index, p95, prepare, put, query_of
from sql import queries
from sql.connection import connect
from webapp.clients.embeddings.contract import of_length_1
from webapp.search.finder import Meaning, find
from webapp.search.query import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

BOUND_MS: Final = 300.0
_CAPTURES: Final = 300


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.meaning.speed")
    parser.add_argument("--things", type=int, default=50_000)
    parser.add_argument("--dimensions", type=int, default=256)
    parser.add_argument("--queries", type=int, default=200)
    given = parser.parse_args([] if __name__ != "__main__" else None)
    chance = random.Random(5)
    with migrated_server() as url, psycopg.connect(url, autocommit=True) as conn:
        user_id, workspace_id = prepare(conn)
        items = []
        for batch in batches(given.things, chance):
            put(conn, batch, user_id, workspace_id, chance)
            items += batch
        index(conn, workspace_id)
        without = captures(conn, user_id, workspace_id)
        queries.embeddings.choose(conn, name="by chance")
        fill(conn, given.dimensions)
        print(f"{size(conn)} for {given.things * 3:,} vectors of {given.dimensions} numbers")
        taken = measure(url, items, user_id, workspace_id, given, chance)
        taken["a capture"] = without
        taken["a capture, with a model"] = captures(conn, user_id, workspace_id)
    for name, figures in taken.items():
        print(f"{name:40} median {statistics.median(figures):7.1f} ms   p95 {p95(figures):7.1f}")
    return int(p95(taken["both"]) > BOUND_MS)


def fill(conn: psycopg.Connection[Any], dimensions: int) -> None:
    """Two vectors for each thing, and a third one in another workspace."""
    chance = np.random.default_rng(1)
    model = queries.embeddings.current(conn)["id"]
    ids = [row[0] for row in conn.execute("SELECT id FROM search_entries ORDER BY random()")]
    conn.execute("SET session_replication_role = replica")
    for start in range(0, len(ids), 5_000):
        some = ids[start : start + 5_000]
        for number in range(3):
            vectors = of_length_1(chance.standard_normal((len(some), dimensions)))
            conn.execute(
                "INSERT INTO embeddings SELECT made.id, %(number)s,"
                " CASE WHEN %(number)s = 2 THEN gen_random_uuid() ELSE entry.workspace_id END,"
                " entry.audience, %(model)s, false, NULL, 1, 100, made.vector::halfvec"
                " FROM unnest(%(ids)s::uuid[], %(vectors)s::text[]) AS made (id, vector)"
                " JOIN search_entries AS entry USING (id)",
                {
                    "number": number,
                    "model": model,
                    "ids": some,
                    "vectors": [f"[{','.join(map(str, each))}]" for each in vectors.tolist()],
                },
            )
    conn.execute("RESET session_replication_role")
    conn.execute("VACUUM ANALYZE embeddings")


def measure(
    url: str,
    items: list[tuple[str, str]],
    user_id: UUID,
    workspace_id: UUID,
    given: argparse.Namespace,
    chance: random.Random,
) -> dict[str, list[float]]:
    numbers = np.random.default_rng(2)
    with connect(url, "benchmark") as conn:
        model = queries.embeddings.current(conn)["id"]
        who = {"workspace_id": workspace_id, "user_id": user_id, "limit": 20}

        def ask(text: str, vector: list[float] | None, *, alone: bool = False) -> None:
            meaning = Meaning(model, vector, alone=alone) if vector is not None else None
            find(conn, parse(text), meaning=meaning, **who)

        def compare(_: str, vector: list[float]) -> None:
            queries.embeddings.nearest(
                conn,
                workspace_id=workspace_id,
                audiences=[workspace_id, user_id],
                among=None,
                model_id=model,
                vector=vector,
                limit=100,
            )

        ways: dict[str, Callable[[str, list[float]], None]] = {
            "words": lambda text, _: ask(text, None),
            "both": ask,
            "of it, the nearest": compare,
            "meaning, one tag of 300": lambda text, vector: ask(
                f"{text} #tag9", vector, alone=True
            ),
            "meaning, type:note, which all are": lambda text, vector: ask(
                f"{text} type:note", vector, alone=True
            ),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for asked in range(given.queries + 5):
            text = query_of(chance.choice(items), chance)
            (vector,) = of_length_1(numbers.standard_normal((1, given.dimensions))).tolist()
            for name, way in ways.items():
                began = time.perf_counter()
                way(text, vector)
                if asked >= 5:
                    taken[name].append((time.perf_counter() - began) * 1e3)
    return taken


def captures(conn: psycopg.Connection[Any], user_id: UUID, workspace_id: UUID) -> list[float]:
    taken = []
    for number in range(_CAPTURES):
        began = time.perf_counter()
        conn.execute(
            "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status, title)"
            " VALUES (%s, %s, 'note', %s, 'enriching', 'A capture')",
            (workspace_id, user_id, f"The text of number {number} is one line. " * 5),
        )
        taken.append((time.perf_counter() - began) * 1e3)
    return taken


def size(conn: psycopg.Connection[Any]) -> str:
    row = conn.execute("SELECT pg_size_pretty(pg_total_relation_size('embeddings'))").fetchone()
    assert row is not None
    return str(row[0])


if __name__ == "__main__":
    sys.exit(main())
