"""Shares: what it costs to look at a document, and to list and search what is shared.

    python -m benchmarks.documents.shares [documents] [--rounds 200]

A workspace has 100,000 documents of some 570 words in 5,000 folders. 500 documents and 20 folders
are shared with a user of another workspace, who can thus reach some 2,500 documents. Measured are:
one's own document with and without the check for shares, a shared one, and one that is out of
reach; the list of a hundred shared documents; and searches for one to three words of a document by
its owner, by the sharee, and by somebody with whom nothing is shared.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg

from benchmarks.databases import migrated_server
from benchmarks.search import query_of, words
from sql import queries
from sql.connection import connect
from webapp.schemas.documents.documents import DocumentArguments
from webapp.search.finder import find
from webapp.search.query import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from benchmarks.search import Item

LIST_MS: Final = 100.0
SEARCH_MS: Final = 40.0

_FOLDERS: Final = 5_000
_TEXTS: Final = 2_000
_WORDS_OF_A_TEXT: Final = 566

# A plain comparison of workspaces, as if there were no shares.
_WITHOUT: Final = "SELECT * FROM document_answers(%(workspace_id)s) WHERE id = %(id)s"

_TABLES: Final = """
CREATE TEMPORARY TABLE texts AS
SELECT n,
       title,
       setweight(to_tsvector('english', title), 'A') || to_tsvector('english', text) AS vector
  FROM unnest(%(titles)s::text[], %(texts)s::text[]) WITH ORDINALITY AS text (title, text, n);

INSERT INTO folders (workspace_id, created_by, parent_id, name)
SELECT %(workspace)s, %(user)s, NULL, 'folder ' || n
  FROM generate_series(1, %(folders)s) AS n;

-- Three of four lie in another one.
CREATE TEMPORARY TABLE numbered AS
SELECT id, row_number() OVER (ORDER BY id) AS n
  FROM folders;
UPDATE folders
   SET parent_id = above.id
  FROM numbered AS folder
  JOIN numbered AS above
    ON above.n = folder.n / 4
 WHERE folder.id = folders.id;

CREATE TEMPORARY TABLE made AS
SELECT document.n,
       uuidv7() AS id,
       uuidv7() AS version_id,
       uuidv7() AS object_id,
       folder.id AS folder_id,
       1 + document.n %% %(kinds)s AS text
  FROM generate_series(1, %(documents)s) AS document (n)
  JOIN numbered AS folder
    ON folder.n = 1 + document.n %% %(folders)s;

INSERT INTO objects (id, workspace_id, user_id, key, status, bytes, sha256, expires_at)
SELECT object_id, %(workspace)s, %(user)s, 'x/' || n, 'stored', 1, sha256(n::text::bytea), now()
  FROM made;
INSERT INTO documents
  (id, workspace_id, created_by, folder_id, status, name, title, language, version_id)
SELECT made.id, %(workspace)s, %(user)s, folder_id, 'ready', 'a.pdf', texts.title, 'en', version_id
  FROM made
  JOIN texts
    ON texts.n = made.text;
INSERT INTO document_versions
  (
    id, workspace_id, document_id, number, object_id, name, media_type, kind, bytes, sha256,
    created_by
  )
SELECT version_id, %(workspace)s, id, 1, object_id, 'a.pdf', 'application/pdf', 'pdf', 1,
       sha256(n::text::bytea), %(user)s
  FROM made;
INSERT INTO search_volumes (workspace_id, audience, place, shelf, bookcase, collection)
SELECT %(workspace)s, %(workspace)s, n, n / 8 * 8 + 1, n / 64 * 64 + 1, 1
  FROM generate_series(0, (%(documents)s - 1) / 4096) AS n
 ORDER BY n;
INSERT INTO search_entries (id, workspace_id, audience, volume, config, created_at, vector)
SELECT made.id,
       %(workspace)s,
       %(workspace)s,
       standing.id,
       'english',
       now(),
       texts.vector
       || array_to_tsvector(
            search_place(standing, 'ready')
            || ARRAY[' y:document', ' y:pdf']
            || ARRAY(
                 SELECT ' p:' || standing.shelf || ':' || word
                   FROM unnest(search_words_of(texts.title)) AS word
               )
          )
  FROM made
  JOIN texts
    ON texts.n = made.text
  JOIN search_volumes AS standing
    ON standing.place = (made.n - 1) / 4096;

INSERT INTO shares (workspace_id, document_id, user_id, level, shared_by)
SELECT %(workspace)s, id, %(sharee)s, 'view', %(user)s
  FROM made
 ORDER BY random()
 LIMIT 500;
