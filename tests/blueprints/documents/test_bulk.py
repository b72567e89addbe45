"""Many documents at once: each with its own result, all or none in the database."""

from __future__ import annotations

import pytest

from sql import Query
from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE

PATH = "/api/documents/bulk"

EXAMPLES = Examples(bodies={"bulk.change_many": {"ids": [], "action": "discard"}})


@pytest.fixture
def make(ana, upload):
    """Uploads a document; gives its id."""
    return lambda word, **fields: upload(ana, pdf(word), **fields).json["id"]


def results(answer):
    assert answer.status_code == 200, answer.json
    return [each["result"] for each in answer.json["items"]]


def show(ana, document):
    return ana.get(f"/api/documents/{document}").json


@pytest.mark.long
def test_each_document_has_its_own_result(ana, sign_in, upload, make, owner):
    one, two, failed = make("1"), make("2"), make("3")
    owner.execute("UPDATE documents SET status = 'failed' WHERE id = %s", (failed,))
    foreign = upload(sign_in("ben"), pdf("4")).json["id"]
    ids = [one, two, one, failed, foreign, NOWHERE]

    def act(action, ids=ids):
        return results(ana.post(PATH, json={"ids": ids, "action": action}))

    assert act("retry") == [*["not_allowed"] * 2, "done", *["not_found"] * 2]
    assert show(ana, failed)["status"] == "processing"
    assert act("discard", [one, two, foreign]) == ["done", "done", "not_found"]
    assert act("discard", [one, failed]) == ["not_allowed", "done"]
    assert act("restore", [two, foreign]) == ["done", "not_found"]
    assert act("purge") == ["done", "not_allowed", "done", "not_found", "not_found"]
    assert ana.get("/api/quota").json["used_bytes"] == len(pdf("2"))
    assert [each["id"] for each in ana.get("/api/documents").json["items"]] == [two]
    events = [each["event"] for each in ana.get(f"/api/documents/{two}/events").json["items"]]
    assert events == ["document.uploaded", "document.discarded", "document.restored"]


@pytest.mark.long
def test_many_are_moved_and_edited_alike(ana, make, sign_in):
    folder = ana.post("/api/folders", json={"name": "Letters"}).json["id"]
    one, two, gone = make("1", tags="old"), make("2"), make("3")
    ana.post(f"/api/documents/{gone}/discard")
    change = {"folder_id": folder, "category": "Letter"}
    change |= {"add_tags": ["New"], "remove_tags": ["OLD"]}
    answer = ana.post(PATH, json={"ids": [one, two, gone], **change})
    assert results(answer) == ["done", "done", "not_allowed"]
    for each in (one, two):
        found = show(ana, each)
        assert (found["folder_id"], found["category"], found["tags"]) == (folder, "Letter", ["New"])
        (edited,) = ana.get(f"/api/documents/{each}/events").json["items"][1:]
        assert edited["payload"] == {"fields": [*change]}
    assert show(ana, gone)["category"] is None
    nothing = {"folder_id": None, "category": None}
    assert results(ana.post(PATH, json={"ids": [one], **nothing})) == ["done"]
    assert (show(ana, one)["folder_id"], show(ana, one)["category"]) == (None, None)
    foreign = sign_in("ben").post("/api/folders", json={"name": "x"}).json["id"]
    answer = ana.post(PATH, json={"ids": [one, two], "folder_id": foreign, "add_tags": ["b"]})
    assert_problem(answer, 422, "invalid_input", "folder_id")
    assert show(ana, two)["tags"] == ["New"]


@pytest.mark.long
def test_many_take_as_many_statements_as_one(ana, make, monkeypatch):
    asked = []
    real = Query.__call__

    def counted(self, conn, /, **parameters):
        asked.append(self.name)
        return real(self, conn, **parameters)

    documents = [make(str(number)) for number in range(6)]
    monkeypatch.setattr(Query, "__call__", counted)
    taken = []
    for ids in (documents[:1], documents[1:]):
        asked.clear()
        body = {"ids": ids, "category": "x", "add_tags": ["a"], "remove_tags": ["b"]}
        assert set(results(ana.post(PATH, json=body))) == {"done"}
        assert set(results(ana.post(PATH, json={"ids": ids, "action": "discard"}))) == {"done"}
        taken.append(list(asked))
    assert taken[0] == taken[1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ids": []}, "action"),
        ({"action": "discard"}, "ids"),
        ({"ids": ["x"], "action": "discard"}, "ids.0"),
        ({"ids": [NOWHERE] * 501, "action": "discard"}, "ids"),
        ({"ids": [], "action": "complete"}, "action"),
        ({"ids": [], "action": "purge", "category": "x"}, "action"),
        ({"ids": [], "title": "x"}, "title"),
    ],
    ids=str,
)
def test_bad_input_names_its_field(ana, body, field):
    assert_problem(ana.post(PATH, json=body), 422, "invalid_input", field)
