"""Files become documents, and documents become files, once, whatever happens in between."""

from __future__ import annotations

import psycopg
import pytest

from tests.blueprints.documents.conftest import pdf
from tests.workers.conftest import due_now
from webapp.clients.storage.choice import store_from
from webapp.clients.storage.contract import StorageError
from workers.delete_objects import delete_objects
from workers.expire_transfers import expire_transfers
from workers.run_transfers import run_transfers

LETTER = pdf("letter")


@pytest.fixture
def path(ana, connect):
    return connect(ana).headers["Location"]


@pytest.fixture
def run(worker):
    return worker(run_transfers).round


@pytest.fixture
def fetch(ana, path, run):
    """Imports files in one round; gives the transfers."""

    def do(*paths, **more):
        begun = ana.post(f"{path}/import", json={"paths": paths} | more)
        assert begun.status_code == 202, begun.json
        run()
        return [ana.get(f"/api/transfers/{each['id']}").json for each in begun.json["items"]]

    return do


@pytest.fixture
def send(ana, path, run):
    """Exports documents in one round; gives the transfers."""

    def do(*documents, folder=""):
        body = {"document_ids": [each["id"] for each in documents], "path": folder}
        begun = ana.post(f"{path}/export", json=body)
        assert begun.status_code == 202, begun.json
        run()
        return [ana.get(f"/api/transfers/{each['id']}").json for each in begun.json["items"]]

    return do


def objects(owner):
    return owner.execute("SELECT status, bytes FROM objects ORDER BY id").fetchall()


@pytest.mark.long
def test_a_file_becomes_a_document_like_any_other(ana, fetch, cloud, owner, path):
    folder = ana.post("/api/folders", json={"name": "Scans"}).json
    cloud.put("Brief, 3. März.pdf", LETTER)
    (transfer,) = fetch("Brief, 3. März.pdf", folder_id=folder["id"])
    assert (transfer["status"], transfer["is_duplicate"]) == ("completed", False)
    assert transfer["bytes"] == len(LETTER)
    document = ana.get(f"/api/documents/{transfer['document_id']}").json
    assert document["name"] == "Brief, 3. März.pdf"
    assert (document["status"], document["folder_id"]) == ("processing", folder["id"])
    assert document["media_type"] == "application/pdf"
    assert ana.get(f"/api/documents/{document['id']}/download", buffered=True).data == LETTER
    assert ana.get("/api/quota").json["used_bytes"] == len(LETTER)
    assert ana.get(path).json["last_synced_at"]
    assert objects(owner) == [("stored", len(LETTER))]
    queued = owner.execute("SELECT kind, subject_id::text FROM outbox").fetchall()
    assert queued == [("read_documents", document["id"])]


@pytest.mark.long
def test_a_file_that_is_there_already_is_no_second_document(ana, fetch, cloud, upload, worker):
    document = upload(ana, LETTER).json
    cloud.put("a.pdf", LETTER)
    cloud.put("b.pdf", LETTER)
    transfers = fetch("a.pdf", "b.pdf")
    assert {each["document_id"] for each in transfers} == {document["id"]}
    assert all(each["is_duplicate"] for each in transfers)
    assert len(ana.get("/api/documents").json["items"]) == 1
    assert ana.get("/api/quota").json["used_bytes"] == len(LETTER)


@pytest.mark.long
def test_two_equal_files_of_one_round_are_one_document(ana, fetch, cloud, worker, owner):
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        cloud.put(name, LETTER)
    transfers = fetch("a.pdf", "b.pdf", "c.pdf")
    assert sorted(each["is_duplicate"] for each in transfers) == [False, True, True]
    assert len(ana.get("/api/documents").json["items"]) == 1
    worker(delete_objects).round()
    assert objects(owner) == [("stored", len(LETTER))]


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("nowhere.pdf", None, "not_found"),
        ("empty.txt", b"", "empty_file"),
        ("program.bin", b"\x7fELF\x02\x01\x01" + bytes(100), "unsupported_media_type"),
    ],
)
def test_what_cannot_be_a_document_fails_for_a_reason_and_leaves_nothing(
    ana, fetch, cloud, owner, name, content, code
):
    if content is not None:
        cloud.put(name, content)
    (transfer,) = fetch(name)
    assert (transfer["status"], transfer["error_code"]) == ("failed", code)
    assert transfer["error"]
    assert objects(owner) == []
    assert ana.get("/api/quota").json["used_bytes"] == 0
    assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)


