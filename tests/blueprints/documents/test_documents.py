"""Documents over HTTP: what is uploaded is kept and charged, once."""

from __future__ import annotations

import hashlib
import threading

import pytest
from psycopg.types.json import Jsonb

from sql import queries
from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from webapp.identity.ids import new_id


def document_in(place: Place) -> object:
    """A document whose file is not in the store."""
    mine = {"workspace_id": place.workspace_id}
    conn, document_id = place.make.conn, new_id()
    placed = queries.objects.reserve(
        conn,
        **mine,
        user_id=place.owner.id,
        document_id=document_id,
        ending=".pdf",
        bytes=1,
        default_bytes=1000,
        is_charged=True,
        time="1 hour",
    )
    sha256 = hashlib.sha256(document_id.bytes).digest()
    queries.objects.store(conn, id=placed["id"], bytes=1, sha256=sha256)
    return queries.documents.create(
        conn,
        **mine,
        id=document_id,
        object_id=placed["id"],
        created_by=place.owner.id,
        folder_id=None,
        name="letter.pdf",
        title=None,
        category=None,
        media_type="application/pdf",
        kind="pdf",
        bytes=1,
        sha256=sha256,
        metadata=Jsonb({}),
        expires_at=None,
    )


EXAMPLES = Examples(
    things={"document_id": document_in},
    bodies={"documents.change": {"title": "x"}},
    shared={
        **{f"documents.{name}": "view" for name in ("get", "text", "list_events")},
        **{f"documents.{name}": "write" for name in ("change", "retry", "reprocess")},
        **{f"documents.{name}": "own" for name in ("move", "discard", "restore", "purge")},
    },
)


def quota(client):
    return client.get("/api/quota").json["used_bytes"]


@pytest.mark.long
@pytest.mark.parametrize("path", ["/api/documents", "/api/documents/upload"])
def test_an_uploaded_file_is_a_document_that_waits_to_be_read(ana, upload, path):
    fields = {"title": "A letter", "tags": "a, b"}
    answer = upload(ana, pdf("a letter"), "Größe 测试.pdf", path=path, **fields)
    assert answer.status_code == 201, answer.json
    document = answer.json
    assert answer.headers["Location"] == f"/api/documents/{document['id']}"
    assert (document["status"], document["media_type"]) == ("processing", "application/pdf")
    assert (document["name"], document["title"]) == ("Größe 测试.pdf", "A letter")
    assert document["tags"] == ["a", "b"]
    assert document["sha256"] == hashlib.sha256(pdf("a letter")).hexdigest()
    assert document["trashed_duplicates"] == []
    assert ana.get(f"/api/documents/{document['id']}").json["id"] == document["id"]
    assert quota(ana) == len(pdf("a letter"))


@pytest.mark.long
def test_the_body_alone_may_be_the_file(ana):
    answer = ana.post("/api/documents?name=a.pdf", data=pdf(), content_type="application/pdf")
    assert answer.status_code == 201, answer.json
    assert answer.json["name"] == "a.pdf"


@pytest.mark.long
def test_the_same_file_again_is_the_same_document(ana, upload):
    first = upload(ana).json
    again = upload(ana, name="other name.pdf")
    assert (again.status_code, again.json["duplicate_of"]) == (200, first["id"])
    assert quota(ana) == len(pdf())
    second = upload(ana, allow_duplicate="true")
    assert second.status_code == 201
    assert second.json["id"] != first["id"]


