"""Tags over HTTP."""

from __future__ import annotations

import random
import secrets
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from sql import queries
from tests.blueprints.examples import Examples
from tests.factories import NOWHERE
from tests.sql.test_search_index import assert_true as assert_true_index

EXAMPLES = Examples(
    things={
        "tag_id": lambda place: queries.tags.create(
            place.make.conn, workspace_id=place.workspace_id, name=secrets.token_hex(8), color=None
        )["id"]
    },
    bodies={"tags.merge": {"into": NOWHERE[:-1] + "1"}},
)

TAGS = "/api/tags"


def tag(person, name="garden", **more):
    answer = person.client.post(TAGS, json={"name": name, **more})
    assert answer.status_code in (200, 201), answer.json
    return answer.json


def item(person, *tags, status="confirmed"):
    body = {"source_type": "note", "raw_text": "x", "tags": list(tags), "enrich": False}
    made = person.client.post("/api/items", json=body).json
    if status == "discarded":
        person.client.patch(f"/api/items/{made['id']}", json={"action": "discard"})
    return made


def listed(person, **query):
    """The names of the whole list, page by page."""
    found, cursor = [], None
    while True:
        page = person.client.get(TAGS, query_string=query | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.json
        found += [each["name"] for each in page.json["items"]]
        cursor = page.json["next_cursor"]
        if cursor is None:
            return found


def test_a_new_tag_is_201_and_the_same_in_another_case_200(olga):
    first = olga.client.post(TAGS, json={"name": " Garden ", "color": "#2e7d32"})
    assert (first.status_code, first.json["name"]) == (201, "Garden")
    again = olga.client.post(TAGS, json={"name": "GARDEN", "color": "#000000"})
    assert (again.status_code, again.json) == (200, first.json)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "\u200b\u00ad"}, "name"),
        ({"name": "#"}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": "x", "color": "red"}, "color"),
        ({"name": "x", "color": "#FFF"}, "color"),
        ({"name": "x", "color": "#12345g"}, "color"),
        ({"name": "x", "color": "#123456\n"}, "color"),
    ],
    ids=str,
)
def test_bad_input_names_its_field(olga, given, field):
    answer = olga.client.post(TAGS, json=given)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]


@pytest.mark.long
def test_the_counts_are_of_what_is_there_now(olga):
    item(olga, "garden", "fence")
    gone = item(olga, "garden")
    olga.client.post("/api/me/tasks", json={"title": "x", "tags": ["garden"]})
    tag(olga, "unused")

    def counts():
        rows = olga.client.get(TAGS).json["items"]
        return {row["name"]: (row["items"], row["tasks"], row["usage"]) for row in rows}

    assert counts() == {"fence": (1, 0, 1), "garden": (2, 1, 3), "unused": (0, 0, 0)}
    olga.client.patch(f"/api/items/{gone['id']}", json={"action": "discard"})
    assert counts()["garden"] == (1, 1, 2)


@pytest.mark.long
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_the_list_is_sorted_page_by_page(olga, owner, limit):
    item(olga, "b", "A")
    item(olga, "A")
    item(olga, "c")
    tag(olga, "ä")
    owner.execute(
        "UPDATE item_tags SET created_at = now() - interval '1 day'"
        " WHERE tag_id = (SELECT id FROM tags WHERE name = 'A')"
    )
    owner.execute(
        "UPDATE item_tags SET created_at = now() - interval '1 hour'"
        " WHERE tag_id = (SELECT id FROM tags WHERE name = 'b')"
    )
    assert listed(olga, limit=limit) == ["A", "ä", "b", "c"]
    assert listed(olga, sort="usage", limit=limit) == ["A", "b", "c", "ä"]
    assert listed(olga, sort="last_used", limit=limit) == ["c", "b", "A", "ä"]
    assert listed(olga, unused="true", limit=limit) == ["ä"]


