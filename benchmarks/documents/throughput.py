"""Documents read a minute: through the outbox with all limits, and by a new process for each.

    python -m benchmarks.documents.throughput [rounds]

The files are the samples of all kinds, each uploaded once and read by one `coffer read_documents
--once` with its defaults, timed from its start to its end. The other way reads the same files with
the same readers, each in a new Python process, as many at once as there are processors. Neither
has a program for OCR.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.databases import migrated_server
from benchmarks.documents import samples
from benchmarks.installed import PROJECT, Missing, say
from benchmarks.search import prepare
from sql import queries
from sql.connection import connect
from webapp.clients.storage.choice import store_from
from webapp.identity.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.clients.storage.contract import Store

A_MINUTE: Final = 800
QUICKER: Final = 3.0

_ALONE: Final = """
import sys
from pathlib import Path
from webapp.parsing.documents.dispatch import read_document
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.reading import Reading
from webapp.parsing.documents.source import Source
path = Path(sys.argv[1])
try:
    read_document(Source(path.read_bytes()), path.name, Reading())
except DocumentError:
    pass
"""


def main() -> int:
    """Returns 1 if an aim is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else 3
    try:
        files = samples.with_true_endings() + samples.pdfs()
    except Missing as missing:
        say(f"Not measured: {missing}.")
        return 0
    taken: dict[str, list[float]] = {"Coffer": [], "a process each": []}
    with migrated_server() as url, tempfile.TemporaryDirectory() as folder:
        storage_url = Path(folder).as_uri()
        store = store_from(storage_url)
        store.prepare()
        with psycopg.connect(url, autocommit=True) as conn:
            user_id, workspace_id = prepare(conn)
        for _ in range(rounds):
            with connect(url, "benchmark") as conn:
                for file in files:
                    upload(conn, store, file, user_id, workspace_id)
            taken["Coffer"].append(len(files) / through_the_outbox(url, storage_url) * 60)
            taken["a process each"].append(len(files) / alone(files) * 60)
            with psycopg.connect(url, autocommit=True) as conn:
                print(*statuses(conn), flush=True)
    return report(len(files), taken)


def upload(conn: Any, store: Store, file: Path, user_id: UUID, workspace_id: UUID) -> None:
    """Upload a file as the web does it, without HTTP."""
    content, document_id = file.read_bytes(), new_id()
    mine = {"workspace_id": workspace_id}
    place = queries.objects.reserve(
        conn,
        **mine,
        user_id=user_id,
        document_id=document_id,
        ending=file.suffix,
        bytes=len(content),
        default_bytes=10_000_000_000,
        is_charged=True,
        time=timedelta(hours=1),
    )
    store.put(place["key"], [content])
    digest = sha256(content).digest()
    queries.objects.store(conn, id=place["id"], bytes=len(content), sha256=digest)
    queries.documents.create(
        conn,
        **mine,
        id=document_id,
        object_id=place["id"],
        created_by=user_id,
        media_type=None,
        kind=None,
        bytes=len(content),
        sha256=digest,
        name=file.name,
        title=None,
        category=None,
        folder_id=None,
        metadata=Jsonb({}),
        expires_at=None,
    )


def through_the_outbox(url: str, storage_url: str) -> float:
    """How many seconds a worker takes to read everything."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "workers.read_documents", "--once"],
        cwd=PROJECT,
        env={
            "COFFER_ENV": "development",
            "DATABASE_URL": url,
            "STORAGE_URL": storage_url,
            "PATH": str(Path(sys.executable).parent),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - began


def alone(files: list[Path]) -> float:
    """How many seconds the files take with a new process for each."""

    def read(file: Path) -> None:
        subprocess.run(
            [sys.executable, "-c", _ALONE, file],
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=120,
        )

    began = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(read, files))
    return time.monotonic() - began


def statuses(conn: psycopg.Connection) -> list[str]:
    found = conn.execute("SELECT status, count(*) FROM documents GROUP BY status ORDER BY status")
    return [f"{status}: {count}" for status, count in found]


def report(files: int, taken: dict[str, list[float]]) -> int:
    print(f"\n### {files} documents read, a minute\n\n|  | documents a minute |\n|---|---|")
    for name, rates in taken.items():
        print(
            f"| {name} | {statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) |"
        )
    ratios = [ours / other for ours, other in zip(*taken.values(), strict=True)]
    rate, ratio = statistics.median(taken["Coffer"]), statistics.median(ratios)
    print(f"\n{ratio:.1f} times a process each. Aims: {A_MINUTE} a minute, {QUICKER} times.")
    return int(rate < A_MINUTE or ratio < QUICKER)


if __name__ == "__main__":
    sys.exit(main())
