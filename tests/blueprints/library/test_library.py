"""The library, the trash, and many items at once."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.blueprints.library.test_tags import item


def note(person, text, *tags):
    body = {"source_type": "note", "raw_text": text, "tags": list(tags), "enrich": False}
    return person.client.post("/api/items", json=body).json


@pytest.mark.long
def test_null_takes_a_summary_away_and_no_title(olga):
    path = f"/api/items/{note(olga, 'The oak posts')['id']}"
    assert olga.client.patch(path, json={"summary": "Posts"}).json["summary"] == "Posts"
    assert olga.client.patch(path, json={"title": "Oak"}).json["summary"] == "Posts"
    assert olga.client.patch(path, json={"summary": None}).json["summary"] is None
    refused = olga.client.patch(path, json={"title": None})
    assert [each["field"] for each in refused.json["errors"]] == ["title"]


def test_a_filter_given_twice_is_refused_and_not_dropped(olga):
    answer = olga.client.get("/api/library?tag=a&tag=b")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "tag")


def titles(person, path="/api/library", **query):
    found, cursor = [], None
    while True:
        page = person.client.get(path, query_string=query | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.json
        found += [each["title"] for each in page.json["items"]]
        cursor = page.json["next_cursor"]
        if cursor is None:
            return found


def waiting(person, make, status="ready_to_confirm"):
    mine = {"id": person.id, "workspace_id": person.workspace_id}
    return str(make.item(mine, status=status)["id"])


def results(answer):
    assert answer.status_code == 200, answer.json
    return [each["result"] for each in answer.json["items"]]


@pytest.mark.long
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_the_library_has_what_is_confirmed_newest_first(olga, make, limit):
    for text in ("one", "two", "three"):
        note(olga, text)
    waiting(olga, make)
    item(olga, status="discarded")
    assert titles(olga, limit=limit) == ["three", "two", "one"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "OAK"}, ["Oak posts", "An oak"]),
        ({"tag": "GARDEN"}, ["Paint", "Oak posts"]),
        ({"q": "oak", "tag": "garden"}, ["Oak posts"]),
        ({"q": "100%"}, []),
        ({"q": "_"}, []),
        ({"tag": "unheard of"}, []),
    ],
    ids=str,
)
def test_the_library_is_filtered(olga, query, found):
    note(olga, "An oak")
    note(olga, "Oak posts", "garden")
    note(olga, "Paint", "Garden", "fence")
    assert titles(olga, **query) == found


@pytest.mark.long
def test_the_trash_has_what_is_discarded_until_it_is_purged(olga, owner):
    gone, kept = item(olga, "garden", status="discarded"), note(olga, "kept")
    assert titles(olga, "/api/trash") == ["x"]
    ids = [gone["id"], kept["id"], str(uuid4()), gone["id"]]
    answer = olga.client.post("/api/trash/purge", json={"ids": ids})
    assert results(answer) == ["done", "not_allowed", "not_found"]
    assert titles(olga, "/api/trash") == []
    assert titles(olga) == ["kept"]
    rows = owner.execute(
        "SELECT event FROM events WHERE entity_id = %s ORDER BY id", (gone["id"],)
    ).fetchall()
    assert rows[-1] == ("item.purged",)


@pytest.mark.long
def test_many_are_confirmed_and_each_says_what_became_of_it(olga, people, make):
    ready, enriching = waiting(olga, make), waiting(olga, make, "enriching")
    foreign = waiting(people.person("max"), make)
    body = {"ids": [ready, enriching, foreign, str(uuid4())], "action": "confirm"}
    body["add_tags"] = ["garden"]
    answer = olga.client.post("/api/items/bulk", json=body)
    assert results(answer) == ["done", "not_allowed", "not_found", "not_found"]
    confirmed = olga.client.get(f"/api/items/{ready}").json
    assert (confirmed["status"], confirmed["tags"]) == ("confirmed", ["garden"])
    assert confirmed["confirmed_at"] is not None
    assert olga.client.get(f"/api/items/{enriching}").json["tags"] == []
    moves = olga.client.get(f"/api/items/{ready}/events").json["items"]
    assert [move["event"] for move in moves][-2:] == ["item.confirmed", "item.edited"]


def test_many_are_confirmed_that_failed_or_take_long(olga, make, owner):
    failed, slow, fresh = (
        waiting(olga, make, each) for each in ("failed", "enriching", "enriching")
    )
    owner.execute("UPDATE outbox SET last_error = 'Too slow.' WHERE subject_id = %s", (slow,))
    body = {"ids": [failed, slow, fresh], "action": "confirm"}
    assert results(olga.client.post("/api/items/bulk", json=body)) == [
        "done",
        "done",
        "not_allowed",
    ]
    listed = {each["id"]: each["error"] for each in olga.client.get("/api/library").json["items"]}
    assert listed == {failed: None, slow: "Too slow."}


@pytest.mark.long
def test_many_are_tagged_and_untagged(olga):
    made = [note(olga, text, "old")["id"] for text in ("one", "two")]
    gone = item(olga, "old", status="discarded")["id"]
    body = {"ids": [*made, gone], "add_tags": ["New", "new"], "remove_tags": ["OLD"]}
    assert results(olga.client.post("/api/items/bulk", json=body)) == [
        "done",
        "done",
        "not_allowed",
    ]
    for each in made:
        assert olga.client.get(f"/api/items/{each}").json["tags"] == ["New"]
    assert olga.client.get(f"/api/items/{gone}").json["tags"] == ["old"]


@pytest.mark.long
def test_many_are_marked_as_read_and_as_favourites(olga):
    made = [note(olga, text)["id"] for text in ("one", "two")]
    gone = item(olga, status="discarded")["id"]
    marks = {"is_read": True, "is_favourite": True}
    answer = olga.client.post("/api/items/bulk", json={"ids": [*made, gone]} | marks)
    assert results(answer) == ["done", "done", "not_allowed"]
    assert titles(olga, is_read="true", is_favourite="true") == ["two", "one"]
    body = {"ids": made[:1], "is_read": False, "add_tags": ["later"]}
    assert results(olga.client.post("/api/items/bulk", json=body)) == ["done"]
    found = olga.client.get(f"/api/items/{made[0]}").json
    assert (found["is_read"], found["is_favourite"], found["tags"]) == (False, True, ["later"])
    edits = olga.client.get(f"/api/items/{made[0]}/events").json["items"][1:]
    assert [sorted(each["payload"]["fields"]) for each in edits] == [
        ["is_favourite", "is_read"],
        ["add_tags", "is_read"],
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ids": []}, "action"),
        ({"ids": [], "is_read": None}, "is_read"),
        ({"ids": [], "is_favourite": "yes"}, "is_favourite"),
        ({"action": "confirm"}, "ids"),
        ({"ids": ["x"], "action": "confirm"}, "ids.0"),
        ({"ids": [], "action": "retry"}, "action"),
    ],
    ids=str,
)
def test_bad_input_names_its_field(olga, body, field):
    answer = olga.client.post("/api/items/bulk", json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]


@pytest.mark.parametrize("path", ["/api/items/bulk", "/api/trash/purge", "/api/me/tasks/complete"])
def test_more_than_five_hundred_at_once_are_refused(olga, path):
    body = {"ids": [str(uuid4()) for _ in range(501)]}
    if "bulk" in path:
        body["action"] = "discard"
    assert olga.client.post(path, json=body).status_code == 422


@pytest.mark.long
def test_many_take_as_many_statements_as_one(app, olga, make, monkeypatch):
    from sql import Query

    asked = []
    real = Query.__call__

    def counted(self, conn, /, **parameters):
        asked.append(self.name)
        return real(self, conn, **parameters)

    one, many = [waiting(olga, make)], [waiting(olga, make) for _ in range(50)]
    monkeypatch.setattr(Query, "__call__", counted)
    taken = []
    for ids in (one, many):
        asked.clear()
        body = {"ids": ids, "action": "confirm", "add_tags": ["garden"]}
        assert set(results(olga.client.post("/api/items/bulk", json=body))) == {"done"}
        taken.append(list(asked))
    assert taken[0] == taken[1]


@pytest.mark.long
def test_what_is_discarded_for_long_is_purged(olga, owner, settings, worker, app_conn):
    from dataclasses import replace

    from workers import purge_items

    old, new = item(olga, status="discarded"), item(olga, status="discarded")
    note(olga, "kept")
    owner.execute(
        "UPDATE items SET updated_at = now() - interval '31 days' WHERE id = %s", (old["id"],)
    )
    with app_conn.transaction():
        app_conn.execute("SELECT set_config('coffer.actor', 'worker:purge_items', true)")
        assert purge_items.remove(app_conn, replace(settings, trash_kept_days=0)) == 0
        assert purge_items.remove(app_conn, settings) == 1
    left = [
        str(each) for (each,) in owner.execute("SELECT id FROM items WHERE status = 'discarded'")
    ]
    assert left == [new["id"]]
