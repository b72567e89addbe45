"""Files sent to a signed address: kept as announced, once, and at no other address."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from sql import queries
from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.workers.test_read_documents import due
from webapp.parsing.documents.document import Document, Page
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.media import BY_TYPE
from workers.delete_objects import delete_objects
from workers.expire_objects import expire_objects
from workers.read_documents import Outside, read_documents

PATH = "/api/documents/presign"
CONTENT = pdf("sent past the API")

EXAMPLES = Examples(
    words={"signature": "x"},
    bodies={"presigned.announce": {"name": "a.pdf", "bytes": 1}},
    ways_in={"/api/uploads/<signature>"},
    not_kept={PATH},
    shared={"presigned.complete": "own"},
)


@pytest.fixture
def announce(ana):
    """Announces a document; gives the answer's JSON."""

    def send(content=CONTENT, **more):
        answer = ana.post(PATH, json={"name": "a.pdf", "bytes": len(content)} | more)
        assert answer.status_code == 201, answer.json
        return answer.json

    return send


@pytest.fixture
def read(worker):
    """A round of reading, in which a PDF has one page of text and all else is unsupported."""

    class Readers:
        def read(self, file, **_):
            with open(file, "rb", closefd=False) as opened:
                if not opened.read().startswith(b"%PDF"):
                    raise DocumentError("unsupported")
            return Document(BY_TYPE["application/pdf"], [Page(1, "A wheelbarrow.")])

        def close(self):
            pass

    def open_clients(settings):
        return Outside(read_documents.open_clients(settings).store, Readers())

    return worker(dataclasses.replace(read_documents, open_clients=open_clients, check=None)).round


def quota(client):
    return client.get("/api/quota").json["used_bytes"]


def objects(owner):
    return owner.execute("SELECT status, bytes FROM objects ORDER BY status, bytes").fetchall()


@pytest.mark.long
def test_a_file_goes_from_its_address_into_the_document(
    ana, client, announce, read, owner, worker, logged
):
    given = announce(title="Mine", tags=["a"], sha256=hashlib.sha256(CONTENT).hexdigest())
    document = given["document"]
    assert (document["status"], document["bytes"], document["sha256"]) == (
        *("awaiting_upload", len(CONTENT)),
        None,
    )
    assert (document["title"], document["tags"], given["method"]) == ("Mine", ["a"], "PUT")
    assert quota(ana) == len(CONTENT)
    path = f"/api/documents/{document['id']}"
    assert_problem(ana.post(f"{path}/complete"), 409, "not_uploaded")
    assert_problem(ana.get(f"{path}/download"), 404, "not_found")
    for _ in range(2):  # it may be sent twice
        assert client.put(given["url"], data=CONTENT).status_code == 204
    assert ana.post(f"{path}/complete").json["status"] == "processing"
    assert_problem(client.put(given["url"], data=pdf("x" * 17)), 404, "not_found")
    read()
    found = ana.get(path).json
    assert (found["status"], found["media_type"], found["sha256"]) == (
        *("ready", "application/pdf"),
        hashlib.sha256(CONTENT).hexdigest(),
    )
    assert ana.get(f"{path}/download?redirect=true", buffered=True).data == CONTENT
    assert objects(owner) == [("doomed", len(CONTENT)), ("stored", len(CONTENT))]
    worker(delete_objects).round()
    assert quota(ana) == len(CONTENT)
    assert ana.get(f"{path}/download", buffered=True).data == CONTENT
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events == ["document.announced", "document.uploaded", "document.read"]
    assert given["url"].rpartition("/")[2] not in str(logged)
    assert_problem(ana.post(f"{path}/complete"), 409, "invalid_state_transition")


