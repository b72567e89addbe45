"""Jobs run a minute: through the outbox with all limits, over the pages of ICDAR 2013.

    python -m benchmarks.extraction.jobs [rounds]

Each file is a document that is ready, and gets a job with an empty configuration. One `coffer
run_jobs --once` with its defaults runs them all, timed from its start to its end.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from benchmarks.databases import migrated_server
from benchmarks.documents.throughput import upload
from benchmarks.installed import PROJECT, Missing, say
from benchmarks.search import prepare
from benchmarks.tables import truth
from sql import queries
from sql.connection import connect
from webapp.clients.storage.choice import store_from

if TYPE_CHECKING:
    from uuid import UUID

PAGES_A_MINUTE: Final = 300


def main() -> int:
    """Returns 1 if the aim is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else 3
    try:
        files = list(truth.files())
    except Missing as missing:
        say(f"Not measured: {missing}.")
        return 0
    seconds = []
    with migrated_server() as url, tempfile.TemporaryDirectory() as folder:
        storage_url = Path(folder).as_uri()
        store = store_from(storage_url)
        store.prepare()
        with psycopg.connect(url, autocommit=True) as conn:
            user_id, workspace_id = prepare(conn)
        with connect(url, "benchmark") as conn:
            for file in files:
                upload(conn, store, file, user_id, workspace_id)
            documents, configuration = make_ready(conn, user_id, workspace_id)
            for _ in range(rounds):
                queries.jobs.create(
                    conn,
                    workspace_id=workspace_id,
                    created_by=user_id,
                    document_ids=documents,
                    configuration_id=configuration,
                    version=1,
                    skip_running=False,
                    skip_done=False,
                )
                seconds.append(run_all(url, storage_url))
                print(*outcomes(conn), flush=True)
            pages = all_pages(conn) // rounds
    return report(len(files), pages, seconds)


def make_ready(conn: Any, user_id: UUID, workspace_id: UUID) -> tuple[list[UUID], UUID]:
    """The documents, as if they had been read, and a configuration."""
    rows = conn.execute("UPDATE documents SET status = 'ready' RETURNING id").fetchall()
    conn.execute("DELETE FROM outbox")
    (configuration,) = conn.execute(
        "INSERT INTO configurations (workspace_id, document_type, version, created_by)"
        " VALUES (%s, 'Report', 1, %s) RETURNING id",
        (workspace_id, user_id),
    ).fetchone()
    return [each for (each,) in rows], configuration


def run_all(url: str, storage_url: str) -> float:
    """How many seconds a worker takes for all jobs."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "workers.run_jobs", "--once"],
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


def outcomes(conn: Any) -> list[str]:
    found = conn.execute("SELECT status, count(*) FROM jobs GROUP BY status ORDER BY status")
    return [f"{status}: {count}" for status, count in found]


def all_pages(conn: Any) -> int:
    """Of all jobs that succeeded."""
    (pages,) = conn.execute("SELECT sum((metrics ->> 'pages')::integer) FROM jobs").fetchone()
    return int(pages or 0)


def report(files: int, pages: int, seconds: list[float]) -> int:
    rates = [pages / each * 60 for each in seconds]
    rate, jobs = statistics.median(rates), files / statistics.median(seconds) * 60
    print(f"\n### {files} jobs, {pages} pages\n\n| jobs a minute | pages a minute |\n|---|---|")
    print(f"| {jobs:,.0f} | {rate:,.0f} ({min(rates):,.0f} to {max(rates):,.0f}) |")
    print(f"\nAim: {PAGES_A_MINUTE} pages a minute.")
    return int(rate < PAGES_A_MINUTE)


if __name__ == "__main__":
    sys.exit(main())
