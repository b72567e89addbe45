"""Deletions of workspaces and accounts: who may, what ends at once, and that nothing is left."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest

from sql import queries
from tests.blueprints.examples import Examples, Place
from tests.factories import NOWHERE
from tests.people import PASSWORD, age_sessions, mails
from tests.workers.conftest import due_now
from webapp.access.credentials import keyring
from webapp.blueprints.people.deletions import GRACE
from webapp.mails.tokens import mail_tokens
from workers.delete_objects import delete_objects
from workers.run_deletions import run_deletions


def deletion_in(place):
    """A scheduled deletion of another workspace of the owner of a place."""
    deletion = queries.deletions.schedule_of_workspace(
        place.make.conn,
        id=uuid.uuid4(),
        workspace_id=place.people.workspace(place.owner),
        asked_by=place.owner.id,
        grace=GRACE,
    )
    return deletion["id"]


EXAMPLES = Examples(
    things={"deletion_id": deletion_in},
    personal={"deletion_id"},
    bodies={"deletions.delete_workspace": {"name": "Team", "password": PASSWORD}},
    ways_in={"/api/auth/deletion/cancel"},
    not_kept={"/api/workspaces/<uuid:workspace_id>/deletion", "/api/auth/deletion"},
)

# Of a service, a row stays that names the workspace it served.
LEFT = {"audit_log", "deletions", "events", "mails", "outbox", "users"}


def delete(person, workspace_id, **given):
    body = {"name": "Team", "password": PASSWORD} | given
    return person.client.post(f"/api/workspaces/{workspace_id}/deletion", json=body)


def leave(person, **given):
    return person.client.post("/api/auth/deletion", json={"password": PASSWORD} | given)


def keep(app, client, answer):
    with app.app_context():
        (token,) = mail_tokens(keyring(), "account_deletion", uuid.UUID(answer.json["id"]))
    return client.post("/api/auth/deletion/cancel", json={"token": token})


def pass_grace(owner):
    owner.execute("UPDATE deletions SET due_at = now()")
    due_now(owner)


@pytest.fixture
def run(owner, worker):
    """Passes the time of grace and does all deletions that are due."""

    def until_done():
        pass_grace(owner)
        both = worker(run_deletions, delete_objects)
        while (
            owner.execute(
                "SELECT FROM outbox WHERE kind IN ('run_deletions', 'delete_objects')"
            ).fetchone()
            is not None
        ):
            due_now(owner)
            both.round()
        assert owner.execute("SELECT kind, error FROM dead_letters").fetchall() == []

    return until_done


@pytest.fixture
def team(people, olga):
    return people.workspace(olga, member=people.person("max"), viewer=people.person("vera"))


def mentioned(owner, value):
    """The tables in which a value occurs anywhere, with how many rows."""
    tables = owner.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ 'yoyo'"
    ).fetchall()
    found = {}
    for (table,) in tables:
        (count,) = owner.execute(
            f"SELECT count(*) FROM {table} AS row WHERE row::text LIKE %s", (f"%{value}%",)
        ).fetchone()
        if count:
            found[table] = count
    return found


# Asking


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"name": "team"}, 422, "invalid_input"),
        ({"password": "wrong"}, 403, "wrong_password"),
        ({"password": None}, 403, "wrong_password"),
    ],
)
def test_a_workspace_is_deleted_by_its_name_and_the_password(
    olga, team, owner, given, status, code
):
    answer = delete(olga, team, **given)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert owner.execute("SELECT FROM deletions").fetchone() is None


def test_a_personal_workspace_is_only_deleted_with_its_account(olga, owner):
    answer = delete(olga, olga.workspace_id, name="Olga")
    assert (answer.status_code, answer.json["code"]) == (409, "personal_workspace")


def test_an_account_without_a_password_needs_a_recent_log_in(people, owner):
    sso = people.person("sso", password=False)
    age_sessions(owner)
    assert leave(sso, password=None).json["code"] == "reauthentication_required"


@pytest.mark.long
def test_access_ends_at_once_and_owners_are_told(people, olga, team, owner):
    key = people.key(olga, ["workspace:items:read"], workspace_id=team)[1]
    people.join(team, people.person("otto"), "owner")
    people.invitation(team, olga, "new@example.com")
    answer = delete(olga, team)
    assert (answer.status_code, answer.json["status"]) == (202, "scheduled")
    assert answer.headers["Location"] == f"/api/deletions/{answer.json['id']}"
    assert olga.client.get(f"/api/workspaces/{team}").status_code == 404
    assert str(team) not in olga.client.get("/api/workspaces").text
    assert people.client(X_API_Key=key).get("/api/items/pending").status_code == 401
    assert owner.execute("SELECT FROM invitations").fetchone() is None
    assert mails(owner) == [
        ("workspace_deletion", "olga@example.com"),
        ("workspace_deletion", "otto@example.com"),
    ]
    assert delete(olga, team).status_code == 404


def test_two_who_delete_at_once_make_one_deletion(people, olga, team, owner):
    otto = people.person("otto")
    people.join(team, otto, "owner")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda person: delete(person, team), (olga, otto)))
    assert sorted(answer.status_code for answer in answers) in ([202, 404], [202, 409])
    assert owner.execute("SELECT count(*) FROM deletions").fetchone() == (1,)


# Cancelling


@pytest.mark.long
def test_any_owner_cancels_and_members_have_access_again(people, olga, team, worker, owner):
    otto, sten = people.person("otto"), people.person("sten")
    people.join(team, otto, "owner")
    path = delete(olga, team).headers["Location"]
    assert sten.client.post(f"{path}/cancel").status_code == 404
    answer = otto.client.post(f"{path}/cancel")
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    assert olga.client.get(f"/api/workspaces/{team}").status_code == 200
    assert otto.client.post(f"{path}/cancel").status_code == 409
    pass_grace(owner)
    worker(run_deletions).round()
    assert olga.client.get(f"/api/workspaces/{team}").status_code == 200
    assert delete(olga, team).status_code == 202


@pytest.mark.long
def test_what_is_not_due_waits(olga, team, worker, owner):
    path = delete(olga, team).headers["Location"]
    due_now(owner)  # as an operator may do
    worker(run_deletions).round()
    assert olga.client.get(path).json["status"] == "scheduled"
    assert owner.execute(
        "SELECT run_after > now() + interval '6 days' FROM outbox WHERE kind = 'run_deletions'"
    ).fetchone() == (True,)


@pytest.mark.long
def test_a_deletion_that_runs_cannot_be_cancelled(olga, team, owner):
    path = delete(olga, team).headers["Location"]
    owner.execute("UPDATE deletions SET status = 'running'")
    assert olga.client.post(f"{path}/cancel").json["code"] == "invalid_state_transition"


@pytest.mark.long
def test_the_mail_keeps_an_account_once(app, client, people, olga, owner):
    key = people.key(olga, ["workspace:items:read"])[1]
    answer = leave(olga)
    assert answer.status_code == 202
    assert mails(owner) == [("account_deletion", olga.email)]
    assert olga.client.get("/api/auth/me").status_code == 401
    assert people.client(X_API_Key=key).get("/api/items/pending").status_code == 401
    login = {"email": olga.email, "password": PASSWORD}
    assert client.post("/api/auth/login", json=login).json["code"] == "account_disabled"
    assert keep(app, client, answer).status_code == 204
    assert keep(app, client, answer).json["code"] == "invalid_token"
    again = client.post("/api/auth/login", json=login)
    headers = {"Authorization": f"Bearer {again.json['access_token']}"}
    assert client.get("/api/items/pending", headers=headers).status_code == 200


@pytest.mark.long
def test_whom_an_admin_disables_meanwhile_stays_disabled(app, client, people, olga):
    ada = people.person("ada", admin=True)
    answer = leave(olga)
    assert ada.client.post(f"/api/admin/users/{olga.id}/disable").status_code == 200
    assert keep(app, client, answer).json["code"] == "invalid_token"
    assert ada.client.post(f"/api/admin/users/{olga.id}/enable").status_code == 200


@pytest.mark.long
def test_an_account_that_is_gone_is_not_enabled_again(app, client, people, olga, run):
    ada = people.person("ada", admin=True)
    answer = leave(olga)
    run()
    assert keep(app, client, answer).json["code"] == "invalid_token"
    enabled = ada.client.post(f"/api/admin/users/{olga.id}/enable")
    assert (enabled.status_code, enabled.json["code"]) == (409, "being_deleted")


# Owners


@pytest.mark.long
def test_the_last_owner_hands_over_first(people, olga, team, owner):
    answer = leave(olga)
    assert (answer.status_code, answer.json["code"]) == (409, "owns_workspaces")
    assert answer.json["workspaces"] == [{"id": str(team), "name": "Team"}]
    assert olga.client.get("/api/auth/me").status_code == 200
    people.join(team, people.person("otto"), "owner")
    assert leave(olga).status_code == 202


def test_of_two_last_owners_who_leave_at_once_one_may(people, olga, team, owner):
    otto = people.person("otto")
    people.join(team, otto, "owner")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(leave, (olga, otto)))
    assert sorted(answer.status_code for answer in answers) == [202, 409]


# What is removed


@pytest.mark.long
def test_nothing_is_left_of_a_workspace_with_one_of_everything(
    people, olga, owner, examples, run, app
):
    team = people.workspace(olga, member=people.person("max"))
    place = Place(people, olga, team)
    for name in examples.things:
        place.thing(name)
    assert len(mentioned(owner, team)) > 15
    path = delete(olga, team).headers["Location"]
    run()
    assert mentioned(owner, team).keys() <= LEFT
    assert (
        owner.execute(
            "SELECT FROM events WHERE workspace_id = %s AND user_id IS NULL", (team,)
        ).fetchone()
        is None
    )
    done = olga.client.get(path).json
    assert (done["status"], done["name"]) == ("done", "")
    assert done["removed"]["workspaces"] == 1
    assert done["removed"]["items"] >= 1
    (entry,) = owner.execute(
        "SELECT details -> 'removed' FROM audit_log"
        " WHERE action = 'workspace.deleted' AND workspace_id = %s",
        (team,),
    ).fetchone()
    assert entry == done["removed"]


@pytest.mark.long
def test_nothing_is_left_of_a_user_but_an_empty_row(people, owner, examples, run, app, client):
    olga, otto = people.person("olga"), people.person("otto")
    shared = people.workspace(otto, member=olga)
    for workspace_id in (olga.workspace_id, shared):
        place = Place(people, olga, workspace_id)
        for name in examples.things:
            if name in ("user_id", "service_key_id") and workspace_id == olga.workspace_id:
                continue  # a personal workspace has one member
            place.thing(name)
    sole = people.workspace(olga)
    # What the examples made that has other members has another owner, too.
    for (workspace_id,) in owner.execute(
        "SELECT workspace_id FROM members GROUP BY 1 HAVING count(*) > 1"
    ).fetchall():
        people.join(workspace_id, otto, "owner")
    answer = leave(olga)
    assert answer.status_code == 202, answer.json
    run()
    assert owner.execute("SELECT status FROM deletions WHERE user_id IS NOT NULL").fetchone() == (
        "done",
    )
    for gone in (olga.workspace_id, sole):
        assert mentioned(owner, gone).keys() <= LEFT
    by_user = owner.execute(
        "SELECT attrelid::regclass::text, attname::text"
        "  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        "   AND attname IN ('user_id', 'audience') AND atttypid = 'uuid'::regtype"
    ).fetchall()
    left = {
        table
        for table, column in by_user
        if owner.execute(f"SELECT FROM {table} WHERE {column} = %s", (olga.id,)).fetchone()
    }
    assert left <= LEFT
    row = owner.execute(
        "SELECT email, name, password_hash, handle ~ '^deleted-' FROM users WHERE id = %s",
        (olga.id,),
    ).fetchone()
    assert row == (None, None, None, True)
    # What they gave to others stays, and its owner is charged for it.
    assert owner.execute(
        "SELECT count(*) > 0 FROM items WHERE workspace_id = %s AND created_by = %s",
        (shared, olga.id),
    ).fetchone() == (True,)
    assert (
        owner.execute(
            "SELECT used_bytes,"
            " (SELECT sum(bytes) FROM objects"
            "   WHERE user_id = quotas.user_id AND status <> 'doomed')"
            " FROM quotas WHERE user_id = %s AND used_bytes > 0",
            (otto.id,),
        ).fetchall()
        == owner.execute(
            "SELECT sum(bytes), sum(bytes) FROM objects WHERE workspace_id = %s", (shared,)
        ).fetchall()
    )
    # The address is free again.
    assert people.person("olga").id != olga.id


@pytest.mark.long
def test_what_a_table_of_tomorrow_has_is_removed_as_well(olga, people, owner, run):
    team = people.workspace(olga)
    owner.execute(
        "CREATE TABLE sketches (id uuid PRIMARY KEY, workspace_id uuid NOT NULL"
        " REFERENCES workspaces (id), user_id uuid NOT NULL REFERENCES users (id));"
        "CREATE TABLE lines (sketch_id uuid REFERENCES sketches (id) ON DELETE CASCADE)"
    )
    try:
        for workspace_id in (team, olga.workspace_id):
            sketch = uuid.uuid4()
            owner.execute(
                "INSERT INTO sketches VALUES (%s, %s, %s)", (sketch, workspace_id, olga.id)
            )
            owner.execute("INSERT INTO lines VALUES (%s)", (sketch,))
        delete(olga, team)
        run()
        assert owner.execute("SELECT workspace_id FROM sketches").fetchall() == [
            (olga.workspace_id,)
        ]
        leave(olga)
        run()
        assert owner.execute("SELECT count(*) FROM lines").fetchone() == (0,)
    finally:
        owner.execute("DROP TABLE lines, sketches")


@pytest.mark.long
def test_every_table_of_a_workspace_or_a_user_is_cleared_or_left_on_purpose(owner):
    """A column with another name that refers to a workspace is not found, and would be left."""
    cleared = {
        table
        for columns in (["workspace_id"], ["user_id", "audience"])
        for (table,) in owner.execute("SELECT name FROM tables_to_clear(%s)", (columns,)).fetchall()
    }
    (left,) = owner.execute("SELECT left_by_deletions()").fetchone()
    referring = owner.execute(
        "SELECT DISTINCT conrelid::regclass::text, attribute.attname::text"
        "  FROM pg_constraint"
        "  JOIN pg_attribute AS attribute ON attrelid = conrelid AND attnum = conkey[1]"
        " WHERE contype = 'f' AND confrelid = 'workspaces'::regclass"
    ).fetchall()
    assert {column for _, column in referring} == {"workspace_id"}
    assert {table for table, _ in referring} <= cleared | set(left)
    # What refers to these goes along, or refuses; only what stays may do the latter.
    refusing = owner.execute(
        "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint"
        " WHERE contype = 'f' AND confdeltype IN ('a', 'r')"
        "   AND confrelid::regclass::text = ANY (%s)",
        (sorted(cleared),),
    ).fetchall()
    assert {table for (table,) in refusing} <= cleared


@pytest.mark.long
def test_batches_are_counted_and_the_progress_is_seen(olga, team, owner, make, worker, monkeypatch):
    monkeypatch.setattr("workers.run_deletions.BATCH", 2)
    monkeypatch.setattr("workers.run_deletions._LONG_ENOUGH", 0.0)
    for _ in range(5):
        make.item({"id": olga.id, "workspace_id": team})
    path = delete(olga, team).headers["Location"]
    pass_grace(owner)
    seen = set()
    one = worker(run_deletions)
    while (now := olga.client.get(path).json)["status"] != "done":
        seen.add(now["removed"].get("items", 0))
        due_now(owner)
        one.round()
    assert seen == {0, 2, 4, 5}
    assert now["removed"]["items"] == 5


def test_the_app_removes_history_only_by_a_deletion_that_runs(app_conn, olga, team, owner):
    delete(olga, team)
    (deletion_id,) = owner.execute("SELECT id FROM deletions").fetchone()
    app_conn.execute("SELECT continue_deletion(%s, 10)", (deletion_id,))
    assert owner.execute("SELECT FROM workspaces WHERE id = %s", (team,)).fetchone() is not None
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute("DELETE FROM events")


@pytest.mark.long
def test_a_share_from_and_to_an_account_ends_with_it(people, olga, owner, run, make):
    sten = people.person("sten")
    answer = olga.client.post(
        "/api/documents?name=a.txt", data=b"The oak posts.", content_type="text/plain"
    )
    path = f"/api/documents/{answer.json['id']}"
    shared = olga.client.post(f"{path}/shares", json={"handle": "sten", "level": "view"})
    assert shared.status_code == 201, shared.json
    link = olga.client.post(f"{path}/links", json={})
    assert link.status_code == 201, link.json
    address = urlsplit(link.json["url"]).path
    assert sten.client.get(path).status_code == 200
    leave(olga)
    assert sten.client.get(path).status_code == 404
    assert sten.client.get(address).status_code == 404
    run()
    assert owner.execute("SELECT count(*) FROM objects").fetchone() == (0,)
    assert owner.execute("SELECT FROM quotas WHERE user_id = %s", (olga.id,)).fetchone() is None


@pytest.mark.long
def test_a_stranger_learns_nothing_of_a_deletion(people, olga, team):
    sten = people.person("sten")
    path = delete(olga, team).headers["Location"]
    for address in (path, f"/api/deletions/{NOWHERE}"):
        assert sten.client.get(address).status_code == 404
        assert sten.client.post(f"{address}/cancel").status_code == 404
    assert sten.client.get("/api/deletions").json["items"] == []
