"""What owners change of their items: the text, with the former one kept, and marks."""

from __future__ import annotations

import pytest

ITEMS = "/api/items"


@pytest.fixture
def item(ana):
    """A note in the library."""
    new = {"source_type": "note", "raw_text": "Buy oak posts", "enrich": False}
    return ana.post(ITEMS, json=new).json


def change(client, item, **changes):
    answer = client.patch(f"{ITEMS}/{item['id']}", json=changes)
    assert answer.status_code == 200, answer.json
    return answer.json


def library(client, **query):
    answer = client.get("/api/library", query_string=query)
    assert answer.status_code == 200, answer.json
    return [each["id"] for each in answer.json["items"]]


def edits(client, item):
    events = client.get(f"{ITEMS}/{item['id']}/events").json["items"]
    return [each["payload"] for each in events if each["event"] == "item.edited"]


@pytest.mark.long
def test_a_new_text_is_found_and_the_former_one_is_in_the_timeline(ana, item):
    assert change(ana, item, raw_text="Buy larch posts")["raw_text"] == "Buy larch posts"
    change(ana, item, raw_text="Buy larch posts")
    assert edits(ana, item) == [
        {"fields": ["raw_text"], "replaced": {"raw_text": "Buy oak posts"}},
        {"fields": ["raw_text"]},
    ]
    for word, count in (("larch", 1), ("oak", 0)):
        found = ana.get("/api/search", query_string={"q": f'"{word}"'}).json["items"]
        assert len(found) == count


@pytest.mark.long
def test_former_texts_go_with_the_item(ana, item, owner):
    change(ana, item, raw_text="Something else")
    assert owner.execute("SELECT raw_text FROM item_texts").fetchall() == [("Buy oak posts",)]
    change(ana, item, action="discard")
    answer = ana.patch(f"{ITEMS}/{item['id']}", json={"raw_text": "x"})
    assert answer.status_code == 409
    ana.post("/api/trash/purge", json={"ids": [item["id"]]})
    assert owner.execute("SELECT count(*) FROM item_texts").fetchone() == (0,)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"raw_text": ""}, "raw_text"),
        ({"raw_text": " \n"}, "raw_text"),
        ({"raw_text": "\u200b"}, "raw_text"),
        ({"raw_text": "x" * 10_001}, "raw_text"),
        ({"is_read": "yes"}, "is_read"),
        ({"is_favourite": 1}, "is_favourite"),
    ],
    ids=lambda given: str(given)[:30],
)
def test_bad_input_is_422_and_names_its_field(ana, item, given, field):
    answer = ana.patch(f"{ITEMS}/{item['id']}", json=given)
    assert answer.status_code == 422
    assert field in {each["field"] for each in answer.json["errors"]}


@pytest.mark.long
def test_the_library_is_filtered_by_marks(ana, item):
    new = {"source_type": "note", "raw_text": "Another", "enrich": False}
    other = ana.post(ITEMS, json=new).json
    assert (other["is_read"], other["is_favourite"]) == (False, False)
    assert change(ana, item, is_read=True)["is_read"] is True
    change(ana, other, is_favourite=True)
    assert library(ana, is_read="true") == [item["id"]]
    assert library(ana, is_read="false") == [other["id"]]
    assert library(ana, is_favourite="true") == [other["id"]]
    assert library(ana, is_favourite="true", is_read="true") == []
    change(ana, item, is_read=False)
    assert library(ana, is_read="false") == [other["id"], item["id"]]
    assert edits(ana, item) == [{"fields": ["is_read"]}] * 2
