"""Workspaces that people share: created, listed, renamed and chosen by a header."""

from __future__ import annotations

import pytest

from tests.blueprints.examples import Examples
from tests.factories import NOWHERE
from webapp.routes.idempotency import HEADER, REPLAYED

EXAMPLES = Examples(
    things={"workspace_id": lambda place: place.workspace_id},
    not_kept={"/api/workspaces/<uuid:workspace_id>/leave"},
)

NOTE = {"source_type": "note", "raw_text": "Buy milk."}
WORKSPACES = "/api/workspaces"


def every_page(client, path, limit):
    """All entries of a list, and how many pages they took."""
    entries, pages, cursor = [], 0, None
    while True:
        found = client.get(f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
        entries += found["items"]
        pages += 1
        cursor = found["next_cursor"]
        if cursor is None:
            return entries, pages


def test_who_makes_a_workspace_owns_it(olga, owner):
    answer = olga.client.post(WORKSPACES, json={"name": "  Garden  "})
    assert answer.status_code == 201
    made = answer.json
    assert {key: made[key] for key in ("name", "is_personal", "role")} == {
        "name": "Garden",
        "is_personal": False,
        "role": "owner",
    }
    path = answer.headers["Location"]
    assert path == f"{WORKSPACES}/{made['id']}"
    assert olga.client.get(path).json == made
    members = olga.client.get(f"{path}/members").json["items"]
    assert [(member["id"], member["role"]) for member in members] == [(str(olga.id), "owner")]
    entry = owner.execute("SELECT action, actor, workspace_id::text FROM audit_log").fetchone()
    assert entry == ("workspace.created", f"user:{olga.id}", made["id"])


def test_made_twice_with_one_idempotency_key_it_is_one(olga):
    headers = {HEADER: "k"}
    answers = [
        olga.client.post(WORKSPACES, json={"name": "Garden"}, headers=headers) for _ in range(2)
    ]
    assert answers[0].data == answers[1].data
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert len(every_page(olga.client, WORKSPACES, 20)[0]) == 2


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"name": ""}, {"name": "  "}, {"name": "x" * 101}, {"name": None}, {"name": 1}),
        *({"name": "a\0b"}, {"name": "Garden", "personal_of": NOWHERE}, []),
    ],
    ids=["no name", "empty", "blank", "long", "null", "number", "NUL", "surplus", "list"],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_invalid_name_is_refused(people, olga, method, body):
    path = WORKSPACES if method == "POST" else f"{WORKSPACES}/{people.workspace(olga)}"
    assert olga.client.open(path, method=method, json=body).status_code == 422
    names = {each["name"] for each in olga.client.get(WORKSPACES).json["items"]}
    assert names <= {"Olga", "Team"}


@pytest.mark.parametrize(
    "name", ["x" * 100, "Küche ☕", "'; DROP TABLE users; --", "%s %(name)s", "<b>"]
)
def test_a_name_is_kept_as_it_came(olga, name):
    path = olga.client.post(WORKSPACES, json={"name": "Garden"}).headers["Location"]
    assert olga.client.patch(path, json={"name": name}).json["name"] == name
    assert olga.client.get(path).json["name"] == name