INSERT INTO shares (workspace_id, folder_id, user_id, level, shared_by)
SELECT %(workspace)s, id, %(sharee)s, 'view', %(user)s
  FROM numbered
 WHERE n BETWEEN 1100 AND 1119;
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.documents.shares")
    parser.add_argument("documents", type=int, nargs="?", default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args([] if __name__ != "__main__" else None)
    chance = random.Random(5)
    with migrated_server() as url, psycopg.connect(url, autocommit=True) as conn:
        people = {name: _person(conn, name) for name in ("ana", "ben", "cleo")}
        items = [
            (
                " ".join(words(chance, chance.randint(3, 9))).capitalize(),
                " ".join(words(chance, _WORDS_OF_A_TEXT)),
            )
            for _ in range(_TEXTS)
        ]
        _fill(conn, people, items, given.documents)
        return _measure(url, people, items, given.rounds, chance)


def _person(conn: psycopg.Connection, handle: str) -> tuple[UUID, UUID]:
    queries.users.create_with_handle(conn, handle=handle)
    row = conn.execute(
        "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
        " WHERE handle = %s",
        (handle,),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _fill(
    conn: psycopg.Connection,
    people: dict[str, tuple[UUID, UUID]],
    items: list[Item],
    documents: int,
) -> None:
    """Fill the tables as they would be in the end, without the work of triggers."""
    user, workspace = people["ana"]
    index = conn.execute("SELECT pg_get_indexdef('search_entries_by_words'::regclass)").fetchone()
    assert index is not None
    conn.execute("SET maintenance_work_mem = '1GB'; SET session_replication_role = replica")
    conn.execute("DROP INDEX search_entries_by_words")
    psycopg.ClientCursor(conn).execute(
        _TABLES,
        {
            "titles": [title for title, _ in items],
            "texts": [text for _, text in items],
            "kinds": _TEXTS,
            "folders": _FOLDERS,
            "documents": documents,
            "workspace": workspace,
            "user": user,
            "sharee": people["ben"][0],
        },
    )
    conn.execute(index[0])
    conn.execute("SET session_replication_role = origin")
    conn.execute("VACUUM ANALYZE")


def _measure(
    url: str,
    people: dict[str, tuple[UUID, UUID]],
    items: list[Item],
    rounds: int,
    chance: random.Random,
) -> int:
    home, sharee = people["ana"][1], people["ben"][1]
    with connect(url, "benchmark") as conn:
        ids = [
            row[0] for row in conn.execute("SELECT id FROM documents ORDER BY random() LIMIT 500")
        ]
        shared = [
            row[0]
            for row in conn.execute(
                "SELECT id FROM documents_shared_with(%s)", (sharee,)
            ).fetchall()
        ]
        print(f"{len(shared):,} documents are shared", flush=True)
        arguments: dict[str, Any] = DocumentArguments().load({})
        for name in ("shared", "cursor", "limit"):
            del arguments[name]

        def without() -> None:
            conn.execute(_WITHOUT, {"id": chance.choice(ids), "workspace_id": home}).fetchall()

        def with_shares(among: list[UUID], workspace_id: UUID) -> Callable[[], None]:
            return lambda: queries.documents.get(
                conn, id=chance.choice(among), workspace_id=workspace_id
            )

        def nowhere() -> None:
            queries.documents.file(
                conn, id=people["ana"][0], workspace_id=sharee, number=None
            ) if False else conn.execute(
                queries.documents.get.statement,
                {"id": chance.choice(ids[:1]), "workspace_id": people["cleo"][1]},
            ).fetchall()

        def listed() -> None:
            queries.shares.list_documents(
                conn, workspace_id=sharee, after=None, limit=101, **arguments
            )

        def search(who: str) -> Callable[[], None]:
            user_id, workspace_id = people[who]

            def ask() -> None:
                query = parse(query_of(chance.choice(items), chance))
                find(conn, query, workspace_id=workspace_id, user_id=user_id, limit=20)

            return ask

        taken = {
            "own document, no shares": _timed(without, rounds * 5),
            "own document": _timed(with_shares(ids, home), rounds * 5),
            "shared document": _timed(with_shares(shared, sharee), rounds * 5),
            "document out of reach": _timed(nowhere, rounds * 5),
            "list of 100 shared": _timed(listed, rounds),
            "search by the owner": _timed(search("ana"), rounds),
            "search by the sharee": _timed(search("ben"), rounds),
            "search without shares": _timed(search("cleo"), rounds),
        }
    for name, figures in taken.items():
        print(
            f"{name:28} median {statistics.median(figures):7.2f} ms   p95 {_p95(figures):7.2f}",
            flush=True,
        )
    return int(
        _p95(taken["list of 100 shared"]) > LIST_MS
        or _p95(taken["search by the sharee"]) > SEARCH_MS
    )


def _timed(ask: Callable[[], None], rounds: int) -> list[float]:
    for _ in range(10):
        ask()
    figures = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask()
        figures.append((time.perf_counter() - begun) * 1e3)
    return figures


def _p95(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=20)[18]


if __name__ == "__main__":
    sys.exit(main())
