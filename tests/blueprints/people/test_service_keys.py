"""Service keys: they belong to a workspace, outlive who made them, and do nothing personal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sql import queries
from tests.blueprints.examples import Examples
from tests.people import PASSWORD, age_sessions, mails
from webapp.identity.api_keys import NEVER, OF_PERSONS, new_api_key
from webapp.identity.ids import new_service_handle


def service_key_in(place):
    made = new_api_key()
    key = queries.service_keys.create(
        place.make.conn,
        workspace_id=place.workspace_id,
        handle=new_service_handle(),
        name="robot",
        prefix=made.prefix,
        secret_hash=made.secret_hash,
        scopes=["workspace:items:read"],
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    return key["id"]


EXAMPLES = Examples(
    things={"service_key_id": service_key_in},
    not_kept={"/api/workspaces/<uuid:workspace_id>/service-keys"},
    unlike_their_method={"service_keys.list_of_workspace"},
)

NOTE = {"source_type": "note", "raw_text": "Buy milk."}
EVERYTHING = ["workspace:documents:read", "workspace:documents:write", "workspace:items:write"]


@pytest.fixture
def team(people, olga):
    return people.workspace(olga, member=people.person("max"))


@pytest.fixture
def path(team):
    return f"/api/workspaces/{team}/service-keys"


@pytest.fixture
def make_key(olga, path):
    def make(*scopes, person=olga, **given):
        body = {"name": "robot", "scopes": list(scopes or EVERYTHING), "password": PASSWORD}
        return person.client.post(path, json=body | given)

    return make


@pytest.fixture
def robot(people, make_key):
    """A client with a service key."""
    return people.client(X_API_Key=make_key().json["key"])


@pytest.mark.long
def test_a_key_is_shown_once_listed_and_revoked(people, olga, path, make_key, owner):
    answer = make_key()
    assert answer.status_code == 201, answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    key = answer.json["key"]
    assert mails(owner) == [("service_key_made", olga.email)]
    (listed,) = olga.client.get(path).json["items"]
    assert (listed["id"], listed["prefix"]) == (answer.json["id"], key[:10])
    assert "key" not in listed
    robot = people.client(X_API_Key=key)
    assert robot.get("/api/documents").status_code == 200
    assert olga.client.delete(f"{path}/{listed['id']}").status_code == 204
    assert robot.get("/api/documents").status_code == 401
    assert olga.client.delete(f"{path}/{listed['id']}").status_code == 404
    assert olga.client.get(path).json["items"] == []
    actions = owner.execute("SELECT action FROM audit_log ORDER BY id").fetchall()
    assert actions == [("service_key.created",), ("service_key.revoked",)]


def test_it_takes_an_owner_and_the_password(people, make_key, team, owner):
    assert make_key(password="wrong").json["code"] == "wrong_password"
    max_ = people.person("maxine")
    people.join(team, max_, "member")
    assert make_key(person=max_).status_code == 403
    sso = people.person("sso", password=False)
    people.join(team, sso, "owner")
    age_sessions(owner)
    answer = make_key(person=sso, password=None)
    assert answer.json["code"] == "reauthentication_required"


@pytest.mark.parametrize(
    "scope",
    sorted(NEVER | OF_PERSONS | {"account:read", "admin:users:read", "workspace:members:manage"}),
)
def test_what_only_persons_may_no_service_may(make_key, scope):
    answer = make_key(scope)
    assert answer.json["errors"][0]["field"] == "scopes.0"


@pytest.mark.long
def test_even_a_scope_that_it_should_not_have_lets_it_do_nothing_personal(people, make_key, owner):
    answer = make_key()
    owner.execute(
        "UPDATE api_keys SET scopes = (SELECT array_agg(DISTINCT permission) FROM role_permissions)"
    )
    robot = people.client(X_API_Key=answer.json["key"])
    assert robot.get("/api/auth/me").status_code == 403
    assert robot.post("/api/workspaces", json={"name": "Own"}).status_code == 403
    assert robot.get("/api/admin/users").status_code == 403


@pytest.mark.long
def test_what_it_does_names_it_and_survives_who_made_it(people, olga, team, make_key, owner):
    answer = make_key()
    robot = people.client(X_API_Key=answer.json["key"])
    otto = people.person("otto")
    people.join(team, otto, "owner")
    assert olga.client.post(f"/api/workspaces/{team}/leave").status_code == 204
    item = robot.post("/api/items", json=NOTE).json
    workspace = {"X-Workspace-Id": str(team)}
    events = otto.client.get(f"/api/items/{item['id']}/events", headers=workspace).json["items"]
    assert {event["actor"] for event in events} == {f"service:{answer.json['id']}"}
    robot.get("/api/rules")
    (actor,) = owner.execute(
        "SELECT actor FROM audit_log WHERE action = 'permission.denied'"
    ).fetchone()
    assert actor == f"service:{answer.json['id']}"


@pytest.mark.long
def test_an_owner_is_charged_for_what_it_stores(olga, robot, team, owner):
    for text in (b"The oak posts.", b"The ash posts."):
        answer = robot.post("/api/documents?name=a.txt", data=text, content_type="text/plain")
        assert answer.status_code == 201, answer.json
    assert olga.client.get("/api/quota").json["used_bytes"] == 28
    assert owner.execute("SELECT DISTINCT user_id FROM objects").fetchall() == [(olga.id,)]
    owner.execute("UPDATE quotas SET limit_bytes = 28")
    answer = robot.post(
        "/api/documents?name=b.txt", data=b"The elm posts.", content_type="text/plain"
    )
    assert answer.json["code"] == "quota_exceeded"


@pytest.mark.long
def test_it_is_no_member(olga, people, team, make_key, owner):
    key = make_key().json
    members = f"/api/workspaces/{team}/members"
    assert key["id"] not in olga.client.get(members).text
    assert olga.client.patch(f"{members}/{key['id']}", json={"role": "owner"}).status_code == 404
    assert olga.client.delete(f"{members}/{key['id']}").status_code == 404
    ada = people.person("ada", admin=True)
    assert key["id"] not in ada.client.get("/api/admin/users").text


def test_it_works_in_no_other_workspace(people, olga, robot):
    other = people.workspace(olga)
    for workspace_id in (other, olga.workspace_id):
        headers = {"X-Workspace-Id": str(workspace_id)}
        assert robot.get("/api/documents", headers=headers).status_code == 404


def test_a_personal_workspace_has_none(olga):
    body = {"name": "robot", "scopes": EVERYTHING, "password": PASSWORD}
    answer = olga.client.post(f"/api/workspaces/{olga.workspace_id}/service-keys", json=body)
    assert (answer.status_code, answer.json["code"]) == (409, "personal_workspace")


def test_a_workspace_has_a_limited_number(make_key, monkeypatch):
    monkeypatch.setattr("webapp.blueprints.people.service_keys.MOST", 1)
    assert make_key().status_code == 201
    assert make_key().json["code"] == "too_many_service_keys"


@pytest.mark.long
def test_it_ends_with_its_workspace_and_does_not_keep_its_owner(olga, team, robot, people):
    sole = people.workspace(olga)
    body = {"name": "robot", "scopes": EVERYTHING, "password": PASSWORD}
    answer = olga.client.post(f"/api/workspaces/{sole}/service-keys", json=body)
    other = people.client(X_API_Key=answer.json["key"])
    body = {"name": "Team", "password": PASSWORD}
    assert olga.client.post(f"/api/workspaces/{team}/deletion", json=body).status_code == 202
    assert robot.get("/api/documents").status_code == 401
    assert olga.client.post("/api/auth/deletion", json={"password": PASSWORD}).status_code == 202
    assert other.get("/api/documents").status_code == 401