@pytest.mark.long
def test_the_list_has_ones_own_workspaces_page_by_page(people, olga):
    sten = people.person("sten")
    shared = [people.workspace(olga) for _ in range(4)]
    joined = people.workspace(sten, viewer=olga)
    foreign = people.workspace(sten)
    for limit in (1, 2, 5, 6, 7):
        entries, pages = every_page(olga.client, WORKSPACES, limit)
        ids = [entry["id"] for entry in entries]
        assert sorted(ids) == sorted(map(str, [olga.workspace_id, *shared, joined]))
        assert pages == -(-6 // limit)
        assert str(foreign) not in ids
    by_id = {entry["id"]: entry for entry in entries}
    assert by_id[str(olga.workspace_id)]["is_personal"]
    assert by_id[str(joined)]["role"] == "viewer"


@pytest.mark.parametrize("cursor", ["x", "eA", "!!!!", "w7w", "a" * 201])
def test_an_invalid_cursor_is_refused(olga, cursor):
    assert olga.client.get(f"{WORKSPACES}?cursor={cursor}").status_code in (400, 422)


@pytest.mark.long
def test_owners_rename_and_the_others_do_not(people, olga, owner):
    max_, vera, sten = (people.person(name) for name in ("max", "vera", "sten"))
    path = f"{WORKSPACES}/{people.workspace(olga, member=max_, viewer=vera)}"
    for person, status in ((max_, 403), (vera, 403), (sten, 404)):
        assert person.client.patch(path, json={"name": "Mine"}).status_code == status
    assert olga.client.patch(path, json={"name": "Garden"}).json["name"] == "Garden"
    assert max_.client.get(path).json == olga.client.get(path).json | {"role": "member"}
    renamed = owner.execute(
        "SELECT actor, details FROM audit_log WHERE action = 'workspace.renamed'"
    ).fetchall()
    assert renamed == [(f"user:{olga.id}", {"name": "Garden"})]


def test_an_admin_is_a_stranger_in_others_workspaces(people, olga):
    ada = people.person("ada", admin=True)
    path = f"{WORKSPACES}/{people.workspace(olga)}"
    assert ada.client.get(path).status_code == 404
    assert ada.client.patch(path, json={"name": "Mine"}).status_code == 404


def test_the_workspace_of_the_address_counts_and_not_that_of_the_header(people, olga):
    sten = people.person("sten")
    path = f"{WORKSPACES}/{people.workspace(olga)}"
    own = {"X-Workspace-Id": str(sten.workspace_id)}
    assert sten.client.get(path, headers=own).status_code == 404
    assert sten.client.patch(path, json={"name": "Mine"}, headers=own).status_code == 404


# Choosing a workspace by X-Workspace-Id


@pytest.mark.long
def test_the_header_says_which_workspace_items_are_of(people, olga):
    max_ = people.person("max")
    team = {"X-Workspace-Id": str(people.workspace(olga, member=max_))}
    made = olga.client.post("/api/items", json=NOTE, headers=team).json["id"]
    item = f"/api/items/{made}"
    assert olga.client.get(item).status_code == 404
    assert olga.client.get(item, headers=team).status_code == 200
    assert max_.client.get(item, headers=team).status_code == 200
    assert max_.client.get(item).status_code == 404
    other = {"X-Workspace-Id": str(people.workspace(olga))}
    assert olga.client.get(item, headers=other).status_code == 404
    assert olga.client.patch(item, json={"action": "discard"}, headers=other).status_code == 404


@pytest.mark.long
def test_a_viewer_reads_items_and_writes_none(people, olga, owner):
    vera = people.person("vera")
    team = {"X-Workspace-Id": str(people.workspace(olga, viewer=vera))}
    item = f"/api/items/{olga.client.post('/api/items', json=NOTE, headers=team).json['id']}"
    assert vera.client.get(item, headers=team).status_code == 200
    assert vera.client.post("/api/items", json=NOTE, headers=team).status_code == 403
    change = vera.client.patch(item, json={"action": "discard"}, headers=team)
    assert change.status_code == 403
    assert vera.client.post(f"{item}/retry", headers=team).status_code == 403
    assert owner.execute("SELECT count(*) FROM items").fetchone() == (1,)
    assert vera.client.post("/api/items", json=NOTE).status_code == 201


def test_who_left_sees_nothing_from_the_next_request_on(people, olga):
    max_ = people.person("max")
    workspace_id = people.workspace(olga, member=max_)
    team = {"X-Workspace-Id": str(workspace_id)}
    assert max_.client.get("/api/items/pending", headers=team).status_code == 200
    olga.client.delete(f"{WORKSPACES}/{workspace_id}/members/{max_.id}")
    assert max_.client.get("/api/items/pending", headers=team).status_code == 404
    assert max_.client.get(f"{WORKSPACES}/{workspace_id}").status_code == 404


@pytest.mark.long
def test_an_idempotency_key_is_a_different_one_in_another_workspace(people, olga, owner):
    team = {"X-Workspace-Id": str(people.workspace(olga))}
    first = olga.client.post("/api/items", json=NOTE, headers={HEADER: "k"})
    second = olga.client.post("/api/items", json=NOTE, headers={HEADER: "k"} | team)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["id"] != second.json["id"]
    assert REPLAYED not in second.headers
    other = NOTE | {"raw_text": "Buy bread."}
    refused = olga.client.post("/api/items", json=other, headers={HEADER: "k"} | team)
    assert refused.json["code"] == "idempotency_key_reused"
    again = olga.client.post("/api/items", json=NOTE, headers={HEADER: "k"} | team)
    assert again.data == second.data
    assert owner.execute("SELECT count(*) FROM items").fetchone() == (2,)


def test_a_kept_answer_is_not_given_to_somebody_who_may_no_longer(people, olga, owner):
    max_ = people.person("max")
    workspace_id = people.workspace(olga, member=max_)
    headers = {HEADER: "k", "X-Workspace-Id": str(workspace_id)}
    assert max_.client.post("/api/items", json=NOTE, headers=headers).status_code == 201
    path = f"{WORKSPACES}/{workspace_id}/members/{max_.id}"
    olga.client.patch(path, json={"role": "viewer"})
    assert max_.client.post("/api/items", json=NOTE, headers=headers).status_code == 403
    olga.client.delete(path)
    assert max_.client.post("/api/items", json=NOTE, headers=headers).status_code == 404
