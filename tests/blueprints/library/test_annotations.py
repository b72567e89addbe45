"""Highlights and notes on items."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from tests.processes import eventually
from webapp.blueprints.library import annotations as noted
from webapp.schemas.library.annotations import COLORS, Annotation


def annotation_in(place):
    mine = {"id": place.owner.id, "workspace_id": place.workspace_id}
    item = place.make.item(mine, status="confirmed")
    return place.make.conn.execute(
        "INSERT INTO annotations (workspace_id, item_id, created_by, note)"
        " VALUES (%s, %s, %s, 'Milk') RETURNING id",
        (place.workspace_id, item["id"], place.owner.id),
    ).fetchone()[0]


EXAMPLES = Examples(
    things={"annotation_id": annotation_in},
    bodies={"annotations.create": {"note": "x"}, "annotations.change": {"note": "x"}},
)

HIGHLIGHT = {
    "quote": "came down in the first week of March",
    "prefix": "the old fence ",
    "suffix": ", and the posts",
    "start_offset": 14,
    "end_offset": 50,
    "color": "green",
    "note": "Ask Ana for the digger",
}


@pytest.fixture
def item(ana):
    """A note in the library."""
    new = {"source_type": "note", "raw_text": "Buy oak posts", "enrich": False}
    return f"/api/items/{ana.post('/api/items', json=new).json['id']}"


def annotate(client, item, **new):
    answer = client.post(f"{item}/annotations", json=new)
    assert answer.status_code == 201, answer.json
    return answer.json


def listed(client, path, **query):
    found, cursor = [], None
    while True:
        page = client.get(path, query_string=query | ({"cursor": cursor} if cursor else {})).json
        found += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def found(client, q):
    return len(client.get("/api/search", query_string={"q": q}).json["items"])


@pytest.mark.long
def test_a_highlight_is_made_shown_changed_and_removed(ana, item):
    answer = ana.post(f"{item}/annotations", json=HIGHLIGHT)
    assert answer.status_code == 201, answer.json
    assert Annotation().load(answer.json)
    made = answer.json
    assert {name: made[name] for name in HIGHLIGHT} == HIGHLIGHT
    assert (made["item_title"], made["source_url"]) == ("Buy oak posts", None)
    path = answer.headers["Location"]
    assert ana.get(path).json == made
    change = {"note": None, "color": "blue", "prefix": None, "start_offset": 3, "end_offset": 9}
    changed = ana.patch(path, json=change).json
    assert {name: changed[name] for name in change} == change
    assert (changed["quote"], changed["suffix"]) == (HIGHLIGHT["quote"], HIGHLIGHT["suffix"])
    assert ana.delete(path).status_code == 204
    assert ana.get(path).status_code == ana.delete(path).status_code == 404


@pytest.mark.long
def test_lists_are_paged_and_an_item_counts_its_own(ana, item):
    new = {"source_type": "note", "raw_text": "Another", "enrich": False}
    other = ana.post("/api/items", json=new).json
    assert other["annotation_count"] == 0
    made = [annotate(ana, item, note=f"note {number}")["id"] for number in range(3)]
    last = annotate(ana, f"/api/items/{other['id']}", quote="x")
    assert last["color"] == "yellow"
    for limit in (1, 3, 100):
        assert listed(ana, f"{item}/annotations", limit=limit) == made
        assert listed(ana, "/api/annotations", limit=limit) == [last["id"], *made[::-1]]
    assert ana.get(item).json["annotation_count"] == 3
    counts = [each["annotation_count"] for each in ana.get("/api/library").json["items"]]
    assert counts == [1, 3]


@pytest.mark.long
def test_an_item_is_found_by_the_words_of_its_annotations(ana, item):
    made = annotate(ana, item, quote="larch planks", note="for the <b>gate</b>")
    assert (found(ana, "larch "), found(ana, '"larch planks"'), found(ana, "gate")) == (1, 1, 1)
    (result,) = ana.get("/api/search", query_string={"q": "larch "}).json["items"]
    assert "<mark>larch</mark> planks" in result["snippet"]
    path = f"/api/annotations/{made['id']}"
    ana.patch(path, json={"note": "for the door"})
    assert (found(ana, '"gate"'), found(ana, '"door"')) == (0, 1)
    ana.patch(item, json={"title": "Posts"})
    assert found(ana, '"door"') == 1
    ana.delete(path)
    assert (found(ana, '"door"'), found(ana, '"larch"'), found(ana, "oak")) == (0, 0, 1)


@pytest.mark.long
def test_the_timeline_and_the_changes_tell_of_it(ana, item):
    since = ana.get("/api/changes?since=now").json["next_cursor"]
    made = annotate(ana, item, note="x")
    before = ana.get(item).json["updated_at"]
    ana.patch(f"/api/annotations/{made['id']}", json={"note": "y"})
    ana.delete(f"/api/annotations/{made['id']}")
    steps = ana.get(f"{item}/events").json["items"][1:]
    names = ["item.annotated", "item.annotation_edited", "item.annotation_removed"]
    assert [each["event"] for each in steps] == names
    assert {each["payload"]["annotation_id"] for each in steps} == {made["id"]}
    query = {"since": since, "events": ",".join(names)}

    def told():
        changes = ana.get("/api/changes", query_string=query).json["items"]
        return [each["event"] for each in changes] == names

    eventually(told)  # changes wait for transactions that began before, of other tests too
    assert ana.get(item).json["updated_at"] > before


@pytest.mark.long
def test_what_is_discarded_cannot_be_annotated_and_is_in_no_list(ana, item, owner):
    made = annotate(ana, item, note="x")
    path = f"/api/annotations/{made['id']}"
    ana.patch(item, json={"action": "discard"})
    for answer in (
        ana.post(f"{item}/annotations", json={"note": "y"}),
        ana.patch(path, json={"note": "y"}),
        ana.delete(path),
    ):
        assert_problem(answer, 409, "invalid_state_transition")
    assert listed(ana, "/api/annotations") == []
    assert listed(ana, f"{item}/annotations") == [made["id"]]
    ana.post("/api/trash/purge", json={"ids": [item.rpartition("/")[2]]})
    assert owner.execute("SELECT count(*) FROM annotations").fetchone() == (0,)


@pytest.mark.parametrize(
    ("new", "fields"),
    [
        ({}, ["note", "quote"]),
        ({"quote": None, "note": None}, ["note", "quote"]),
        ({"quote": " \n"}, ["quote"]),
        ({"note": "\u200b"}, ["note"]),
        ({"quote": "x" * 10_001}, ["quote"]),
        ({"note": "x" * 10_001}, ["note"]),
        ({"quote": "x", "prefix": "x" * 1001}, ["prefix"]),
        ({"quote": "x", "color": "mauve"}, ["color"]),
        ({"note": "x", "color": "red"}, ["color"]),
        ({"note": "x", "suffix": "y"}, ["suffix"]),
        ({"quote": "x", "start_offset": 5}, ["end_offset"]),
        ({"quote": "x", "start_offset": 5, "end_offset": 5}, ["end_offset"]),
        ({"quote": "x", "start_offset": -1, "end_offset": 5}, ["start_offset"]),
        ({"quote": "x", "start_offset": 0, "end_offset": 2**31}, ["end_offset"]),
        ({"quote": "x", "start_offset": "1", "end_offset": 2}, ["start_offset"]),
        ({"quote": "x", "page": 1}, ["page"]),
    ],
    ids=lambda given: str(given)[:30],
)
def test_bad_input_names_its_field(ana, item, new, fields):
    answer = ana.post(f"{item}/annotations", json=new)
    assert_problem(answer, 422, "invalid_input", *fields)


@pytest.mark.parametrize(
    ("new", "change", "fields"),
    [
        ({"note": "x"}, {"note": None}, ["note"]),
        ({"note": "x"}, {"color": "red"}, ["color"]),
        ({"note": "x"}, {"prefix": "y"}, ["prefix"]),
        ({"quote": "x"}, {"color": None}, ["color"]),
        ({"quote": "x"}, {"start_offset": 4}, ["end_offset"]),
        ({"quote": "x"} | {"start_offset": 4, "end_offset": 5}, {"end_offset": 4}, ["end_offset"]),
        ({"quote": "x"}, {"quote": "y"}, ["quote"]),
    ],
    ids=range(7),
)
def test_a_change_leaves_an_annotation_that_says_something(ana, item, new, change, fields):
    made = annotate(ana, item, **new)
    answer = ana.patch(f"/api/annotations/{made['id']}", json=change)
    assert_problem(answer, 422, "invalid_input", *fields)


@pytest.mark.long
def test_every_color_is_taken(ana, item):
    assert [annotate(ana, item, quote="x", color=each)["color"] for each in COLORS] == [*COLORS]


@pytest.mark.long
def test_an_item_has_so_many_and_no_more_even_at_once(ana, app, item, monkeypatch):
    monkeypatch.setattr(noted, "MOST_ANNOTATIONS", 2)

    def send(number):
        client = app.test_client()
        client.environ_base = ana.environ_base
        return client.post(f"{item}/annotations", json={"note": str(number)}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(send, range(4))) == [201, 201, 409, 409]
    answer = ana.post(f"{item}/annotations", json={"note": "x"})
    assert_problem(answer, 409, "too_many_annotations")


def test_there_is_nothing_on_an_item_that_is_not_there(ana):
    path = f"/api/items/{NOWHERE}/annotations"
    assert ana.get(path).status_code == 404
    assert ana.post(path, json={"note": "x"}).status_code == 404


@pytest.mark.long
def test_nobody_overwrites_what_they_have_not_seen(ana, item):
    path = f"/api/annotations/{annotate(ana, item, note='x')['id']}"
    seen = {"If-Match": ana.get(path).headers["ETag"]}
    assert ana.patch(path, json={"note": "y"}, headers=seen).status_code == 200
    assert ana.patch(path, json={"note": "z"}, headers=seen).status_code == 412
