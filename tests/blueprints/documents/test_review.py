"""The review queue: suggestions for items and documents, accepted and rejected alike."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.documents.test_documents import document_in
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from webapp.schemas.documents.review import SuggestionInReviewPage

REVIEW = "/api/review"


def suggestion_in(place):
    return place.make.conn.execute(
        "INSERT INTO suggestions (workspace_id, document_id, field, value, confidence)"
        " VALUES (%s, %s, 'category', 'milk', 0.5) RETURNING id",
        (place.workspace_id, document_in(place)),
    ).fetchone()[0]


EXAMPLES = Examples(
    things={"suggestion_id": suggestion_in},
    shared={"review.list_of_document": "view"},
    bodies={"review.accept_many": {"ids": [NOWHERE]}, "review.reject_many": {"ids": [NOWHERE]}},
)


@pytest.fixture
def document(ana, upload, is_ready):
    """The address of a document that was read."""
    made = upload(ana, pdf("a"), "a.pdf").json
    is_ready(made["id"], "The oak posts for the fence\nhave to be ordered.")
    return f"/api/documents/{made['id']}"


@pytest.fixture
def suggest(owner):
    """Suggests values for a document or an item, by its address; gives the suggestions' ids."""

    def make(path, *values, source="learned"):
        noun, thing = path.split("/")[2:4]
        return [
            str(
                owner.execute(
                    f"INSERT INTO suggestions"
                    f" (workspace_id, {noun[:-1]}_id, field, value, confidence, source)"
                    f" SELECT workspace_id, id, %s, %s, 0.75, %s FROM {noun} WHERE id = %s"
                    " RETURNING id",
                    (field, value, source, thing),
                ).fetchone()[0]
            )
            for field, value in values
        ]

    return make


@pytest.fixture
def item(ana, make):
    """The address of an item that awaits confirmation."""
    made = ana.post("/api/items", json={"source_type": "note", "raw_text": "Oak posts"}).json
    make.move(UUID(made["id"]), "ready_to_confirm")
    return f"/api/items/{made['id']}"


def queue(client, **query):
    answer = client.get(REVIEW, query_string=query)
    assert answer.status_code == 200, answer.json
    return [each["id"] for each in answer.json["items"]]


def statuses(client, document):
    found = client.get(f"{document}/suggestions").json["items"]
    return {each["id"]: each["status"] for each in found}


@pytest.mark.long
def test_items_and_documents_are_in_one_list_newest_first(ana, item, document, suggest, sign_in):
    folder = ana.post("/api/folders", json={"name": "Wood"}).json["id"]
    inner = ana.post("/api/folders", json={"name": "Oak", "parent_id": folder}).json["id"]
    (tag,) = suggest(item, ("tag", "fence"))
    category, place = suggest(document, ("category", "Order"), ("folder_id", inner))
    page = ana.get(REVIEW).json
    assert SuggestionInReviewPage().load(page)
    assert [each["id"] for each in page["items"]] == [place, category, tag]
    shown = {each["id"]: each for each in page["items"]}
    assert shown[place]["label"] == "Wood/Oak"
    assert (shown[category]["type"], shown[category]["subject_id"]) == (
        *("document", document.rpartition("/")[2]),
    )
    assert shown[category]["title"] == "The oak posts for the fence"
    assert (shown[tag]["type"], shown[tag]["field"], shown[tag]["label"]) == (
        "item",
        "tag",
        "fence",
    )
    assert queue(ana, type="item") == [tag]
    assert queue(ana, type="document") == [place, category]
    assert queue(ana, field="category") == [category]
    first = ana.get(f"{REVIEW}?limit=2").json
    assert queue(ana, cursor=first["next_cursor"]) == [tag]
    assert queue(sign_in("ben")) == []
    ana.delete(f"/api/folders/{folder}")
    assert queue(ana) == [category, tag]


@pytest.mark.long
def test_only_what_awaits_its_owner_is_in_the_queue(ana, item, document, suggest, is_ready):
    (tag,), (category,) = suggest(item, ("tag", "fence")), suggest(document, ("category", "Order"))
    ana.post(f"{document}/discard")
    assert queue(ana) == [tag]
    ana.patch(item, json={"action": "confirm"})
    assert queue(ana) == []
    assert_problem(ana.post(f"{REVIEW}/{tag}/accept"), 409, "not_pending")
    # The suggestions of an item can still be accepted as usual.
    assert ana.patch(item, json={"accepted_suggestion_ids": [tag]}).json["tags"] == ["fence"]
    ana.post(f"{document}/restore")
    assert queue(ana) == []
    is_ready(document.rpartition("/")[2], "Text")
    assert queue(ana) == [category]


