"""What appears in a watched folder becomes a document, once."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.webdav_server import PASSWORD
from tests.workers.conftest import due_now
from workers.run_transfers import run_transfers
from workers.scan_watches import EVERY, scan_watches


@pytest.fixture
def path(ana, connect):
    return connect(ana).headers["Location"]


@pytest.fixture
def watch(ana, path):
    """Watches a folder of the drive; gives the watch."""

    def do(where="", **more):
        made = ana.post(f"{path}/watches", json={"path": where} | more)
        assert made.status_code == 201, made.json
        return made.json

    return do


@pytest.fixture
def scan(worker, owner):
    """Scans, and fetches what was found."""
    scanner, fetcher = worker(scan_watches), worker(run_transfers)

    def do():
        due_now(owner)
        scanner.round()
        fetcher.round()

    return do


@pytest.fixture
def put(cloud):
    """Puts a file there that was completed an hour ago, or just now."""

    def do(name, content, *, just_now=False):
        cloud.put(name, content)
        if not just_now:
            then = time.time() - 3600
            os.utime(cloud.path / name, (then, then))

    return do


def names(ana):
    return sorted(each["name"] for each in ana.get("/api/documents").json["items"])


def only(ana, path):
    (found,) = ana.get(f"{path}/watches").json["items"]
    return found


@pytest.mark.long
def test_what_is_there_and_what_appears_becomes_a_document_once(ana, path, watch, scan, put, cloud):
    folder = ana.post("/api/folders", json={"name": "Scans"}).json["id"]
    (cloud.path / "a folder").mkdir()
    put("a.pdf", pdf("a"))
    watch(folder_id=folder)
    scan()
    assert names(ana) == ["a.pdf"]
    put("b.pdf", pdf("b"))
    scan()
    scan()
    assert names(ana) == ["a.pdf", "b.pdf"]
    documents = ana.get(f"/api/documents?folder_id={folder}").json["items"]
    assert len(documents) == 2
    found = only(ana, path)
    assert found["last_scanned_at"]
    assert found["last_error"] is None
    assert len(ana.get(f"{path}/transfers").json["items"]) == 2


@pytest.mark.long
def test_a_file_that_is_still_arriving_is_taken_when_it_is_complete(ana, watch, scan, put):
    put("a.pdf", pdf("begin"), just_now=True)
    watch()
    scan()
    put("a.pdf", pdf("begin, and more"), just_now=True)
    scan()
    assert names(ana) == []
    scan()
    assert names(ana) == ["a.pdf"]
    scan()
    assert names(ana) == ["a.pdf"]


def versions(ana, document):
    found = ana.get(f"/api/documents/{document}/versions").json["items"]
    return [each["sha256"] for each in reversed(found)]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.long
def test_a_changed_file_is_a_version_of_its_document(ana, path, watch, scan, put, cloud):
    # Of different lengths: the server's etags have whole seconds.
    one, two, three = pdf("one"), pdf("a second one"), pdf("three of them by now")
    put("a.pdf", one)
    watch()
    scan()
    put("copy.pdf", one)  # after it: of two that are fetched together, either may be the document
    scan()
    (document,) = (each["id"] for each in ana.get("/api/documents").json["items"])
    put("a.pdf", two)
    scan()
    assert versions(ana, document) == [sha256(one), sha256(two)]
    assert ana.get(f"/api/documents/{document}").json["status"] == "processing"
    newest = ana.get(f"{path}/transfers?limit=1").json["items"][0]
    assert (newest["document_id"], newest["is_duplicate"]) == (document, False)
    # Only one of two files with the same content is the document: the other becomes its own.
    put("copy.pdf", three)
    scan()
    assert versions(ana, document) == [sha256(one), sha256(two)]
    assert names(ana) == ["a.pdf", "copy.pdf"]
    # Without an id of the drive's, a renamed file is known by its content.
    (cloud.path / "a.pdf").rename(cloud.path / "renamed.pdf")
    scan()
    put("renamed.pdf", one)
    scan()
    assert versions(ana, document) == [sha256(one), sha256(two), sha256(one)]
    assert len(names(ana)) == 2


@pytest.mark.long
def test_what_was_removed_here_is_not_brought_back(ana, path, watch, scan, put, cloud, owner):
    put("a.pdf", pdf("a"))
    put("b.pdf", pdf("b"))
    watch()
    scan()
    found = ana.get("/api/documents").json["items"]
    a, b = (each["id"] for each in sorted(found, key=lambda each: each["name"]))
    for document in (a, b):
        assert ana.post(f"/api/documents/{document}/discard").status_code == 200
    owner.execute("DELETE FROM documents WHERE id = %s", (b,))
    put("a.pdf", pdf("a changed"))
    put("b.pdf", pdf("b changed"))
    cloud.put("again.pdf", pdf("a"))
    scan()
    scan()
    assert names(ana) == []
    newest = ana.get(f"{path}/transfers?limit=1").json["items"][0]
    assert (newest["status"], newest["error_code"]) == ("failed", "document_gone")
    # What is restored here goes on being the file's document.
    ana.post(f"/api/documents/{a}/restore")
    scan()
    assert versions(ana, a) == [sha256(pdf("a")), sha256(pdf("a changed"))]


@pytest.mark.long
def test_a_document_that_is_removed_while_its_file_is_fetched_stays_removed(
    ana, path, watch, put, worker, owner
):
    put("a.pdf", pdf("a"))
    watch()
    scanner, fetcher = worker(scan_watches), worker(run_transfers)
    scanner.round()
    fetcher.round()
    (document,) = (each["id"] for each in ana.get("/api/documents").json["items"])
    put("a.pdf", pdf("changed"))
    due_now(owner)
    scanner.round()
    ana.post(f"/api/documents/{document}/discard")
    fetcher.round()
    newest = ana.get(f"{path}/transfers?limit=1").json["items"][0]
    assert (newest["status"], newest["error_code"]) == ("failed", "document_gone")
    assert owner.execute("SELECT count(*) FROM objects WHERE status = 'stored'").fetchone() == (1,)


@pytest.mark.long
def test_what_is_deleted_there_stays_here(ana, watch, scan, put, cloud):
    put("a.pdf", pdf("a"))
    watch()
    scan()
    (cloud.path / "a.pdf").unlink()
    scan()
    assert names(ana) == ["a.pdf"]


@pytest.mark.long
def test_a_drive_that_is_away_is_asked_later_and_later(ana, path, watch, scan, put, owner, cloud):
    put("a.pdf", pdf("a"))
    watch()
    owner.execute("UPDATE connections SET base_url = 'http://127.0.0.1:9/dav'")
    waits = []
    for _ in range(8):
        scan()
        (wait,) = owner.execute(
            "SELECT ceil(extract(epoch FROM run_after - now()) / 60)::int * 60 FROM outbox"
        ).fetchone()
        waits.append(wait)
    assert waits == sorted(waits)
    assert EVERY < waits[0] < 3 * EVERY
    assert waits[-1] <= 6 * 3600
    found = only(ana, path)
    assert (found["status"], found["last_scanned_at"]) == ("watching", None)
    assert "does not answer" in found["last_error"]
    owner.execute("UPDATE connections SET base_url = %s", (cloud.url,))
    scan()
    assert names(ana) == ["a.pdf"]
    assert only(ana, path)["last_error"] is None


@pytest.mark.long
def test_a_folder_that_is_gone_is_reported(ana, path, watch, scan):
    watch("nowhere")
    scan()
    assert "no such" in only(ana, path)["last_error"]


@pytest.mark.long
def test_a_broken_connection_pauses_its_watches_and_says_so_until_it_works_again(
    ana, path, watch, scan, put, cloud, owner
):
    (cloud.path / "inner").mkdir()
    one = watch()
    watch("inner")
    scan()
    with cloud.server.locked():
        scan()
        assert ana.get(path).json["status"] == "broken"
        for each in ana.get(f"{path}/watches").json["items"]:
            assert each["status"] == "paused"
            assert each["last_error"]
        scan()
        assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    put("a.pdf", pdf("a"))
    put("inner/b.pdf", pdf("b"))
    assert ana.patch(path, json={"password": PASSWORD}).status_code == 200
    scan()
    assert names(ana) == ["a.pdf", "b.pdf"]
    events = [each["event"] for each in ana.get(f"/api/watches/{one['id']}/events").json["items"]]
    assert events == ["watch.created", "watch.paused", "watch.resumed"]


@pytest.mark.long
def test_a_watch_that_was_removed_scans_no_more(ana, path, watch, scan, put, owner):
    made = watch()
    put("a.pdf", pdf("a"))
    ana.delete(f"/api/watches/{made['id']}")
    scan()
    assert names(ana) == []
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
