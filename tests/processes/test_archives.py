"""kill -9 before each step of what is done with archives leaves nothing half there or doubled."""

# ruff: noqa: F811

from __future__ import annotations

import io
import zipfile

from tests.archives.account import post, upload
from tests.processes.test_killed_at_each_step import (  # noqa: F401 -- fixtures
    clean,
    everything_fits,
    store,
    walk,
)
from tests.workers.conftest import due_now
from workers.read_archives import read_archives
from workers.write_archives import write_archives


def small_account(person):
    folder = post(person, "folders", {"name": "Bills"})["id"]
    post(person, "folders", {"name": "2026", "parent_id": folder})
    document = upload(person, b"A letter about oak.", "a.txt")["id"]
    for number in range(3):
        note = {"source_type": "note", "raw_text": f"{number}", "enrich": False, "tags": ["oak"]}
        post(person, "items", note | {"document_id": document})
    post(person, "me/tasks", {"title": "a task"})


def finish(owner, running, kind):
    left = "SELECT 1 FROM outbox WHERE kind = %s"
    while owner.execute(left, (kind,)).fetchone():
        due_now(owner)  # what the child has left undone
        running.round()


def test_an_archive_is_written_once(people, olga, owner, store, walk, clean, worker):
    small_account(olga)
    running = worker(write_archives)
    made = []
    for _ in walk("archive"):
        owner.execute("DELETE FROM outbox WHERE kind = 'read_documents'")
        finish(owner, running, "write_archives")
        clean()
        everything_fits(owner, store)
        made = olga.client.get("/api/archives", query_string={"limit": 100}).json["items"]
        assert {each["status"] for each in made} <= {"ready", "expired"}
        if made:
            got = olga.client.get(f"/api/archives/{made[0]['id']}/download", buffered=True)
            with zipfile.ZipFile(io.BytesIO(got.data)) as archive:
                assert archive.testzip() is None
                assert len(archive.read("items.jsonl").splitlines()) == 3
        post(olga, "archives")
    assert len(made) > 20


def test_each_row_is_put_back_once(people, olga, owner, store, walk, clean, worker):
    small_account(olga)
    post(olga, "archives")
    finish(owner, worker(write_archives), "write_archives")
    made = olga.client.get("/api/archives").json["items"][0]
    archive = olga.client.get(f"/api/archives/{made['id']}/download", buffered=True).data
    running = worker(read_archives)
    steps, begun = 0, None
    for steps in walk("restore"):
        owner.execute("DELETE FROM outbox WHERE kind = 'read_documents'")
        finish(owner, running, "read_archives")
        clean()
        everything_fits(owner, store)
        if begun is not None:
            person, path = begun
            done = person.client.get(path).json
            assert (done["status"], done["added"], done["duplicates"]) == ("completed", 9, 0), done
            counted = owner.execute(
                "SELECT (SELECT count(*) FROM items WHERE workspace_id = %(of)s),"
                " (SELECT count(*) FROM documents WHERE workspace_id = %(of)s),"
                " (SELECT count(*) FROM folders WHERE workspace_id = %(of)s)",
                {"of": person.workspace_id},
            ).fetchone()
            assert counted == (3, 1, 2)
        person = people.person(f"number-{steps}")
        answer = person.client.post(
            "/api/imports/archive", data=archive, content_type="application/zip"
        )
        assert answer.status_code == 201
        begun = (person, answer.headers["Location"])
    assert steps > 40
