"""Versions: a document keeps former ones, and only the current one is read and found."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from workers.delete_objects import delete_objects
from workers.read_documents import Read, Unreadable, read_documents

EXAMPLES = Examples(
    words={"number": "1"},
    shared={
        **{f"versions.{name}": "view" for name in ("list_of_document", "get")},
        **{f"versions.{name}": "write" for name in ("create", "restore")},
        "versions.remove": "own",
    },
)


@pytest.fixture
def path(ana, upload):
    return f"/api/documents/{upload(ana, pdf('one'), 'one.pdf', title='Mine', tags='a').json['id']}"


@pytest.fixture
def add(ana, upload, path):
    """Adds a version to the document."""

    def send(word, name="two.pdf", **more):
        return upload(ana, pdf(word), name, path=f"{path}/versions", **more)

    return send


@pytest.fixture
def read(worker):
    """A round of reading, in which the text of each document is its own key."""

    def read_as(given, _):
        return Read(
            **{name: given[name] for name in ("version_id", "media_type")},
            kind="pdf",
            pages=1,
            ocr_pages=[],
            language=None,
            title=None,
            text=f"Text of {given['name']}",
            dated_on=None,
        )

    def round_of(work=read_as):
        worker(dataclasses.replace(read_documents, work=work, check=None)).round()

    round_of.read_as = read_as
    return round_of


def numbers(ana, path):
    listed = ana.get(f"{path}/versions").json["items"]
    return [(each["number"], each["is_current"]) for each in listed]


def used(ana):
    return ana.get("/api/quota").json["used_bytes"]


@pytest.mark.long
def test_a_new_version_is_read_and_the_former_one_is_kept(ana, path, add, read):
    read()
    answer = add("two!")
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{path}/versions/2"
    document = answer.json
    assert (document["status"], document["version"], document["name"]) == (
        *("processing", 2),
        "two.pdf",
    )
    assert (document["title"], document["tags"], document["pages"]) == ("Mine", ["a"], None)
    assert ana.get("/api/search?q=one.pdf").json["items"] == []
    read()
    assert ana.get(f"{path}/text").json["text"] == "Text of two.pdf"
    assert ana.get(f"{path}/text?version=1").json["text"] == "Text of one.pdf"
    assert ana.get(f"{path}/download", buffered=True).data == pdf("two!")
    assert ana.get(f"{path}/preview?version=1", buffered=True).data == pdf("one")
    (hit,) = ana.get("/api/search?q=two.pdf").json["items"]
    assert path.endswith(hit["id"])
    assert used(ana) == len(pdf("one") + pdf("two!"))
    assert numbers(ana, path) == [(2, True), (1, False)]
    shown = ana.get(f"{path}/versions/1").json
    assert (shown["name"], shown["bytes"]) == ("one.pdf", len(pdf("one")))
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events[2:] == ["document.reprocessed", "document.version_added", "document.read"]


@pytest.mark.long
def test_the_same_bytes_make_no_version(ana, path, add, owner):
    answer = add("one", "other.pdf")
    assert (answer.status_code, answer.json["version"], answer.json["name"]) == (200, 1, "one.pdf")
    assert used(ana) == len(pdf("one"))
    assert numbers(ana, path) == [(1, True)]


@pytest.mark.long
def test_the_body_alone_may_be_the_version_and_the_documents_own_name_stays(ana, path):
    ana.patch(path, json={"name": "Mine.pdf"})
    answer = ana.post(f"{path}/versions", data=pdf("two"), content_type="application/pdf")
    assert (answer.status_code, answer.json["name"]) == (201, "Mine.pdf")
    named = ana.get(f"{path}/download", buffered=True).headers["Content-Disposition"]
    assert 'filename="Mine.pdf"' in named


@pytest.mark.long
def test_a_version_sent_again_with_its_key_is_one(ana, path, add):
    once = {"headers": {"Idempotency-Key": "k"}}
    first, again = add("two", **once), add("two", **once)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(numbers(ana, path)) == 2


@pytest.mark.long
def test_an_older_version_is_made_current_and_read_again(ana, path, add, read):
    add("two")
    read()
    restored = ana.post(f"{path}/versions/1/restore").json
    assert (restored["status"], restored["version"], restored["name"]) == (
        *("processing", 1),
        "one.pdf",
    )
    assert numbers(ana, path) == [(2, False), (1, True)]
    read()
    assert ana.get("/api/search?q=two.pdf").json["items"] == []
    assert len(ana.get("/api/search?q=one.pdf").json["items"]) == 1
    assert ana.post(f"{path}/versions/1/restore").json["status"] == "ready"
    assert_problem(ana.post(f"{path}/versions/3/restore"), 404, "not_found")


@pytest.mark.long
def test_a_removed_version_is_refunded_and_its_number_never_used_again(ana, path, add, worker):
    add("two")
    assert_problem(ana.delete(f"{path}/versions/2"), 409, "current_version")
    ana.post(f"{path}/versions/1/restore")
    assert ana.delete(f"{path}/versions/2").status_code == 204
    assert_problem(ana.delete(f"{path}/versions/2"), 404, "not_found")
    assert_problem(ana.delete(f"{path}/versions/1"), 409, "current_version")
    assert used(ana) == len(pdf("one"))
    worker(delete_objects).round()
    assert_problem(ana.get(f"{path}/download?version=2"), 404, "not_found")
    assert add("three").json["version"] == 3


@pytest.mark.long
def test_the_reading_of_a_former_version_is_taken_away(ana, path, add, read, owner, logged):
    """Whether that reading ends with a text or without one."""

    def interrupted(end):
        def work(given, clients):
            if given["name"] == "one.pdf":
                add("two")
                return end(given, clients)
            return read.read_as(given, clients)

        return work

    read(interrupted(read.read_as))
    assert ana.get(path).json["status"] == "processing"
    assert "lease_lost" in [line["event"] for line in logged]
    read()
    assert ana.get(f"{path}/text").json["text"] == "Text of two.pdf"
    ana.post(f"{path}/versions/1/restore")
    read(interrupted(lambda *_: Unreadable("damaged", "It is damaged.")))
    read()
    found = ana.get(path).json
    assert (found["status"], found["version"], found["error"]) == ("ready", 3, None)
    assert owner.execute(
        "SELECT count(*) FROM outbox WHERE kind = 'read_documents'"
    ).fetchone() == (0,)


@pytest.mark.long
def test_nobody_replaces_what_they_have_not_seen(ana, path, add):
    seen = ana.get(path).headers["ETag"]
    assert add("two", headers={"If-Match": seen}).status_code == 201
    assert_problem(add("three", headers={"If-Match": seen}), 412, "precondition_failed")
    answer = ana.post(f"{path}/versions/1/restore", headers={"If-Match": seen})
    assert_problem(answer, 412, "precondition_failed")
    assert used(ana) == len(pdf("one") + pdf("two"))


@pytest.mark.long
def test_a_discarded_document_gets_no_version(ana, path, add):
    ana.post(f"{path}/discard")
    assert_problem(add("two"), 409, "invalid_state_transition")
    assert used(ana) == len(pdf("one"))


def test_a_strangers_file_is_not_received(ana, sign_in, path, upload, owner):
    before = owner.execute("SELECT count(*) FROM objects").fetchone()
    answer = upload(sign_in("ben"), pdf("two"), path=f"{path}/versions")
    assert_problem(answer, 404, "not_found")
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == before


@pytest.mark.long
def test_versions_added_at_once_are_all_there(ana, path, add, owner):
    """An upload that waited for another one once no longer found the document."""
    with ThreadPoolExecutor(2) as threads:
        for words in (("two", "three"), ("four", "five"), ("six", "seven")):
            answers = list(threads.map(add, words))
            assert [answer.status_code for answer in answers] == [201, 201]
    assert [number for number, _ in numbers(ana, path)] == [7, 6, 5, 4, 3, 2, 1]