@pytest.mark.long
def test_a_rename_keeps_what_carries_it(olga):
    made = item(olga, "garden")
    found = tag(olga)
    path = f"{TAGS}/{found['id']}"
    renamed = olga.client.patch(path, json={"name": "Yard", "color": "#2E7D32"}).json
    assert (renamed["name"], renamed["color"], renamed["usage"]) == ("Yard", "#2e7d32", 1)
    assert olga.client.get(f"/api/items/{made['id']}").json["tags"] == ["Yard"]
    assert olga.client.patch(path, json={"name": "YARD"}).json["name"] == "YARD"
    assert olga.client.patch(path, json={"color": ""}).json["color"] is None
    olga.client.patch(path, json={"color": "#000000"})
    assert olga.client.patch(path, json={"color": None}).json["color"] is None
    assert olga.client.patch(path, json={"name": None}).status_code == 422


def test_a_name_that_another_tag_has_is_409(olga):
    found = tag(olga)
    tag(olga, "fence")
    answer = olga.client.patch(f"{TAGS}/{found['id']}", json={"name": "FENCE"})
    assert (answer.status_code, answer.json["code"]) == (409, "tag_exists")


CAFE = [
    *("caf\u00e9", "cafe\u0301", "CAF\u00c9", " #caf\u00e9"),
    *("ca\u00adf\u00e9\u200b", "\uff23\uff41\uff46\u00e9"),
]


def test_a_name_is_one_tag_however_it_is_written(olga):
    first = tag(olga, CAFE[0])
    for written in CAFE:
        again = olga.client.post(TAGS, json={"name": written})
        assert (again.status_code, again.json["id"]) == (200, first["id"]), ascii(written)
    made = item(olga, *CAFE, "#oak", "tea ")
    assert made["tags"] == ["caf\u00e9", "oak", "tea"]
    assert olga.client.get(f"{TAGS}/{first['id']}").json["usage"] == 1
    for written in CAFE:
        assert olga.client.get("/api/library", query_string={"tag": written}).json["items"]
        change = {"remove_tags": [written]}
        changed = olga.client.patch(f"/api/items/{made['id']}", json=change)
        assert changed.json["tags"] == ["oak", "tea"]
        back = olga.client.patch(f"/api/items/{made['id']}", json={"add_tags": [written]})
        assert back.json["tags"] == ["caf\u00e9", "oak", "tea"]


@pytest.mark.long
def test_a_rename_to_another_form_of_a_name(olga):
    coffee, tea = tag(olga, "caf\u00e9"), tag(olga, "tea")
    taken = olga.client.patch(f"{TAGS}/{tea['id']}", json={"name": "#CAFE\u0301"})
    assert (taken.status_code, taken.json["code"]) == (409, "tag_exists")
    own = olga.client.patch(f"{TAGS}/{coffee['id']}", json={"name": "#CAFE\u0301"})
    assert (own.status_code, own.json["name"]) == (200, "CAFE\u0301")


@pytest.mark.long
def test_a_merge_takes_everything_along_once(olga):
    both, one = item(olga, "garden", "yard"), item(olga, "yard")
    task = olga.client.post("/api/me/tasks", json={"title": "x", "tags": ["yard"]}).json
    garden, yard = tag(olga), tag(olga, "yard")
    merged = olga.client.post(f"{TAGS}/{yard['id']}/merge", json={"into": garden["id"]})
    assert (merged.json["id"], merged.json["items"], merged.json["tasks"]) == (garden["id"], 2, 1)
    assert olga.client.get(f"{TAGS}/{yard['id']}").status_code == 404
    for path in (
        f"/api/items/{both['id']}",
        f"/api/items/{one['id']}",
        f"/api/me/tasks/{task['id']}",
    ):
        assert olga.client.get(path).json["tags"] == ["garden"]


@pytest.mark.long
def test_a_merge_with_what_is_not_there_changes_nothing(olga, people):
    garden, foreign = tag(olga), tag(people.person("max"))
    for into in (garden["id"], foreign["id"], str(uuid4())):
        answer = olga.client.post(f"{TAGS}/{garden['id']}/merge", json={"into": into})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "into")
    away = olga.client.post(f"{TAGS}/{foreign['id']}/merge", json={"into": garden["id"]})
    assert away.status_code == 404
    assert listed(olga) == ["garden"]