@pytest.mark.long
def test_completing_twice_with_a_key_is_done_once(ana, client, announce):
    given = announce()
    client.put(given["url"], data=CONTENT)
    path = f"/api/documents/{given['document']['id']}/complete"
    first, again = (ana.post(path, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.json) == (200, again.json)


@pytest.mark.long
def test_another_size_is_refused_before_it_is_received(ana, client, announce):
    given = announce()
    for content in (CONTENT[:-1], CONTENT + b"x"):
        assert_problem(client.put(given["url"], data=content), 422, "size_mismatch")
    assert_problem(
        ana.post(f"/api/documents/{given['document']['id']}/complete"), 409, "not_uploaded"
    )


@pytest.mark.long
def test_another_hash_fails_the_document_and_its_bytes_are_deleted(
    ana, client, announce, read, owner, worker
):
    given = announce(sha256="0" * 64)
    client.put(given["url"], data=CONTENT)
    path = f"/api/documents/{given['document']['id']}"
    ana.post(f"{path}/complete")
    read()
    found = ana.get(path).json
    assert (found["status"], found["error_code"]) == ("failed", "mismatch")
    assert quota(ana) == 0
    worker(delete_objects).round()
    assert objects(owner) == []
    ana.post(f"{path}/retry")
    read()
    assert ana.get(path).json["error_code"] == "lost"
    assert_problem(ana.get(f"{path}/download"), 404, "not_found")


@pytest.mark.long
def test_what_cannot_be_read_is_kept_all_the_same(ana, client, announce, read):
    content = b"\x1f\x8b\x08" + bytes(100)
    given = announce(content)
    client.put(given["url"], data=content)
    path = f"/api/documents/{given['document']['id']}"
    ana.post(f"{path}/complete")
    read()
    assert ana.get(path).json["error_code"] == "unsupported"
    assert ana.get(f"{path}/download", buffered=True).data == content
    assert quota(ana) == len(content)


@pytest.mark.long
def test_a_file_that_the_workspace_has_need_not_be_sent(ana, upload):
    first = upload(ana, CONTENT).json["id"]
    body = {"name": "b.pdf", "bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    answer = ana.post(PATH, json=body)
    assert (answer.status_code, answer.json["duplicate_of"]) == (200, first)
    assert ana.post(PATH, json=body | {"allow_duplicate": True}).status_code == 201


def test_what_does_not_fit_is_not_announced(ana, settings):
    answer = ana.post(PATH, json={"name": "a", "bytes": settings.document_max_bytes + 1})
    assert_problem(answer, 413, "body_too_large")
    half = settings.quota_bytes // 2 + 1
    assert ana.post(PATH, json={"name": "a", "bytes": half}).status_code == 201
    answer = ana.post(PATH, json={"name": "a", "bytes": half})
    assert_problem(answer, 413, "quota_exceeded")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"bytes": 0}, "bytes"),
        ({"bytes": "x"}, "bytes"),
        ({"sha256": "x"}, "sha256"),
        ({"folder_id": "00000000-0000-7000-8000-000000000000"}, "folder_id"),
    ],
)
def test_bad_input_names_its_field(ana, change, field):
    answer = ana.post(PATH, json={"name": "a.pdf", "bytes": 1} | change)
    assert_problem(answer, 422, "invalid_input", field)


@pytest.mark.long
def test_what_never_comes_is_gone_after_an_hour(ana, client, announce, worker, owner):
    came, never = announce(), announce(pdf("other"))
    client.put(came["url"], data=CONTENT)
    ana.post(f"/api/documents/{came['document']['id']}/complete")
    owner.execute(
        "UPDATE objects SET expires_at = expires_at - interval '1 hour';"
        "UPDATE documents SET created_at = created_at - interval '1 hour'"
    )
    due(owner, "expire_objects")
    worker(expire_objects).round()
    assert quota(ana) == len(CONTENT)
    path = f"/api/documents/{never['document']['id']}"
    assert_problem(ana.get(path), 404, "not_found")
    assert_problem(client.put(never["url"], data=pdf("other")), 404, "not_found")
    assert ana.get(f"/api/documents/{came['document']['id']}").json["status"] == "processing"


@pytest.mark.parametrize("token", ["x", "gAAAAA", "\u00e4", "%00"])
def test_an_address_that_was_made_up_is_nobodys(client, token):
    assert_problem(client.put(f"/api/uploads/{token}", data=b"x"), 404, "not_found")


@pytest.mark.long
def test_an_object_is_given_up_only_once(ana, announce, worker, owner):
    """Its document is in the trash at that time, and restored afterwards."""
    path = f"/api/documents/{announce()['document']['id']}"
    assert ana.post(f"{path}/discard").json["status"] == "discarded"
    owner.execute("UPDATE objects SET expires_at = now()")
    due(owner, "expire_objects")
    worker(expire_objects).round()
    worker(delete_objects).round()
    assert quota(ana) == 0
    ana.post(f"{path}/restore")
    assert (
        queries.documents.load_for_reading(owner, ids=[path.rpartition("/")[2]])[0]["key"] is None
    )
