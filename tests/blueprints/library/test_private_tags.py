"""What a workspace's tags do not reveal about other people's tasks."""

from __future__ import annotations

import pytest

from sql import queries

TAGS = "/api/tags"


@pytest.fixture
def team(olga, people):
    """A workspace that Olga shares with Max, and with Vic, who is a viewer."""
    max_, vic = people.person("max"), people.person("vic")
    workspace_id = people.workspace(olga, member=max_, viewer=vic)
    for person in (olga, max_, vic):
        person.workspace_id = workspace_id
        person.client.environ_base["HTTP_X_WORKSPACE_ID"] = str(workspace_id)
    return {"olga": olga, "max": max_, "vic": vic}


def do(person, *tags):
    """Somebody's task, with some tags."""
    answer = person.client.post("/api/me/tasks", json={"title": "x", "tags": list(tags)})
    assert answer.status_code == 201, answer.json
    return answer.json


def capture(person, *tags):
    body = {"source_type": "note", "raw_text": "x", "enrich": False, "tags": list(tags)}
    answer = person.client.post("/api/items", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def listed(client, **query):
    answer = client.get(TAGS, query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def counts(client, **query):
    return {
        (row["name"], row["is_private"]): (row["items"], row["tasks"], row["usage"])
        for row in listed(client, **query)
    }


@pytest.mark.long
@pytest.mark.parametrize("who", ["max", "vic"])
def test_nobody_sees_a_tag_that_only_anothers_tasks_carry(team, who):
    do(team["olga"], "divorce")
    (mine,) = listed(team["olga"].client)
    assert (mine["name"], mine["is_private"], mine["tasks"]) == ("divorce", True, 1)
    other = team[who].client
    for query in ({}, {"sort": "usage"}, {"sort": "last_used"}, {"unused": "true"}):
        assert listed(other, **query) == []
    assert other.get(f"{TAGS}/{mine['id']}").status_code == 404
    for path in ("/api/search/suggest?q=divor", "/api/search?q=divorce", "/api/search?q=divorcee"):
        assert other.get(path).json["items"] == []
    assert team["olga"].client.get("/api/search/suggest?q=divor").json["items"][0]["type"] == "tag"


@pytest.mark.long
def test_nobody_changes_it(team):
    do(team["olga"], "divorce")
    (mine,) = listed(team["olga"].client)
    other, path = team["max"].client, f"{TAGS}/{mine['id']}"
    into = other.post(TAGS, json={"name": "garden"}).json
    assert other.patch(path, json={"name": "x"}).status_code == 404
    assert other.post(f"{path}/merge", json={"into": into["id"]}).status_code == 404
    assert other.post(f"{TAGS}/{into['id']}/merge", json={"into": mine["id"]}).status_code == 422
    assert other.delete(path).status_code == 404
    assert mine in listed(team["olga"].client)


@pytest.mark.long
def test_whoever_makes_one_of_the_same_name_learns_nothing(team):
    do(team["olga"], "Divorce")
    (hers,) = listed(team["olga"].client)
    assert do(team["max"], "DIVORCE")["tags"] == ["DIVORCE"]
    renamed = team["max"].client.post(TAGS, json={"name": "x"}).json
    answer = team["max"].client.patch(f"{TAGS}/{renamed['id']}", json={"name": "divorce"})
    assert answer.status_code == 200
    assert team["max"].client.delete(f"{TAGS}/{renamed['id']}").status_code == 204
    made = team["max"].client.post(TAGS, json={"name": "divorce"})
    assert (made.status_code, made.json["usage"]) == (201, 0)
    assert made.json["id"] > hers["id"]
    assert made.json["created_at"] > hers["created_at"]
    assert counts(team["vic"].client) == {("divorce", False): (0, 0, 0)}


@pytest.mark.long
def test_counts_and_times_are_of_what_one_may_find(team, owner):
    capture(team["max"], "garden")
    owner.execute("UPDATE item_tags SET created_at = now() - interval '1 day'")
    do(team["olga"], "garden")
    do(team["olga"], "garden")
    do(team["max"], "garden")
    seen = {name: counts(person.client) for name, person in team.items()}
    assert seen == {
        "olga": {("garden", False): (1, 2, 3)},
        "max": {("garden", False): (1, 1, 2)},
        "vic": {("garden", False): (1, 0, 1)},
    }
    (first,) = owner.execute("SELECT created_at FROM item_tags").fetchone()
    (row,) = listed(team["vic"].client)
    assert row["last_used_at"] == first.isoformat().replace("+00:00", "Z")
    (row,) = listed(team["olga"].client)
    assert row["last_used_at"] > first.isoformat()


@pytest.mark.long
def test_a_key_that_may_not_see_tasks_counts_none(team, people):
    capture(team["olga"], "garden")
    do(team["olga"], "garden", "divorce")
    scopes = ["workspace:items:read"]
    for more, expected in (
        ([], {("garden", False): (1, 0, 1)}),
        (
            ["workspace:tasks:read"],
            {("divorce", True): (0, 1, 1), ("garden", False): (1, 1, 2)},
        ),
    ):
        _, secret = people.key(team["olga"], scopes + more, workspace_id=team["olga"].workspace_id)
        assert counts(people.client(X_API_Key=secret)) == expected


@pytest.mark.long
def test_in_a_workspace_of_ones_own_no_tag_is_private(olga):
    do(olga, "divorce")
    capture(olga, "divorce")
    assert counts(olga.client) == {("divorce", False): (1, 1, 2)}


@pytest.mark.long
def test_a_task_takes_the_tag_that_everybody_sees_if_there_is_one(team):
    task = do(team["olga"], "divorce")
    capture(team["max"], "divorce")
    assert counts(team["olga"].client) == {
        ("divorce", True): (0, 1, 1),
        ("divorce", False): (1, 0, 1),
    }
    found = team["olga"].client.get("/api/search?q=%23divorce").json["items"]
    assert {each["type"] for each in found} == {"item", "task"}
    body = {"title": "x", "tags": ["Divorce", "lawyer"]}
    changed = team["olga"].client.put(f"/api/me/tasks/{task['id']}", json=body)
    assert changed.json["tags"] == ["divorce", "lawyer"]
    assert counts(team["olga"].client) == {
        ("divorce", True): (0, 0, 0),
        ("divorce", False): (1, 1, 2),
        ("lawyer", True): (0, 1, 1),
    }


@pytest.mark.long
def test_a_private_tag_merges_into_one_that_everybody_sees_and_not_the_other_way(team):
    task = do(team["olga"], "divorce")
    capture(team["olga"], "garden")
    ids = {row["name"]: row["id"] for row in listed(team["olga"].client)}
    client = team["olga"].client
    answer = client.post(f"{TAGS}/{ids['garden']}/merge", json={"into": ids["divorce"]})
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == ["into"]
    answer = client.post(f"{TAGS}/{ids['divorce']}/merge", json={"into": ids["garden"]})
    assert (answer.json["items"], answer.json["tasks"]) == (1, 1)
    assert client.get(f"/api/me/tasks/{task['id']}").json["tags"] == ["garden"]


def test_enrichment_is_not_told_of_private_tags(team, make):
    do(team["olga"], "divorce")
    capture(team["olga"], "garden")
    body = {"source_type": "note", "raw_text": "x"}
    item = team["max"].client.post("/api/items", json=body).json
    (row,) = queries.items.load_for_enrichment(make.conn, ids=[item["id"]], most_tags=10)
    assert row["known_tags"] == ["garden"]