@pytest.mark.long
def test_a_file_beyond_the_quota_or_the_limit_is_refused_before_it_is_fetched(
    ana, fetch, cloud, owner, settings
):
    cloud.put("a.pdf", LETTER)
    ana.get("/api/quota")
    owner.execute(
        "INSERT INTO quotas (user_id, default_bytes, limit_bytes)"
        " SELECT id, 0, 10 FROM users WHERE handle = 'ana'"
    )
    (transfer,) = fetch("a.pdf")
    assert (transfer["status"], transfer["error_code"]) == ("failed", "quota_exceeded")
    assert objects(owner) == []
    with (cloud.path / "large.pdf").open("wb") as file:
        file.truncate(settings.document_max_bytes + 1)
    (transfer,) = fetch("large.pdf")
    assert transfer["error_code"] == "body_too_large"


@pytest.mark.long
def test_a_failed_transfer_is_run_again_when_asked(ana, fetch, cloud, run):
    (transfer,) = fetch("late.pdf")
    cloud.put("late.pdf", LETTER)
    assert ana.post(f"/api/transfers/{transfer['id']}/retry").json["status"] == "waiting"
    run()
    assert ana.get(f"/api/transfers/{transfer['id']}").json["status"] == "completed"


@pytest.mark.long
def test_a_drive_that_is_away_is_asked_again_later(ana, fetch, cloud, owner, run):
    cloud.put("a.pdf", LETTER)
    owner.execute("UPDATE connections SET base_url = 'http://127.0.0.1:9/dav'")
    (transfer,) = fetch("a.pdf")
    assert transfer["status"] == "waiting"
    owner.execute("UPDATE connections SET base_url = %s", (cloud.url,))
    due_now(owner)
    run()
    assert ana.get(f"/api/transfers/{transfer['id']}").json["status"] == "completed"


@pytest.mark.long
def test_a_password_that_is_not_accepted_breaks_the_connection_and_is_not_tried_again(
    ana, fetch, cloud, path, owner
):
    with cloud.server.locked():
        one, two = fetch("a.pdf", "b.pdf")
        (three,) = fetch("c.pdf")
    assert {each["status"] for each in (one, two, three)} == {"failed"}
    assert {each["error_code"] for each in (one, two, three)} == {"credentials"}
    assert ana.get(path).json["status"] == "broken"
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events == ["connection.created", "connection.broken"]
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


@pytest.mark.long
@pytest.mark.parametrize(
    "end",
    [
        "UPDATE users SET disabled_at = now()",
        "UPDATE members SET role = 'viewer' WHERE role = 'member'",
    ],
)
def test_nothing_is_fetched_for_somebody_who_may_no_longer(people, connect, cloud, run, owner, end):
    olga, max_ = people.person("olga"), people.person("max")
    shared = people.workspace(olga, member=max_)
    max_.client.environ_base["HTTP_X_WORKSPACE_ID"] = str(shared)
    cloud.put("a.pdf", LETTER)
    path = connect(max_.client).headers["Location"]
    max_.client.post(f"{path}/import", json={"paths": ["a.pdf"]})
    owner.execute(end)
    run()
    ended = owner.execute("SELECT status, error_code FROM transfers").fetchall()
    assert ended == [("failed", "not_permitted")]
    assert objects(owner) == []


@pytest.mark.long
def test_a_cancelled_transfer_makes_no_document(ana, path, run, cloud, owner):
    cloud.put("a.pdf", LETTER)
    (begun,) = ana.post(f"{path}/import", json={"paths": ["a.pdf"]}).json["items"]
    owner.execute("UPDATE transfers SET status = 'cancelled', ended_at = now()")
    run()
    assert ana.get("/api/documents").json["items"] == []
    assert ana.get(f"/api/transfers/{begun['id']}").json["status"] == "cancelled"


