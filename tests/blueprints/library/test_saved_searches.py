"""Searches that are kept by a name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from webapp.blueprints.library import saved_searches as module
from webapp.schemas.library.saved_searches import SavedSearch

SEARCHES = "/api/saved-searches"
OAK = {"name": "Oak, unread", "q": "oak po"}


def saved_search_in(place):
    return place.make.conn.execute(
        "INSERT INTO saved_searches (workspace_id, user_id, name, q)"
        " VALUES (%s, %s, 'Milk ' || uuidv7(), 'milk') RETURNING id",
        (place.workspace_id, place.owner.id),
    ).fetchone()[0]


EXAMPLES = Examples(
    things={"saved_search_id": saved_search_in},
    personal={"saved_search_id"},
    bodies={"saved_searches.create": OAK, "saved_searches.change": {"name": "x"}},
)


def note(client, text, **more):
    body = {"source_type": "note", "raw_text": text, "enrich": False} | more
    return client.post("/api/items", json=body).json


@pytest.mark.long
def test_a_search_is_saved_renamed_listed_by_name_and_removed(ana):
    answer = ana.post(SEARCHES, json=OAK)
    assert answer.status_code == 201, answer.json
    assert SavedSearch().load(answer.json)
    path = answer.headers["Location"]
    assert ana.get(path).json == answer.json
    for name in ("Zebra", "Ärger", "banana"):
        assert ana.post(SEARCHES, json={"name": name, "q": "x "}).json["q"] == "x "
    names, cursor = [], None
    for _ in range(4):
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = ana.get(SEARCHES, query_string=query).json
        names += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert (names, cursor) == (["Ärger", "banana", "Oak, unread", "Zebra"], None)
    assert ana.patch(path, json={"name": "Oak"}).json["q"] == "oak po"
    assert ana.patch(path, json={"q": "#oak"}).json["name"] == "Oak"
    assert ana.delete(path).status_code == 204
    assert ana.get(path).status_code == 404


@pytest.mark.long
def test_its_results_are_those_of_the_search(ana):
    for text in ("Oak posts", "Oak porch", "An oak table"):
        note(ana, text)
    path = ana.post(SEARCHES, json=OAK).headers["Location"]
    for query in ({}, {"limit": 1}):
        results = ana.get(f"{path}/results", query_string=query).json
        assert results == ana.get("/api/search", query_string=query | {"q": OAK["q"]}).json
        assert len(results["items"]) == query.get("limit", 2)
    cursor = results["next_cursor"]
    rest = ana.get(f"{path}/results", query_string={"limit": 1, "cursor": cursor}).json
    assert rest["items"] != results["items"]
    assert rest["next_cursor"] is None
    answer = ana.get(f"{path}/results?cursor=x")
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")


@pytest.mark.long
def test_it_is_its_users_alone_in_a_shared_workspace(people):
    olga, max_ = people.person("olga"), people.person("max")
    team = {"X-Workspace-Id": str(people.workspace(olga, member=max_))}
    answer = olga.client.post(SEARCHES, json=OAK, headers=team)
    path = answer.headers["Location"]
    assert max_.client.get(SEARCHES, headers=team).json["items"] == []
    for method in ("get", "patch", "delete"):
        body = {"json": {"name": "x"}} if method == "patch" else {}
        assert getattr(max_.client, method)(path, headers=team, **body).status_code == 404
    assert max_.client.get(f"{path}/results", headers=team).status_code == 404
    assert max_.client.post(SEARCHES, json=OAK, headers=team).status_code == 201
    assert olga.client.get(SEARCHES).json["items"] == []
    assert olga.client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["OAK, UNREAD", "Oak,\u00a0 unread", "oak, unread\u200b"])
def test_a_name_is_there_once_however_it_is_written(ana, name):
    ana.post(SEARCHES, json=OAK)
    assert_problem(ana.post(SEARCHES, json=OAK | {"name": name}), 409, "saved_search_exists")
    other = ana.post(SEARCHES, json=OAK | {"name": "other"}).headers["Location"]
    assert_problem(ana.patch(other, json={"name": name}), 409, "saved_search_exists")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"q": "is:nothing"}, ["q"]),
        ({"q": "before:soon"}, ["q"]),
        ({"q": " ".join("abcdefghijklmnopqrstuvwxyz")}, ["q"]),
        ({"q": " \u200b"}, ["q"]),
        ({"q": "x" * 201}, ["q"]),
        ({"q": None}, ["q"]),
        ({"name": " "}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": None}, ["name"]),
        ({"user_id": "x"}, ["user_id"]),
    ],
    ids=lambda given: str(given)[:30],
)
def test_bad_input_names_its_field(ana, change, fields):
    assert_problem(ana.post(SEARCHES, json=OAK | change), 422, "invalid_input", *fields)
    path = ana.post(SEARCHES, json=OAK).headers["Location"]
    assert_problem(ana.patch(path, json=change), 422, "invalid_input", *fields)


@pytest.mark.long
def test_a_user_has_so_many_and_no_more_even_at_once(ana, app, monkeypatch):
    monkeypatch.setattr(module, "MOST_SAVED_SEARCHES", 2)

    def send(number):
        client = app.test_client()
        client.environ_base = ana.environ_base
        return client.post(SEARCHES, json=OAK | {"name": str(number)}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(send, range(4))) == [201, 201, 409, 409]
    assert_problem(ana.post(SEARCHES, json=OAK), 409, "too_many_saved_searches")


@pytest.mark.long
def test_a_key_that_may_only_search_runs_and_changes_nothing(people):
    olga = people.person("olga")
    path = olga.client.post(SEARCHES, json=OAK).headers["Location"]
    _, key = people.key(olga, ["workspace:search:read"])
    client = people.client(X_API_Key=key)
    assert client.get(f"{path}/results").status_code == 200
    assert client.delete(path).status_code == 403
