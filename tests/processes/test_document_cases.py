"""Problems that users of other document archives have had, tested on each store: this machine's
disk, and a server that speaks S3."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import httpx2
import pytest

from tests.blueprints.test_bad_input import assert_problem
from tests.clients.storage.conftest import s3_endpoint  # noqa: F401 -- a fixture
from tests.parsing.documents.conftest import samples  # noqa: F401 -- a fixture
from tests.parsing.documents.made_pdf import pdf, text
from tests.workers.test_read_documents import LETTER
from webapp.clients.storage.choice import store_from
from workers.delete_objects import delete_objects
from workers.engine.loop import Worker
from workers.read_documents import read_documents

QUOTA = 1_000_000


class Place:
    """An app with its own store, a user and its workers."""

    def __init__(self, app, settings, storage_url):
        self._app = app
        self._settings = replace(settings, storage_url=storage_url)
        self._workers = [
            Worker([kind], self._settings) for kind in (read_documents, delete_objects)
        ]
        self.ana = self.client("ana")

    def client(self, handle):
        client = self._app.test_client()
        client.environ_base["HTTP_X_DEV_USER_ID"] = handle
        return client

    def upload(self, content, name="letter.pdf", client=None):
        return (client or self.ana).post(f"/api/documents?name={name}", data=content)

    def work(self):
        """Do a round of reading, and one of deleting."""
        for each in self._workers:
            each.round()

    def keys(self):
        return [each.key for each in store_from(self._settings.storage_url).objects()]

    def close(self):
        for each in self._workers:
            each.close()


@pytest.fixture(params=["local", "s3"])
def place(request, make_app, settings, tmp_path):
    if request.param == "local":
        storage_url = f"file://{tmp_path}/objects"
    else:
        endpoint = request.getfixturevalue("s3_endpoint")
        storage_url = f"s3://key:secret@bucket-{uuid4()}?endpoint={endpoint}"
    made = Place(make_app(storage_url=storage_url, quota_bytes=QUOTA), settings, storage_url)
    yield made
    made.close()


@pytest.fixture
def ana(place):
    return place.ana


def at(answer):
    assert answer.status_code in (200, 201), answer.json
    return f"/api/documents/{answer.json['id']}"


def used(ana):
    return ana.get("/api/quota").json["used_bytes"]


def test_two_uploads_of_a_file_at_once_make_one_document_and_one_object(place, ana, owner):
    used(ana)  # creates the user
    clients = [place.client("ana") for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda client: place.upload(LETTER, client=client), clients))
    new, known = sorted(answers, key=lambda answer: -answer.status_code)
    assert (new.status_code, known.status_code) == (201, 200)
    assert known.json["duplicate_of"] == new.json["id"]
    place.work()
    assert len(place.keys()) == 1
    assert used(ana) == len(LETTER)


def test_a_file_in_the_trash_is_named_restored_and_found_at_once(place, ana):
    first = at(place.upload(LETTER))
    place.work()
    ana.post(f"{first}/discard")
    assert ana.get("/api/search?q=wheelbarrow").json["items"] == []
    again = place.upload(LETTER)
    assert (again.status_code, again.json["trashed_duplicates"]) == (201, [first.split("/")[-1]])
    ana.post(f"{first}/restore")
    found = [each["id"] for each in ana.get("/api/search?q=wheelbarrow").json["items"]]
    assert found == [first.split("/")[-1]]
    place.work()
    assert len(ana.get("/api/search?q=wheelbarrow").json["items"]) == 2


class Counted(io.RawIOBase):
    """A body that counts how much of it is read."""

    read_bytes = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        self.read_bytes += len(buffer)
        return len(buffer)


def test_what_exceeds_the_quota_is_refused_unread_and_refunded_once(place, ana):
    body = Counted()
    given = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": str(2 * QUOTA)}
    answer = ana.post("/api/documents?name=a.pdf", environ_overrides=given)
    assert_problem(answer, 413, "quota_exceeded")
    assert body.read_bytes < QUOTA / 50

    def send(number):
        content = LETTER + bytes([number]) * (QUOTA * 4 // 10 - len(LETTER))
        client = place.client("ana")
        while (answer := place.upload(content, client=client)).status_code == 429:
            pass  # her other files are being received
        return answer

    with ThreadPoolExecutor(3) as threads:
        answers = sorted(threads.map(send, range(3)), key=lambda answer: answer.status_code)
    assert [each.status_code for each in answers] == [201, 201, 413]
    assert answers[2].json["code"] == "quota_exceeded"
    path = at(answers[0])
    ana.post(f"{path}/discard")
    assert used(ana) == QUOTA * 8 // 10
    assert [ana.delete(path).status_code for _ in range(2)] == [204, 404]
    assert used(ana) == QUOTA * 4 // 10
    place.work()
    assert len(place.keys()) == 1
    assert place.upload(LETTER).status_code == 201


def test_a_password_of_four_spaces_opens_a_document(place, ana, samples, owner):  # noqa: F811
    content = (samples / "refuse" / "testPassword4Spaces.pdf").read_bytes()
    path = at(place.upload(content, "a.pdf"))
    place.work()
    assert ana.get(path).json["error_code"] == "encrypted"
    assert ana.post(f"{path}/unlock", json={"password": "    "}).status_code == 200
    place.work()
    assert ana.get(path).json["status"] == "ready"
    assert ana.get(f"{path}/text").json["text"].strip()
    ana.post(f"{path}/reprocess")
    place.work()
    assert ana.get(path).json["status"] == "ready"
    assert ana.get(f"{path}/download", buffered=True).data == content


def test_parts_of_a_file(place, ana):
    path = f"{at(place.upload(LETTER))}/download"
    for asked, status, part in (
        ("bytes=0-99", 206, LETTER[:100]),
        ("bytes=-100", 206, LETTER[-100:]),
        ("bytes=100-", 206, LETTER[100:]),
        ("bytes=0-9,20-29", 200, LETTER),
    ):
        answer = ana.get(path, headers={"Range": asked}, buffered=True)
        assert (answer.status_code, answer.data) == (status, part), asked
    answer = ana.get(path, headers={"Range": f"bytes={len(LETTER)}-"})
    assert_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(LETTER)}"
    headers = {"Range": "bytes=0-9", "If-Range": '"of an older version"'}
    assert ana.get(path, headers=headers, buffered=True).data == LETTER


@pytest.mark.parametrize(
    "content", [b"<svg xmlns='http://www.w3.org/2000/svg' onload='a()'/>", b"<!doctype html><p>x"]
)
def test_what_could_run_is_only_downloaded(place, ana, content):
    form = {"file": (io.BytesIO(content), "Größe 测试.pdf", "application/pdf")}
    path = at(ana.post("/api/documents", data=form, content_type="multipart/form-data"))
    assert_problem(ana.get(f"{path}/preview"), 415, "no_preview")
    answer = ana.get(f"{path}/download", buffered=True)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_versions_are_downloaded_shown_and_packed(place, ana):
    path = at(place.upload(LETTER, "one.pdf"))
    other = pdf(text((5, 50, "An axe.")), size=(100, 100))
    assert ana.post(f"{path}/versions?name=two.pdf", data=other).json["version"] == 2
    place.work()
    assert [each["id"] for each in ana.get("/api/search?q=axe").json["items"]] == [
        path.split("/")[-1]
    ]
    for version, content in ((1, LETTER), (2, other)):
        answer = ana.get(f"{path}/download?version={version}", buffered=True)
        assert answer.data == content
    picture = ana.get(f"{path}/thumbnail?width=50")
    assert (picture.status_code, picture.data[:4]) == (200, b"RIFF")
    packed = ana.get(f"/api/documents/archive?ids={path.split('/')[-1]}", buffered=True)
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        assert archive.read("two.pdf") == other
    ana.post(f"{path}/versions/1/restore")
    assert ana.delete(f"{path}/versions/2").status_code == 204
    place.work()
    assert len(place.keys()) == 1
    assert used(ana) == len(LETTER)


def put(place, url, content):
    """Send a file to a signed address, of the store or ours."""
    if "/api/uploads/" in url:
        return place.client("nobody").put(url, data=content).status_code
    return httpx2.put(url, content=content).status_code


def test_a_file_is_sent_to_its_address_and_later_ones_change_nothing(place, ana):
    body = {"name": "letter.pdf", "bytes": len(LETTER)}
    given = ana.post("/api/documents/presign", json=body).json
    path = f"/api/documents/{given['document']['id']}"
    assert_problem(ana.post(f"{path}/complete"), 409, "not_uploaded")
    assert put(place, given["url"], LETTER) in (200, 204)
    assert ana.post(f"{path}/complete").status_code == 200
    put(place, given["url"], LETTER)
    place.work()
    assert ana.get(path).json["status"] == "ready"
    put(place, given["url"], bytes(len(LETTER)))
    assert ana.get(f"{path}/download", buffered=True).data == LETTER
    answer = ana.get(f"{path}/download?redirect=true", buffered=True)
    if answer.status_code == 302:
        assert httpx2.get(answer.headers["Location"]).content == LETTER
    else:
        assert answer.data == LETTER
    assert used(ana) == len(LETTER)


def test_a_file_of_another_size_is_not_taken(place, ana):
    given = ana.post("/api/documents/presign", json={"name": "a.pdf", "bytes": 10}).json
    put(place, given["url"], LETTER)
    path = f"/api/documents/{given['document']['id']}/complete"
    assert ana.post(path).status_code in (409, 422)
    assert used(ana) == 10
