"""Exports: each file is kept once, of what the cells are now, and nothing follows from it."""

# ruff: noqa: F811

from __future__ import annotations

import pytest

from tests.blueprints.extraction.exported import export, job  # noqa: F401 -- fixtures
from tests.blueprints.extraction.test_table_exports import FIRST, correct
from tests.workers.conftest import due_now
from webapp.clients.storage.contract import StorageError
from webapp.clients.storage.local import LocalStore
from workers import export_tables as module

pytestmark = pytest.mark.long


def kept(owner):
    """The files of exports: name, number of the version, and whether that is the current one."""
    return owner.execute(
        "SELECT document.name, version.number, version.id = document.version_id"
        "  FROM documents AS document JOIN document_versions AS version"
        "    ON version.document_id = document.id"
        " WHERE produced_by_job_id IS NOT NULL ORDER BY 1, 2"
    ).fetchall()


FILES = ["letter table 1.csv", "letter table 2.csv", "letter tables.zip"]
ONCE = [(name, 1, True) for name in FILES]


def shown(client, made):
    return client.get(f"{made.path}/exports").json


def test_files_are_kept_once_and_nothing_follows_from_them(owner, olga, job, export):
    before = owner.execute("SELECT used_bytes FROM quotas").fetchone()
    export()
    assert kept(owner) == ONCE
    queued = "SELECT kind FROM outbox WHERE subject_id NOT IN (%s, %s)"
    assert owner.execute(queued, (job.id, job.document_id)).fetchall() == []
    files = [each for each in shown(olga.client, job)["files"] if each["bytes"]]
    (used,) = owner.execute(
        "SELECT used_bytes FROM quotas WHERE user_id = %s", (olga.id,)
    ).fetchone()
    assert used == before[0] + sum(each["bytes"] for each in files)
    events = owner.execute(
        "SELECT event, count(*), min(actor) FROM events"
        " WHERE entity IN ('document', 'table_export') AND entity_id <> %s"
        " GROUP BY event ORDER BY event",
        (job.document_id,),
    ).fetchall()
    assert [(event, count) for event, count, _ in events] == [
        *(("document.produced", 3), ("table_export.created", 1), ("table_export.ready", 1)),
    ]
    assert events[0][2] == events[2][2] == "worker:export_tables"
    owner.execute("UPDATE table_exports SET status = 'pending'")
    export()
    assert kept(owner) == ONCE


def test_a_correction_makes_a_new_version_only_of_the_files_that_differ(owner, olga, job, export):
    export()
    correct(owner, job, olga)
    assert shown(olga.client, job)["status"] == "pending"
    export()
    assert kept(owner) == [
        *((FILES[0], 1, False), (FILES[0], 2, True), ONCE[1]),
        *((FILES[2], 1, False), (FILES[2], 2, True)),
    ]
    corrected = FIRST.replace(b"-1234.5O", b"8")
    answer = olga.client.get(f"{job.table_path}.csv", headers={"Range": "bytes=0-"}, buffered=True)
    assert (answer.status_code, answer.data) == (206, corrected)
    correct(owner, job, olga, text="-1234.5O")
    owner.execute("DELETE FROM cell_corrections")
    export()
    assert [number for name, number, is_current in kept(owner) if is_current] == [3, 1, 3]
    correct(owner, job, olga, text="-1234.5O")  # as it was read
    export()
    assert [number for name, number, is_current in kept(owner) if is_current] == [3, 1, 3]
    assert shown(olga.client, job)["status"] == "ready"


def test_a_correction_in_the_middle_has_the_files_made_again(
    owner,
    olga,
    job,
    export,
    monkeypatch,
):
    put = LocalStore.put

    def put_and_correct(self, key, chunks):
        put(self, key, chunks)
        monkeypatch.undo()
        correct(owner, job, olga)

    monkeypatch.setattr(LocalStore, "put", put_and_correct)
    export()
    assert shown(olga.client, job)["status"] == "pending"
    due_now(owner)
    export()
    assert shown(olga.client, job)["status"] == "ready"
    assert kept(owner) == ONCE
    assert b"8" in olga.client.get(f"{job.table_path}.csv", buffered=True).data