@pytest.mark.long
def test_accepting_gives_a_document_the_value_as_if_written(ana, document, suggest):
    folder = ana.post("/api/folders", json={"name": "Wood"}).json["id"]
    given = {"category": "Order", "correspondent": "Carpenter", "dated_on": "2024-02-29"}
    given |= {"title": "Posts", "folder_id": folder}
    ids = suggest(document, *given.items(), ("tag", "fence"), ("category", "Bill"))
    accepted = ana.post(f"{REVIEW}/{ids[0]}/accept")
    assert (accepted.status_code, accepted.json["status"]) == (200, "accepted")
    found = {each["field"]: each["id"] for each in ana.get(document).json["suggestions"]}
    assert set(found) == {*given, "tag"} - {"category"}
    answer = ana.post(f"{REVIEW}/accept", json={"ids": [*found.values(), ids[0], NOWHERE]})
    assert [each["result"] for each in answer.json["items"]] == [
        *["done"] * len(found),
        *("not_allowed", "not_found"),
    ]
    document_now = ana.get(document).json
    assert {name: document_now[name] for name in given} == given
    assert (document_now["tags"], document_now["suggestions"]) == (["fence"], [])
    # That rejected the other category.
    assert statuses(ana, document)[ids[-1]] == "rejected"
    events = ana.get(f"{document}/events").json["items"]
    assert events[-1]["payload"]["accepted"] is True
    assert queue(ana) == []


@pytest.mark.long
def test_what_was_rejected_leaves_the_queue_and_the_document(ana, item, document, suggest):
    (tag,) = suggest(item, ("tag", "fence"))
    category, kept = suggest(document, ("category", "Order"), ("tag", "oak"))
    assert ana.post(f"{REVIEW}/{category}/reject").json["status"] == "rejected"
    answer = ana.post(f"{REVIEW}/reject", json={"ids": [tag, category]}).json
    assert [each["result"] for each in answer["items"]] == ["done", "not_allowed"]
    assert queue(ana) == [kept]
    assert ana.get(document).json["category"] is None
    assert ana.get(item).json["suggestions"][0]["status"] == "rejected"
    assert ana.get(item).json["tags"] == []


@pytest.mark.long
def test_accepting_tags_an_item(ana, item, suggest):
    ids = suggest(item, ("tag", "fence"), ("tag", "Oak"))
    ana.post(f"{REVIEW}/accept", json={"ids": ids})
    found = ana.get(item).json
    assert found["tags"] == ["fence", "Oak"]
    assert {each["status"] for each in found["suggestions"]} == {"accepted"}
    edited = ana.get(f"{item}/events").json["items"][-1]
    assert (edited["event"], edited["payload"]) == (
        "item.edited",
        {"fields": ["accepted_suggestion_ids"]},
    )


@pytest.mark.long
def test_only_one_of_two_values_for_a_field_is_accepted(ana, document, suggest):
    first, second = suggest(document, ("category", "Order"), ("category", "Bill"))
    answer = ana.post(f"{REVIEW}/accept", json={"ids": [first, second]}).json
    assert [each["result"] for each in answer["items"]] == ["done", "not_allowed"]
    assert ana.get(document).json["category"] == "Order"


@pytest.mark.long
def test_writing_a_field_decides_its_suggestions(ana, document, suggest):
    same, other, tag = suggest(
        document, ("category", "order"), ("category", "Bill"), ("tag", "oak")
    )
    ana.patch(document, json={"category": "Order", "add_tags": ["Oak"]})
    assert statuses(ana, document) == {same: "accepted", other: "rejected", tag: "accepted"}
    ana.patch(document, json={"remove_tags": ["oak"]})
    assert statuses(ana, document)[tag] == "rejected"


@pytest.mark.long
def test_another_ones_suggestion_is_not_there(ana, document, suggest, sign_in):
    (category,) = suggest(document, ("category", "Order"))
    ben = sign_in("ben")
    assert_problem(ben.post(f"{REVIEW}/{category}/accept"), 404, "not_found")
    assert_problem(ben.get(f"{document}/suggestions"), 404, "not_found")
    answer = ben.post(f"{REVIEW}/accept", json={"ids": [category]}).json
    assert answer["items"] == [{"id": category, "result": "not_found"}]
    assert queue(ana) == [category]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"type": "task"}, "type"), ({"field": "summary"}, "field"), ({"limit": 0}, "limit")],
)
def test_a_filter_that_makes_no_sense_is_named(ana, query, field):
    assert_problem(ana.get(REVIEW, query_string=query), 422, "invalid_input", field)
