"""Search: one to three words among 100,000 items and a million, compared with the plain way.

    python -m benchmarks.search [items ...] [--queries 400]

The items look like what people keep: a title of 3 to 9 words and a text of some 80, with English
words at their natural frequencies (the list of English Wikipedia that comes with zxcvbn), and one
of 300 tags, all in one workspace. A query is one to three words of one item, so common words are
searched for as often as they are written; every other query leaves its last word unfinished. Each
goes through `webapp.search.finder`, with all its statements and round trips, for 20 results with
their snippets. The plain way is one statement on the same vectors that ranks everything that
matches.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import psycopg
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from benchmarks.databases import migrated_server
from sql import queries
from sql.connection import connect
from webapp.search import finder
from webapp.search.finder import find
from webapp.search.query import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    Item = tuple[str, str]

BOUND_MS: Final = 20.0
FLAT: Final = 3.0

_WORDS: Final = FREQUENCY_LISTS["english_wikipedia"]
_WEIGHTS: Final = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(_WORDS))))
_TAGS: Final = 300
_BATCH: Final = 5_000
_INDEX: Final = "search_entries_by_words"

# What the triggers would have written, but all at once: for a million items an hour faster.
_VOLUMES: Final = """
INSERT INTO search_volumes (workspace_id, audience, place, shelf, bookcase, collection)
SELECT %(workspace)s, %(workspace)s, n, n / 8 * 8 + 1, n / 64 * 64 + 1, 1
  FROM generate_series(0, (SELECT (count(*) - 1) / 4096 FROM searchable)) AS n
 ORDER BY n
"""
_ENTRIES: Final = """
INSERT INTO search_entries (id, workspace_id, audience, volume, config, created_at, vector)
SELECT thing.id,
       thing.workspace_id,
       thing.audience,
       standing.id,
       thing.config,
       thing.created_at,
       search_vector(thing, standing)
  FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM searchable) AS numbered
  JOIN search_volumes AS standing
    ON standing.place = numbered.number / 4096
  JOIN searchable AS thing
    ON thing.id = numbered.id
"""
_KNOWN: Final = """
INSERT INTO search_words (workspace_id, audience, word)
SELECT DISTINCT %(workspace)s::uuid, %(workspace)s::uuid, word
  FROM searchable CROSS JOIN unnest(search_words_of(title)) AS word
 WHERE length(word) >= 4
"""

PLAIN: Final = """
SELECT id, ts_rank(vector, asked) AS rank
  FROM search_entries, websearch_to_tsquery('english', %s) AS asked
 WHERE vector @@ asked
   AND workspace_id = %s
 ORDER BY rank DESC
 LIMIT 20
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search")
    parser.add_argument("items", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=400)
    given = parser.parse_args([] if __name__ != "__main__" else None)
    chance = random.Random(5)
    taken: dict[int, dict[str, list[float]]] = {}
    with migrated_server() as url, psycopg.connect(url, autocommit=True) as conn:
        user_id, workspace_id = prepare(conn)
        asked: list[Item] = []
        kept = 0
        for many in sorted(given.items):
            begun = time.monotonic()
            for batch in batches(many - kept, chance):
                put(conn, batch, user_id, workspace_id, chance)
                asked = [*asked, *chance.sample(batch, 10)][-2000:]
            index(conn, workspace_id)
            print(f"{many:,} items are there after {time.monotonic() - begun:.0f} s", flush=True)
            kept = many
            texts = [query_of(chance.choice(asked), chance) for _ in range(given.queries)]
            taken[many] = measure(url, texts, user_id, workspace_id)
            show(many, taken[many])
    return judge(taken)


def prepare(conn: psycopg.Connection) -> tuple[UUID, UUID]:
    """Make a user, their workspace and its tags; returns the ids of the first two."""
    queries.users.create_with_handle(conn, handle="ana")
    row = conn.execute(
        "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
    ).fetchone()
    assert row is not None
    conn.execute(
        "SELECT make_tags(%s, array_agg('tag' || n)) FROM generate_series(1, %s) AS n",
        (row[1], _TAGS),
    )
    return row[0], row[1]


def words(chance: random.Random, many: int) -> list[str]:
    return chance.choices(_WORDS, cum_weights=_WEIGHTS, k=many)


def batches(items: int, chance: random.Random) -> Iterator[list[Item]]:
    for begin in range(0, items, _BATCH):
        yield [
            (
                " ".join(words(chance, chance.randint(3, 9))).capitalize(),
                " ".join(words(chance, min(1000, int(chance.lognormvariate(4.4, 0.6)) + 5))),
            )
            for _ in range(min(_BATCH, items - begin))
        ]