@pytest.mark.long
def test_a_removed_tag_is_on_nothing(olga):
    made = item(olga, "garden")
    found = tag(olga)
    assert olga.client.delete(f"{TAGS}/{found['id']}").status_code == 204
    assert olga.client.delete(f"{TAGS}/{found['id']}").status_code == 404
    assert olga.client.get(f"/api/items/{made['id']}").json["tags"] == []


@pytest.mark.long
def test_merges_renames_removals_and_uses_at_once_end_consistent(app, people, olga, owner):
    """In any order: no error of ours, no dangling links, and correct counts."""
    items = [item(olga)["id"] for _ in range(6)]
    names = ["a", "b", "c", "d"]
    for name in names:
        tag(olga, name)
    authorization = {"Authorization": olga.client.environ_base["HTTP_AUTHORIZATION"]}

    def work(seed):
        rng, client, statuses = random.Random(seed), app.test_client(), []

        def call(method, path, body=None):
            answer = client.open(path, method=method, json=body, headers=authorization)
            statuses.append(answer.status_code)
            return answer

        for _ in range(25):
            known = call("GET", TAGS).json["items"]
            chosen = rng.sample(known, 2) if len(known) > 1 else []
            match rng.randrange(5):
                case 0 | 1:
                    body = {"add_tags": rng.sample(names, 2), "remove_tags": rng.sample(names, 1)}
                    call("PATCH", f"/api/items/{rng.choice(items)}", body)
                case 2 if chosen:
                    body = {"into": chosen[1]["id"]}
                    call("POST", f"{TAGS}/{chosen[0]['id']}/merge", body)
                case 3 if chosen:
                    call("PATCH", f"{TAGS}/{chosen[0]['id']}", {"name": rng.choice(names)})
                case _ if chosen:
                    call("DELETE", f"{TAGS}/{chosen[0]['id']}")
        return statuses

    with ThreadPoolExecutor(4) as threads:
        statuses = {status for found in threads.map(work, range(4)) for status in found}
    assert statuses <= {200, 204, 404, 409, 422}
    counted = {row["name"]: row["items"] for row in olga.client.get(TAGS).json["items"]}
    recounted = owner.execute(
        "SELECT name, count(item_id) FROM tags LEFT JOIN item_tags ON tag_id = id GROUP BY tags.id"
    ).fetchall()
    assert counted == dict(recounted)
    shown = [olga.client.get(f"/api/items/{each}").json["tags"] for each in items]
    assert sum(counted.values()) == sum(map(len, shown))
    assert_true_index(owner)


@pytest.mark.long
def test_captures_that_share_a_tag_do_not_wait_for_each_other(make, database):
    user = make.user()
    mine = {"workspace_id": user["workspace_id"]}
    make.item(user, tags=["garden"])
    with database.connect(role="app") as one, database.connect(role="app") as other:
        other.execute("SET lock_timeout = '1s'")
        with one.transaction(), other.transaction():
            made = [
                queries.tags.make(one, names=["Garden", "oak"], **mine),
                queries.tags.make(other, names=["beech", "GARDEN", "garden"], **mine),
            ]
    assert made == [2, 2]


@pytest.mark.long
def test_a_change_that_collides_with_another_can_be_sent_again(olga, monkeypatch):
    one, other = tag(olga, "one"), tag(olga, "other")
    call = {"path": f"{TAGS}/{one['id']}/merge", "json": {"into": other["id"]}}

    def collides(conn, **_):
        conn.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END $$")

    with monkeypatch.context() as patched:
        patched.setattr(queries.tags, "merge", collides)
        answer = olga.client.post(**call)
    assert (answer.status_code, answer.json["code"]) == (503, "collided")
    assert answer.headers["Retry-After"]
    assert olga.client.post(**call).status_code == 200