def test_what_does_not_fit_the_quota_is_said_and_can_be_downloaded_all_the_same(
    owner,
    olga,
    job,
    export,
    worker,
    settings,
):
    owner.execute("UPDATE quotas SET limit_bytes = used_bytes + 40 WHERE user_id = %s", (olga.id,))
    export()
    failed = shown(olga.client, job)
    assert (failed["status"], failed["error_code"]) == ("failed", "quota_exceeded")
    assert owner.execute("SELECT status FROM jobs").fetchall() == [("succeeded",)]
    assert olga.client.get(f"{job.path}/export.zip", buffered=True).status_code == 200
    assert owner.execute("SELECT FROM dead_letters").fetchone() is None
    owner.execute("UPDATE quotas SET limit_bytes = NULL, default_bytes = 100000")
    again = olga.client.post(f"{job.path}/exports/retry")
    assert (again.status_code, again.json["status"], again.json["error"]) == (200, "pending", None)
    export()
    assert shown(olga.client, job)["status"] == "ready"
    assert kept(owner) == ONCE
    doomed = owner.execute("SELECT count(*) FROM objects WHERE status = 'writing'").fetchone()
    assert doomed == (0,)


def test_a_store_that_is_away_is_waited_for(owner, olga, job, export, monkeypatch):
    def away(*_):
        raise StorageError("The store does not answer.")

    monkeypatch.setattr(LocalStore, "put", away)
    for _ in module.export_tables.delays:
        due_now(owner)
        export()
    failed = shown(olga.client, job)
    assert (failed["status"], failed["error_code"]) == ("failed", "unavailable")
    monkeypatch.undo()
    assert module.revive(owner, job.id)
    due_now(owner)
    export()
    assert shown(olga.client, job)["status"] == "ready"


def test_what_its_owner_did_to_an_export_stays(owner, olga, job, export):
    export()
    first, _, archive = [
        each["document_id"] for each in shown(olga.client, job)["files"] if each["document_id"]
    ]
    olga.client.post(f"/api/documents/{first}/discard")
    olga.client.post(f"/api/documents/{archive}/discard")
    olga.client.delete(f"/api/documents/{archive}")
    assert olga.client.get(f"{job.path}/export.zip", buffered=True).status_code == 200
    correct(owner, job, olga)
    export()
    assert olga.client.get(f"/api/documents/{first}").json["status"] == "discarded"
    assert shown(olga.client, job)["status"] == "ready"
    assert [(name, number) for name, number, _ in kept(owner)] == [
        *((FILES[0], 1), (FILES[0], 2), (FILES[1], 1), (FILES[2], 1)),
    ]


def test_exports_go_with_their_document(owner, olga, job, export):
    export()
    olga.client.post(f"/api/documents/{job.document_id}/discard")
    assert olga.client.delete(f"/api/documents/{job.document_id}").status_code == 204
    assert owner.execute("SELECT FROM documents").fetchone() is None
    assert owner.execute("SELECT used_bytes FROM quotas").fetchall() == [(0,)]
    export()


def test_an_export_that_is_read_on_demand_is_not_classified(
    owner,
    olga,
    job,
    export,
    is_ready,
    worker,
):
    from workers.classify_documents import classify_documents

    export()
    olga.client.post("/api/rules", json={"name": "r", "phrases": ["oak"], "category": "Order"})
    path = f"/api/documents/{shown(olga.client, job)['files'][0]['document_id']}"
    assert olga.client.post(f"{path}/reprocess").status_code == 200
    is_ready(path.rpartition("/")[2], "Posts of oak")
    worker(classify_documents).round()
    assert olga.client.get(path).json["category"] == "export"
    assert owner.execute("SELECT FROM outbox WHERE kind = 'classify_documents'").fetchone() is None
