"""Search among 100,000 documents of 570 words, compared with the plain way.

    python -m benchmarks.documents.search [documents]

Like `benchmarks.search`, but with documents of some 570 words on two pages. A query is one to three
words of one of them, every other time with the last word unfinished, for 20 results with their
snippets and pages.
"""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING, Final

import psycopg

from benchmarks.databases import migrated_server
from benchmarks.search import index, measure, p95, prepare, query_of, show, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    Text = tuple[str, str]

BOUND_MS: Final = 40.0
QUICKER: Final = 5.0

_DOCUMENTS: Final = 100_000
_QUERIES: Final = 300
_BATCH: Final = 2_000

# As uploading and reading leave them, but without the work of triggers.
_PUT: Final = """
WITH given AS (
  SELECT uuidv7() AS document_id,
         uuidv7() AS version_id,
         uuidv7() AS text_id,
         uuidv7() AS object_id,
         title,
         text
    FROM unnest(%(titles)s::text[], %(texts)s::text[]) AS document (title, text)
),
object AS (
  INSERT INTO objects (id, workspace_id, user_id, key, status, bytes, sha256, expires_at)
  SELECT object_id,
         %(workspace_id)s,
         %(user_id)s,
         object_id::text,
         'stored',
         length(text),
         sha256(convert_to(text, 'UTF8')),
         now()
    FROM given
),
version AS (
  INSERT INTO document_versions
    (id, workspace_id, document_id, number, object_id, name, media_type, kind, bytes, created_by)
  SELECT version_id,
         %(workspace_id)s,
         document_id,
         1,
         object_id,
         title,
         'application/pdf',
         'pdf',
         length(text),
         %(user_id)s
    FROM given
),
read AS (
  INSERT INTO document_texts (id, version_id, pages, text, words)
  SELECT text_id,
         version_id,
         2,
         text,
         search_long('english', text)
    FROM given
)
INSERT INTO documents
  (id, workspace_id, created_by, status, name, title, language, version_id, text_id)
SELECT document_id,
       %(workspace_id)s,
       %(user_id)s,
       'ready',
       'letter.pdf',
       title,
       'en',
       version_id,
       text_id
  FROM given
"""


def main() -> int:
    """Returns 1 if the bound was missed."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else _DOCUMENTS
    chance = random.Random(5)
    with migrated_server() as url, psycopg.connect(url, autocommit=True) as conn:
        user_id, workspace_id = prepare(conn)
        begun = time.monotonic()
        asked: list[Text] = []
        for batch in batches(many, chance):
            put(conn, batch, user_id, workspace_id)
            asked += chance.sample(batch, 10)
        index(conn, workspace_id)
        print(f"{many:,} documents are there after {time.monotonic() - begun:.0f} s", flush=True)
        texts = [query_of(chance.choice(asked), chance) for _ in range(_QUERIES)]
        taken = measure(url, texts, user_id, workspace_id)
    show(many, taken)
    ratio = p95(taken["plain"]) / p95(taken["of it, database"])
    print(f"p95 of the plain way to ours: {ratio:.1f} (aim {QUICKER})")
    return int(p95(taken["of it, database"]) > BOUND_MS or ratio < QUICKER)


def batches(documents: int, chance: random.Random) -> Iterator[list[Text]]:
    for begin in range(0, documents, _BATCH):
        yield [
            (
                " ".join(words(chance, chance.randint(3, 9))).capitalize(),
                "\f".join(" ".join(words(chance, chance.randint(190, 380))) for _ in range(2)),
            )
            for _ in range(min(_BATCH, documents - begin))
        ]


def put(conn: psycopg.Connection, batch: list[Text], user_id: UUID, workspace_id: UUID) -> None:
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        conn.execute(
            _PUT,
            {
                "workspace_id": workspace_id,
                "user_id": user_id,
                "titles": [title for title, _ in batch],
                "texts": [text for _, text in batch],
            },
        )


if __name__ == "__main__":
    sys.exit(main())
