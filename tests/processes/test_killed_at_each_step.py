"""kill -9 before each step of what is done with files leaves nothing half there."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.blueprints.extraction import extracted
from tests.blueprints.extraction.conftest import configure, ready, upload  # noqa: F401 -- fixtures
from tests.clients.site import Site
from tests.clients.web.feeds import entry, rss, served
from tests.fakes.replicate import FakeReplicate
from tests.fakes.vendor import running
from tests.people import PASSWORD
from tests.processes import BIN
from tests.workers.conftest import due_now
from tests.workers.tokens.conftest import season  # noqa: F401 -- a fixture
from tests.workers.tokens.studio import kind_at
from webapp.clients.storage.choice import store_from
from workers.classify_documents import classify_documents
from workers.delete_objects import delete_objects
from workers.expire_objects import expire_objects
from workers.export_tables import export_tables
from workers.purge_documents import purge_documents
from workers.read_documents import read_documents
from workers.run_deletions import run_deletions
from workers.run_jobs import run_jobs

ROOT = Path(__file__).parent.parent.parent
# More steps than anything here takes, so that a loop ends.
MOST_STEPS = 300


@pytest.fixture
def store(settings):
    """The store, emptied."""
    made = store_from(settings.storage_url)
    made.prepare()
    made.delete([stored.key for stored in made.objects()])
    return made


@pytest.fixture
def walk(database, settings):
    """Does a thing repeatedly, killed one step later each time, until it comes to its end."""
    begun = []

    def steps(thing, **environment):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.mortal", thing],
            cwd=ROOT,
            env={
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "COFFER_ENV": "development",
                "DATABASE_URL": database.url,
                "STORAGE_URL": settings.storage_url,
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        begun.append(process)
        for step in itertools.count(1):
            assert step < MOST_STEPS
            process.stdin.write(f"{step}\n")
            process.stdin.flush()
            while (answer := process.stdout.readline().strip()) not in ("killed", "done"):
                assert answer, "it ended"  # anything else is a line of its log
            yield step
            if answer == "done":
                return

    yield steps
    for process in begun:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def everything_fits(owner, store):
    """Each document has its bytes, each object its row, each quota is the sum of its objects."""
    without_bytes = owner.execute(
        "SELECT document.id"
        "  FROM documents AS document"
        "  JOIN document_versions AS version ON version.document_id = document.id"
        "  JOIN objects AS object ON object.id = version.object_id"
        " WHERE object.status <> 'stored'"
    ).fetchall()
    assert without_bytes == []
    kept = owner.execute("SELECT key FROM objects ORDER BY key").fetchall()
    assert [(stored.key,) for stored in store.objects()] == kept
    counted = owner.execute(
        "SELECT used_bytes,"
        "       (SELECT coalesce(sum(bytes), 0) FROM objects"
        "         WHERE objects.user_id = quotas.user_id AND status <> 'doomed' AND is_charged)"
        "  FROM quotas"
    ).fetchall()
    assert all(used == is_right for used, is_right in counted)


@pytest.fixture
def clean(owner, worker):
    """Does what the schedules do within the hour."""
    expire, delete = worker(expire_objects).round, worker(delete_objects).round

    def run():
        owner.execute("UPDATE objects SET expires_at = now() WHERE status = 'writing'")
        owner.execute(
            "INSERT INTO outbox (kind, subject_id) VALUES ('expire_objects', gen_random_uuid())"
        )
        due_now(owner)
        expire()
        delete()

    return run


def test_an_upload_is_there_or_not(ana, owner, store, walk, clean):
    ana.get("/api/quota")  # creates the user
    there = []
    for _ in walk("upload"):
        clean()
        everything_fits(owner, store)
        (documents,) = owner.execute("SELECT count(*) FROM documents").fetchone()
        there.append(documents)
    assert len(there) > 10
    # It is there once the commit is done: killed before that, nothing is.
    assert there[0] == 0
    assert there[-1] >= 1
    assert there == sorted(there)
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (there[-1],)


def test_a_reading_and_its_classification_are_done_once(ana, owner, store, walk, worker):
    read = worker(read_documents, classify_documents).round
    ana.post("/api/rules", json={"name": "r", "phrases": ["oak"], "category": "Order"})
    answer = ana.post(
        "/api/documents?name=a.txt", data=b"The oak posts.", content_type="text/plain"
    )
    path = f"/api/documents/{answer.json['id']}"
    for _ in walk("read"):
        due_now(owner)
        while owner.execute("SELECT FROM outbox").fetchone() is not None:
            due_now(owner)
            read()
        everything_fits(owner, store)
        found = ana.get(path).json
        assert (found["status"], found["error"], found["pages"]) == ("ready", None, 1)
        assert found["category"] == "Order"
        assert ana.get(f"{path}/text").json["text"].strip() == "The oak posts."
        times = dict(owner.execute("SELECT event, count(*) FROM events GROUP BY event"))
        assert times["document.classified"] == times["document.read"]
        assert owner.execute("SELECT count(*) FROM document_texts").fetchone() == (1,)
        assert owner.execute("SELECT FROM dead_letters").fetchone() is None
        assert ana.post(f"{path}/reprocess").status_code == 200


def test_what_a_job_extracts_is_saved_once(
    ana,
    owner,
    walk,
    worker,
    ready,  # noqa: F811
    configure,  # noqa: F811
):
    run = worker(run_jobs).round
    document = ready(b"Post,Length\nOak,2.50\n", name="posts.csv", category="Order")
    configure(document, "Order")
    begun = []
    for _ in walk("extract"):
        while owner.execute("SELECT FROM outbox WHERE kind = 'run_jobs'").fetchone() is not None:
            due_now(owner)
            run()
        found = [ana.get(path).json for path in begun]
        assert all(each["status"] == "succeeded" for each in found)
        assert all(each["metrics"]["rows"] == 1 for each in found)
        saved = owner.execute(
            "SELECT count(*), count(DISTINCT job_id), sum(row_count) FROM extracted_tables"
        ).fetchone()
        assert saved == (len(begun), len(begun), len(begun) or None)
        times = dict(owner.execute("SELECT event, count(*) FROM events GROUP BY event"))
        for event in ("job.outputs.persisted", "job.succeeded"):
            assert times.get(event, 0) == len(begun)
        assert owner.execute("SELECT FROM dead_letters").fetchone() is None
        begun.append(ana.post("/api/jobs", json={"document_id": document}).headers["Location"])
    assert len(begun) > 5


def test_a_picture_is_paid_for_once(season, owner, walk, worker):  # noqa: F811
    taken = SimpleNamespace(checked=lambda data: data, close=lambda: None)
    with running(FakeReplicate()) as service:
        finish = worker(kind_at(service, taken)).round
        for _ in walk("picture", REPLICATE_AT=service.base):
            while owner.execute("SELECT 1 FROM outbox WHERE kind = 'generate_images'").fetchone():
                # What the child has left undone, once nothing of it can be under way any more.
                owner.execute(
                    "UPDATE image_generation_jobs SET asked_at = asked_at - interval '1 minute'"
                )
                due_now(owner)
                finish()
            assert len(service.predictions) == len(season.minted)
            assert set(season.statuses()) <= {"uploading"}
            owner.execute("DELETE FROM outbox")
            season.mint()
    assert len(season.minted) > 15
    (spent,) = owner.execute("SELECT images FROM spend WHERE author_id IS NULL").fetchone()
    assert spent == len(service.predictions)
    assert owner.execute("SELECT FROM dead_letters").fetchone() is None


def test_a_purge_leaves_nothing(ana, owner, store, walk, worker):
    rounds = [worker(kind).round for kind in (purge_documents, delete_objects)]
    for step in walk("purge"):
        for each in rounds:  # what the child has left undone
            due_now(owner)
            each()
        if step > 1:
            everything_fits(owner, store)
            assert owner.execute("SELECT FROM documents").fetchone() is None
            assert owner.execute("SELECT FROM objects").fetchone() is None
            assert owner.execute("SELECT used_bytes FROM quotas").fetchall() == [(0,)]
        answer = ana.post(
            f"/api/documents?name={step}.txt", data=b"The oak.", content_type="text/plain"
        )
        ana.post(f"/api/documents/{answer.json['id']}/discard")
        owner.execute("UPDATE documents SET updated_at = now() - interval '1 year'")
        owner.execute("DELETE FROM outbox")
        owner.execute(
            "INSERT INTO outbox (kind, subject_id) VALUES ('purge_documents', gen_random_uuid())"
        )


def test_a_deletion_of_a_workspace_leaves_nothing_and_counts_everything_once(
    olga, people, owner, store, walk, worker
):
    rounds = [worker(kind).round for kind in (run_deletions, delete_objects)]
    deletion = None
    for _ in walk("delete"):
        if deletion is not None:
            while owner.execute("SELECT FROM outbox").fetchone() is not None:
                for each in rounds:  # what the child has left undone
                    due_now(owner)
                    each()
            everything_fits(owner, store)
            assert owner.execute("SELECT FROM objects").fetchone() is None
            assert owner.execute("SELECT used_bytes FROM quotas").fetchall() == [(0,)]
            done = olga.client.get(deletion).json
            counted = [done["removed"][name] for name in ("documents", "members", "workspaces")]
            assert (done["status"], counted) == ("done", [2, 1, 1])
            assert owner.execute(
                "SELECT count(*) FROM audit_log"
                " WHERE action = 'workspace.deleted' AND workspace_id = %s",
                (done["workspace_id"],),
            ).fetchone() == (1,)
        workspace_id = people.workspace(olga)
        for number in range(2):
            answer = olga.client.post(
                f"/api/documents?name={number}.txt",
                data=f"The oak {number}.".encode(),
                content_type="text/plain",
                headers={"X-Workspace-Id": str(workspace_id)},
            )
            assert answer.status_code == 201
        owner.execute("DELETE FROM outbox")
        answer = olga.client.post(
            f"/api/workspaces/{workspace_id}/deletion",
            json={"name": "Team", "password": PASSWORD},
        )
        deletion = answer.headers["Location"]
        owner.execute("UPDATE deletions SET due_at = now() WHERE status = 'scheduled'")
        owner.execute("DELETE FROM outbox WHERE kind <> 'run_deletions'")
        due_now(owner)


def test_an_export_keeps_each_file_once(ana, owner, store, walk, clean, worker):
    export = worker(export_tables).round
    document = ana.post("/api/documents?name=a.txt", data=b"Oak.", content_type="text/plain").json
    made = []
    for _ in walk("export"):
        owner.execute("DELETE FROM outbox WHERE kind <> 'export_tables'")
        while owner.execute("SELECT 1 FROM outbox WHERE kind = 'export_tables'").fetchone():
            due_now(owner)  # what the child has left undone
            export()
        clean()
        everything_fits(owner, store)
        if made:
            exported = ana.get(f"/api/jobs/{made[-1]}/exports").json
            kept = [each["name"] for each in exported["files"] if each["document_id"]]
            assert (exported["status"], kept) == ("ready", ["a table 1.csv", "a tables.zip"])
        produced = owner.execute("SELECT count(*) FROM documents WHERE category = 'export'")
        assert produced.fetchone() == (2 * len(made),)
        made.append(extracted.job(owner, document["id"]))
        extracted.table(owner, made[-1], {"Item": "text"}, ["Oak"])
        extracted.succeed(owner, made[-1])
    assert len(made) > 20


def test_each_entry_of_a_feed_becomes_one_item(ana, owner, walk):
    rule = {"name": "Tag", "applies_to": "items", "phrases": ["post"], "tags": ["post"]}
    ana.post("/api/rules", json=rule)
    there = []
    with Site() as site:
        site.pages["/feed"] = served(rss(*map(entry, range(5))))
        ana.post("/api/feeds", json={"url": site.url("/feed"), "tags": ["news"]})
        for _ in walk("feed", FETCH_ALLOW_LOOPBACK="true"):
            due_now(owner)
            owner.execute("UPDATE outbox SET attempts = 0, cut_off = 0")
            there.append(
                owner.execute(
                    "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM feed_entries),"
                    " (SELECT count(*) FROM item_tags), (SELECT count(*) FROM item_rulings)"
                ).fetchone()
            )
    assert len(there) > 10
    assert set(there) == {(0, 0, 0, 0), (5, 5, 10, 5)}
    assert there == sorted(there)