@pytest.mark.long
def test_a_worker_that_dies_before_it_writes_loses_and_doubles_nothing(
    ana, path, run, cloud, owner, monkeypatch
):
    cloud.put("a.pdf", LETTER)
    ana.post(f"{path}/import", json={"paths": ["a.pdf"]})

    def die(*_, **__):
        raise psycopg.OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("workers.run_transfers.keep", die)
        run()
    assert ana.get("/api/documents").json["items"] == []
    due_now(owner)
    run()
    assert len(ana.get("/api/documents").json["items"]) == 1
    assert [status for status, _ in objects(owner)].count("stored") == 1


@pytest.mark.long
def test_documents_become_files(ana, send, cloud, upload):
    (cloud.path / "out").mkdir()
    one = upload(ana, LETTER, "letter.pdf").json
    two = upload(ana, pdf("two")).json
    ana.patch(f"/api/documents/{two['id']}", json={"name": 'odd: "name"?.pdf'})
    transfers = send(one, two, folder="out")
    assert [each["status"] for each in transfers] == ["completed"] * 2
    assert [each["is_duplicate"] for each in transfers] == [False, False]
    assert sorted(each.name for each in (cloud.path / "out").iterdir()) == [
        "letter.pdf",
        "odd_ _name__.pdf",
    ]
    assert (cloud.path / "out" / "letter.pdf").read_bytes() == LETTER


@pytest.mark.long
def test_nothing_is_overwritten_and_nothing_sent_twice(ana, send, cloud, upload):
    cloud.put("letter.pdf", b"theirs, and longer than ours" * 10)
    cloud.put("letter (2).pdf", LETTER[:-1] + b"!")  # with the same length as ours
    document = upload(ana, LETTER, "letter.pdf").json
    (transfer,) = send(document)
    assert (transfer["name"], transfer["is_duplicate"]) == ("letter (3).pdf", False)
    (again,) = send(document)
    assert (again["name"], again["is_duplicate"]) == ("letter (3).pdf", True)
    assert cloud.names() == ["letter (2).pdf", "letter (3).pdf", "letter.pdf"]


@pytest.mark.long
def test_a_document_that_is_gone_by_then_is_not_sent(ana, path, run, cloud, upload):
    document = upload(ana, LETTER).json
    body = {"document_ids": [document["id"]]}
    (begun,) = ana.post(f"{path}/export", json=body).json["items"]
    ana.post(f"/api/documents/{document['id']}/discard")
    run()
    found = ana.get(f"/api/transfers/{begun['id']}").json
    assert (found["status"], found["error_code"]) == ("failed", "document_gone")
    assert cloud.names() == []


@pytest.mark.long
def test_a_folder_that_is_not_there_is_reported(ana, send, upload):
    (transfer,) = send(upload(ana, LETTER).json, folder="nowhere")
    assert (transfer["status"], transfer["error_code"]) == ("failed", "not_found")


@pytest.mark.long
def test_a_store_that_fails_is_asked_again(ana, send, upload, run, owner, monkeypatch, settings):
    document = upload(ana, LETTER).json

    def fail(*_, **__):
        raise StorageError("The store does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(type(store_from(settings.storage_url)), "read", fail)
        (transfer,) = send(document)
    assert transfer["status"] == "waiting"
    due_now(owner)
    run()
    assert ana.get(f"/api/transfers/{transfer['id']}").json["status"] == "completed"


@pytest.mark.long
def test_transfers_that_ended_long_ago_are_forgotten(ana, fetch, cloud, owner, worker, path):
    cloud.put("a.pdf", LETTER)
    fetch("a.pdf", "nowhere.pdf")
    owner.execute("UPDATE transfers SET ended_at = now() - interval '31 days' WHERE name IS NULL")
    owner.execute("INSERT INTO outbox (kind, subject_id) VALUES ('expire_transfers', uuidv7())")
    worker(expire_transfers).round()
    assert len(ana.get(f"{path}/transfers").json["items"]) == 1
