"""Jobs in real workers, with real children: killed, cancelled, shared by two."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.blueprints.extraction.conftest import configure, ready, upload  # noqa: F401 -- fixtures
from tests.parsing.documents.made_pdf import pdf, text
from tests.processes import BIN, eventually, running

MANY = 40
LINES = tuple(
    (x, y, f"{name} {y}") for y in range(90, 10, -10) for x, name in ((5, "Post"), (105, "Board"))
)


@pytest.fixture
def working(database, settings):
    """Runs a worker for jobs, with a short lease."""
    return lambda: running(
        *(BIN / "coffer", "run-jobs", "--lease", "2s", "--every", "100ms"),
        database=database,
        SECRET_KEY=settings.secret_key,
        STORAGE_URL=settings.storage_url,
    )


def statuses(owner):
    return dict(owner.execute("SELECT status, count(*) FROM jobs GROUP BY status").fetchall())


def descendants(pid):
    """The processes that a process has started, and those that they have."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has just ended
    found = {pid}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def test_two_workers_of_which_one_is_killed_save_everything_once(
    ana,
    ready,  # noqa: F811
    configure,  # noqa: F811
    working,
    owner,
):
    pages = [text(*LINES)] * 20
    documents = [ready(pdf(*pages, info=f"/Title(a {n})"), category="List") for n in range(MANY)]
    configure(documents[0], "List")
    ana.post("/api/jobs/bulk", json={"document_ids": documents})
    with working() as first, working():
        eventually(lambda: statuses(owner).get("succeeded", 0) >= 3)
        assert statuses(owner).get("succeeded") < MANY
        left_behind = descendants(first.pid)
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        eventually(lambda: not [pid for pid in left_behind if Path(f"/proc/{pid}").exists()])
        eventually(lambda: statuses(owner) == {"succeeded": MANY})
    counts = owner.execute(
        "SELECT count(DISTINCT job_id), count(*), count(DISTINCT (job_id, sequence_index)),"
        "       sum(row_count), (SELECT count(*) FROM extracted_rows) FROM extracted_tables"
    ).fetchone()
    tables = sum(each["metrics"]["tables"] for each in ana.get("/api/jobs?limit=100").json["items"])
    assert counts[:3] == (MANY, tables, tables)
    assert counts[3] == counts[4] > 0
    times = dict(owner.execute("SELECT event, count(*) FROM events GROUP BY event"))
    assert times["job.outputs.persisted"] == times["job.succeeded"] == MANY
    assert owner.execute("SELECT FROM dead_letters").fetchone() is None


def test_a_cancelled_job_ends_its_child_and_leaves_nothing(
    ana,
    is_ready,
    configure,  # noqa: F811
    working,
    owner,
):
    content = pdf(*[text(*LINES)] * 2000)
    document = ana.post("/api/documents?name=long.pdf", data=content).json["id"]
    is_ready(document, "A list.")
    asked = {"document_id": document, "configuration_id": configure(document)}
    job = ana.post("/api/jobs", json=asked).headers["Location"]
    queued = "SELECT FROM outbox WHERE kind = 'run_jobs'"
    with working() as process:
        eventually(lambda: (ana.get(job).json["progress"] or {}).get("done", 0) > 0)
        busy = descendants(process.pid)
        assert ana.post(f"{job}/cancel").json["status"] == "cancelled"
        eventually(lambda: owner.execute(queued).fetchone() is None)
        eventually(lambda: descendants(process.pid) < busy)
    assert ana.get(job).json["status"] == "cancelled"
    assert owner.execute("SELECT FROM extracted_tables").fetchone() is None