@pytest.mark.long
def test_two_uploads_of_a_file_at_once_make_one_document(sign_in, upload, owner):
    answers = []
    clients = [sign_in("ana") for _ in range(2)]
    clients[0].get("/api/quota")  # creates the user
    threads = [
        threading.Thread(target=lambda client=client: answers.append(upload(client)))
        for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert owner.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    states = owner.execute("SELECT status FROM objects ORDER BY status").fetchall()
    assert states == [("doomed",), ("stored",)]
    assert quota(clients[0]) == len(pdf())


@pytest.mark.long
def test_a_file_in_the_trash_is_named_and_stands_in_nobodys_way(ana, upload):
    first = upload(ana).json["id"]
    assert ana.post(f"/api/documents/{first}/discard").json["status"] == "discarded"
    again = upload(ana)
    assert (again.status_code, again.json["trashed_duplicates"]) == (201, [first])
    assert ana.post(f"/api/documents/{first}/restore").json["status"] == "processing"


@pytest.mark.long
def test_purging_gives_back_what_was_charged_once(ana, upload):
    document = upload(ana).json["id"]
    path = f"/api/documents/{document}"
    assert_problem(ana.delete(path), 409, "not_discarded")
    ana.post(f"{path}/discard")
    assert quota(ana) == len(pdf())
    assert ana.delete(path).status_code == 204
    assert ana.delete(path).status_code == 404
    assert quota(ana) == 0


@pytest.mark.long
def test_a_key_makes_one_document_of_a_streamed_body(ana, upload, owner):
    once = {"headers": {"Idempotency-Key": "k"}}
    first, again = upload(ana, **once), upload(ana, **once)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert_problem(upload(ana, pdf("other"), **once), 422, "idempotency_key_reused")
    assert owner.execute("SELECT count(*) FROM objects WHERE status = 'stored'").fetchone() == (1,)


def test_an_empty_file_is_refused(ana, upload):
    assert_problem(upload(ana, b""), 422, "empty_file")


def test_what_nobody_can_read_is_refused(ana, upload):
    assert_problem(upload(ana, b"\x1f\x8b\x08" + bytes(100)), 415, "unsupported_media_type")


def test_what_is_announced_as_larger_than_any_document_may_be_is_refused_as_that(ana):
    answer = ana.post(
        "/api/documents?name=letter.txt",
        data=b"x",
        content_type="application/octet-stream",
        environ_overrides={"CONTENT_LENGTH": str(10**14)},
    )
    assert_problem(answer, 413, "body_too_large")


@pytest.mark.long
def test_a_wrong_field_is_named_and_leaves_nothing(ana, upload, owner):
    answer = upload(ana, expires_at="tomorrow", folder_id="x", nonsense="1")
    assert_problem(answer, 422, "invalid_input", "expires_at", "folder_id", "nonsense")
    assert quota(ana) == 0
    assert owner.execute("SELECT status FROM objects").fetchall() == [("doomed",)]


def test_an_unknown_folder_is_named(ana, upload):
    answer = upload(ana, folder_id="00000000-0000-7000-8000-000000000000")
    assert_problem(answer, 422, "invalid_input", "folder_id")
    assert quota(ana) == 0


@pytest.mark.long
def test_edits_are_kept_and_null_takes_away(ana, upload):
    path = f"/api/documents/{upload(ana, title='x').json['id']}"
    change = {"title": None, "category": "Invoice", "dated_on": "2026-02-28", "metadata": {"a": 1}}
    changed = ana.patch(path, json=change | {"add_tags": ["tax"]}).json
    assert (changed["title"], changed["category"], changed["dated_on"]) == (
        *(None, "Invoice"),
        "2026-02-28",
    )
    assert (changed["metadata"], changed["tags"]) == ({"a": 1}, ["tax"])
    assert ana.patch(path, json={"remove_tags": ["tax"]}).json["tags"] == []
    listed = ana.get("/api/documents?category=invoice").json["items"]
    assert [each["id"] for each in listed] == [changed["id"]]
    assert ana.get("/api/documents?category=other").json["items"] == []


@pytest.mark.long
def test_another_ones_document_is_not_there(ana, sign_in, upload):
    path = f"/api/documents/{upload(ana).json['id']}"
    ben = sign_in("ben")
    for answer in (
        *(ben.get(path), ben.get(f"{path}/text"), ben.get(f"{path}/download")),
        *(ben.get(f"{path}/preview"), ben.patch(path, json={"title": "x"}), ben.delete(path)),
        *(ben.post(f"{path}/{action}") for action in ("discard", "restore", "retry", "reprocess")),
    ):
        assert_problem(answer, 404, "not_found")


def nested(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.long
def test_deep_metadata_is_refused_and_the_deepest_is_listed(ana, upload):
    document = upload(ana).json["id"]
    path = f"/api/documents/{document}"
    assert ana.patch(path, json={"metadata": nested(32)}).status_code == 200
    (listed,) = ana.get("/api/documents").json["items"]
    assert listed["metadata"] == nested(32)
    for levels in (33, 240):
        answer = ana.patch(path, json={"metadata": nested(levels)})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "metadata")