def put(
    conn: psycopg.Connection,
    batch: list[Item],
    user_id: UUID,
    workspace_id: UUID,
    chance: random.Random,
) -> None:
    """Insert items as they are once confirmed, with their tags; without the work of triggers."""
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        conn.execute(
            "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status, title,"
            " language) SELECT %s, %s, 'note', item.text, 'confirmed', item.title, 'en'"
            " FROM unnest(%s::text[], %s::text[]) AS item (title, text)",
            (workspace_id, user_id, [title for title, _ in batch], [text for _, text in batch]),
        )
        conn.execute(
            "INSERT INTO item_tags (item_id, tag_id)"
            " SELECT item.id, tag.id FROM (SELECT id, row_number() OVER () AS n"
            "   FROM (SELECT id FROM items ORDER BY id DESC LIMIT %s) AS newest) AS item"
            " JOIN unnest(%s::int[]) WITH ORDINALITY AS chosen (tag, n) USING (n)"
            " JOIN (SELECT id, row_number() OVER () AS n FROM tags) AS tag ON tag.n = chosen.tag",
            (len(batch), [min(_TAGS, int(chance.expovariate(0.02)) + 1) for _ in batch]),
        )


def index(conn: psycopg.Connection, workspace_id: UUID) -> None:
    """Rebuild the search index."""
    row = conn.execute("SELECT pg_get_indexdef(%s::regclass)", (_INDEX,)).fetchone()
    assert row is not None
    workspace = {"workspace": workspace_id}
    conn.execute("SET maintenance_work_mem = '1GB'")
    conn.execute(f"DROP INDEX {_INDEX}")
    conn.execute(
        "TRUNCATE search_words, search_entries, search_volumes, embeddings RESTART IDENTITY"
    )
    conn.execute("ANALYZE")
    conn.execute(_VOLUMES, workspace)
    conn.execute(_ENTRIES)
    conn.execute(_KNOWN, workspace)
    conn.execute(row[0])
    conn.execute("VACUUM ANALYZE")


def query_of(item: Item, chance: random.Random) -> str:
    """One to three words of an item; in every other query the last word is unfinished."""
    candidates = [word for word in " ".join(item).lower().split() if len(word) > 3]
    chosen = [chance.choice(candidates) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.5:
        chosen[-1] = chosen[-1][: max(3, len(chosen[-1]) - 2)]
        return " ".join(chosen)
    return " ".join(chosen) + " "


def measure(
    url: str, texts: list[str], user_id: UUID, workspace_id: UUID
) -> dict[str, list[float]]:
    """The milliseconds of each query, both ways in turn, and the database's share of our way."""
    taken: dict[str, list[float]] = {"Coffer": [], "of it, database": [], "plain": []}
    clock = Clock()
    with connect(url, "benchmark") as conn, conn.cursor() as cursor:

        def ours(text: str) -> None:
            find(conn, parse(text), workspace_id=workspace_id, user_id=user_id, limit=20)

        def plainly(text: str) -> None:
            cursor.execute(PLAIN, (text, workspace_id)).fetchall()

        ways: dict[str, Callable[[str], None]] = {"Coffer": ours, "plain": plainly}
        for text in texts[:20]:
            ours(text)
        for text in texts:
            for name, way in ways.items():
                clock.seconds = 0.0
                begun = time.perf_counter()
                way(text)
                taken[name].append((time.perf_counter() - begun) * 1e3)
                if way is ours:
                    taken["of it, database"].append(clock.seconds * 1e3)
    return taken


class Clock:
    """Counts the seconds that the statements of a search take, their round trips included."""

    def __init__(self) -> None:
        self.seconds = 0.0
        counted = {name: self._counted(query) for name, query in vars(queries.search).items()}
        finder.queries = SimpleNamespace(search=SimpleNamespace(**counted))

    def _counted(self, query: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*conn: Any, **given: Any) -> Any:
            begun = time.perf_counter()
            try:
                return query(*conn, **given)
            finally:
                self.seconds += time.perf_counter() - begun

        return asked


def p95(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=20)[18]


def show(items: int, taken: dict[str, list[float]]) -> None:
    for name, figures in taken.items():
        print(
            f"{items:>10,} {name:16} median {statistics.median(figures):8.1f} ms"
            f"   p95 {p95(figures):8.1f}   slowest {max(figures):8.1f}",
            flush=True,
        )


def judge(taken: dict[int, dict[str, list[float]]]) -> int:
    """Returns 1 if a bound was missed."""
    found = [p95(each["of it, database"]) for _, each in sorted(taken.items())]
    print(f"p95 of the largest to the smallest: {found[-1] / found[0]:.2f} (aim {FLAT})")
    return int(found[0] > BOUND_MS or found[-1] > FLAT * found[0])


if __name__ == "__main__":
    sys.exit(main())
