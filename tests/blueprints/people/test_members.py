"""Members of a workspace: who manages them, and that an owner always remains."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from tests.blueprints.examples import Examples
from tests.factories import NOWHERE
from tests.people import age_sessions, mails
from webapp.routes.idempotency import HEADER

EXAMPLES = Examples(things={"user_id": lambda place: place.people.member(place.workspace_id)})

# The connections to this database that wait for a lock of another one.
WAITING = (
    "SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
)

# How often two people who act at the same moment do so.
TIMES = 8


@pytest.fixture
def team(people):
    """A workspace's address and its people by role."""
    persons = {name: people.person(name) for name in ("olga", "max", "vera", "sten")}
    workspace_id = people.workspace(persons["olga"], member=persons["max"], viewer=persons["vera"])
    return f"/api/workspaces/{workspace_id}", persons


def owned_by(people, *persons):
    """A new workspace of several owners; its address."""
    workspace_id = people.workspace(persons[0])
    for person in persons[1:]:
        people.join(workspace_id, person, "owner")
    return f"/api/workspaces/{workspace_id}"


def roles(owner, workspace):
    rows = owner.execute(
        "SELECT handle, role FROM members JOIN users ON users.id = user_id WHERE workspace_id = %s",
        (workspace.rpartition("/")[2],),
    )
    return dict(rows.fetchall())


def at_once(*calls):
    """The answers to calls that begin at the same moment."""
    together = threading.Barrier(len(calls))

    def begin(call):
        together.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(begin, calls))


def codes(answers):
    return sorted((answer.status_code, (answer.json or {}).get("code")) for answer in answers)


def test_members_are_listed_with_their_roles_page_by_page(team):
    path, persons = team
    seen, cursor = [], None
    while True:
        query = "?limit=1" + (f"&cursor={cursor}" if cursor else "")
        found = persons["vera"].client.get(f"{path}/members{query}").json
        seen += found["items"]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert {(each["handle"], each["role"]) for each in seen} == {
        *(("olga", "owner"), ("max", "member"), ("vera", "viewer"))
    }
    assert len(seen) == 3
    assert not any("password" in key for each in seen for key in each)


@pytest.mark.long
@pytest.mark.parametrize("who", ["max", "vera"])
def test_who_is_no_owner_manages_nobody(team, owner, who):
    path, persons = team
    client = persons[who].client
    before = roles(owner, path)
    for whom in ("olga", "max", "vera"):
        member = f"{path}/members/{persons[whom].id}"
        assert client.patch(member, json={"role": "owner"}).status_code == 403
        assert client.delete(member).status_code == 403
    invitation = {"email": "ines@example.com"}
    assert client.post(f"{path}/invitations", json=invitation).status_code == 403
    assert client.get(f"{path}/invitations").status_code == 403
    assert client.delete(f"{path}/invitations/{NOWHERE}").status_code == 403
    assert roles(owner, path) == before


def test_a_stranger_learns_nothing_of_a_workspace(team, owner):
    path, persons = team
    client = persons["sten"].client
    member = f"{path}/members/{persons['max'].id}"
    before = roles(owner, path)
    for answer in (
        client.get(f"{path}/members"),
        client.patch(member, json={"role": "owner"}),
        client.delete(member),
        client.post(f"{path}/leave"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert roles(owner, path) == before


# What outlasts the session that granted it


@pytest.mark.long
def test_an_owner_is_made_soon_after_a_log_in_and_told_by_mail(team, owner):
    path, persons = team
    member = f"{path}/members/{persons['max'].id}"
    age_sessions(owner)
    answer = persons["olga"].client.patch(member, json={"role": "owner"})
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")
    assert roles(owner, path)["max"] == "member"
    assert persons["olga"].client.patch(member, json={"role": "viewer"}).status_code == 200
    assert mails(owner) == []
    owner.execute("UPDATE sessions SET created_at = now()")
    assert persons["olga"].client.patch(member, json={"role": "owner"}).status_code == 200
    assert mails(owner) == [("role_given", persons["olga"].email)]


def test_no_key_makes_an_owner(people, team, owner):
    path, persons = team
    scopes = ["workspace:members:manage"]
    workspace_id = path.rpartition("/")[2]
    _, key = people.key(persons["olga"], scopes, workspace_id=workspace_id)
    client = people.client(X_API_Key=key)
    answer = client.patch(f"{path}/members/{persons['max'].id}", json={"role": "owner"})
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")
    answer = client.post(f"{path}/invitations", json={"email": "x@example.com", "role": "owner"})
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")
    assert roles(owner, path)["max"] == "member"


@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
def test_an_owner_gives_a_member_another_role(team, owner, role):
    path, persons = team
    answer = persons["olga"].client.patch(
        f"{path}/members/{persons['max'].id}", json={"role": role}
    )
    assert (answer.status_code, answer.json["role"]) == (200, role)
    assert roles(owner, path)["max"] == role
    entry = owner.execute(
        "SELECT actor, user_id, details FROM audit_log WHERE action = 'member.role_changed'"
    ).fetchone()
    assert entry == (f"user:{persons['olga'].id}", persons["max"].id, {"role": role})


@pytest.mark.long
@pytest.mark.parametrize("role", ["admin", "user", "Owner", "", None, ["owner"]])
def test_an_invalid_role_is_refused(team, owner, role):
    path, persons = team
    answer = persons["olga"].client.patch(
        f"{path}/members/{persons['max'].id}", json={"role": role}
    )
    assert answer.status_code == 422
    assert roles(owner, path)["max"] == "member"


def test_who_is_no_member_is_not_found(team):
    path, persons = team
    for nobody in (NOWHERE, persons["sten"].id):
        member = f"{path}/members/{nobody}"
        assert persons["olga"].client.delete(member).status_code == 404
        assert persons["olga"].client.patch(member, json={"role": "owner"}).status_code == 404


def test_whoever_is_sent_away_or_leaves_is_no_longer_a_member(team, owner):
    path, persons = team
    assert persons["olga"].client.delete(f"{path}/members/{persons['max'].id}").status_code == 204
    assert persons["vera"].client.post(f"{path}/leave").status_code == 204
    assert roles(owner, path) == {"olga": "owner"}
    for who in ("max", "vera"):
        assert persons[who].client.get(path).status_code == 404
    entries = owner.execute(
        "SELECT action, actor, user_id, details FROM audit_log WHERE action ~ 'member' ORDER BY id"
    ).fetchall()
    assert entries == [
        (
            *("member.removed", f"user:{persons['olga'].id}", persons["max"].id),
            {"role": "member"},
        ),
        ("member.left", f"user:{persons['vera'].id}", persons["vera"].id, {"role": "viewer"}),
    ]


def test_who_left_is_not_let_in_for_the_answer(team):
    path, persons = team
    answers = [persons["max"].client.post(f"{path}/leave", headers={HEADER: "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 404]


# The last owner


@pytest.mark.long
def test_the_last_owner_stays_an_owner(team, owner):
    path, persons = team
    client = persons["olga"].client
    member = f"{path}/members/{persons['olga'].id}"
    for answer in (
        client.post(f"{path}/leave"),
        client.post(f"{path}/leave", headers={HEADER: "k"}),
        client.delete(member),
        client.patch(member, json={"role": "member"}),
        client.patch(member, json={"role": "viewer"}),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "last_owner")
    assert roles(owner, path)["olga"] == "owner"
    assert owner.execute("SELECT count(*) FROM audit_log").fetchone() == (0,)
    assert client.patch(member, json={"role": "owner"}).status_code == 200


@pytest.mark.long
def test_one_of_two_owners_may_go(team, owner):
    path, persons = team
    olga, max_ = persons["olga"], persons["max"]
    olga.client.patch(f"{path}/members/{max_.id}", json={"role": "owner"})
    assert (
        max_.client.patch(f"{path}/members/{olga.id}", json={"role": "member"}).status_code == 200
    )
    assert olga.client.delete(f"{path}/members/{max_.id}").status_code == 403
    assert olga.client.post(f"{path}/leave").status_code == 204
    answer = max_.client.post(f"{path}/leave")
    assert (answer.status_code, answer.json["code"]) == (409, "last_owner")


@pytest.mark.long
def test_nobody_leaves_their_personal_workspace(people, owner):
    olga = people.person("olga")
    path = f"/api/workspaces/{olga.workspace_id}"
    for answer in (
        olga.client.post(f"{path}/leave"),
        olga.client.delete(f"{path}/members/{olga.id}"),
        olga.client.patch(f"{path}/members/{olga.id}", json={"role": "viewer"}),
    ):
        assert (answer.status_code, answer.json["code"]) == (409, "last_owner")
    assert roles(owner, path) == {"olga": "owner"}


@pytest.mark.long
@pytest.mark.parametrize("way", ["leave", "be removed", "be demoted", "send the other away"])
def test_of_two_owners_who_act_at_once_one_remains(people, owner, way):
    olga, max_ = people.person("olga"), people.person("max")
    for _ in range(TIMES):
        path = owned_by(people, olga, max_)

        def act(person, other, path=path):
            if way == "leave":
                return person.client.post(f"{path}/leave")
            if way == "be removed":
                return person.client.delete(f"{path}/members/{person.id}")
            if way == "be demoted":
                return person.client.patch(f"{path}/members/{person.id}", json={"role": "viewer"})
            return person.client.delete(f"{path}/members/{other.id}")

        answers = at_once(lambda: act(olga, max_), lambda: act(max_, olga))
        good = [answer for answer in answers if answer.status_code < 300]
        assert len(good) == 1
        # Whoever was removed before the request was authorized is a stranger.
        (refused,) = [answer for answer in answers if answer not in good]
        assert refused.status_code in ((409,) if way != "send the other away" else (404, 409))
        assert list(roles(owner, path).values()).count("owner") == 1


@pytest.mark.long
def test_of_two_owners_who_leave_within_open_transactions_the_second_is_refused(
    people, database, owner
):
    olga, max_ = people.person("olga"), people.person("max")
    path = owned_by(people, olga, max_)
    leave = "DELETE FROM members WHERE workspace_id = %s AND user_id = %s"
    with database.connect(role="app") as first, ThreadPoolExecutor(1) as thread:
        with first.transaction():
            first.execute(leave, (path.rpartition("/")[2], olga.id))
            second = thread.submit(max_.client.post, f"{path}/leave")
            while not owner.execute(WAITING).fetchall():
                assert not second.done()
        assert second.result().json["code"] == "last_owner"


@pytest.mark.long
def test_three_owners_who_leave_at_once_leave_one(people, owner):
    persons = [people.person(name) for name in ("olga", "max", "vera")]
    for _ in range(3):
        path = owned_by(people, *persons)
        answers = at_once(*(partial(who.client.post, f"{path}/leave") for who in persons))
        assert codes(answers) == [(204, None), (204, None), (409, "last_owner")]
        assert list(roles(owner, path).values()) == ["owner"]


# Personal workspaces


@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
def test_the_database_lets_nobody_into_a_personal_workspace(people, app_conn, role):
    olga, sten = people.person("olga"), people.person("sten")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        app_conn.execute(
            "INSERT INTO members (workspace_id, user_id, role) VALUES (%s, %s, %s)",
            (olga.workspace_id, sten.id, role),
        )
    constraint = refused.value.diag.constraint_name
    assert constraint == "members_do_not_share_a_personal_workspace"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE members SET workspace_id = %(to)s WHERE user_id = %(user)s",
        "UPDATE members SET user_id = %(user)s WHERE workspace_id = %(to)s",
        "UPDATE workspaces SET personal_of = %(user)s WHERE id = %(to)s",
        "UPDATE workspaces SET personal_of = NULL WHERE id = %(to)s",
        "INSERT INTO role_permissions VALUES ('viewer', 'workspace:members:manage')",
        "UPDATE role_permissions SET role = 'viewer'",
    ],
    ids=[
        *("member moves", "member becomes another", "workspace is taken", "workspace is opened"),
        *("right is added", "right is moved"),
    ],
)
def test_the_app_role_cannot_move_people_workspaces_or_rights(people, app_conn, statement):
    olga, sten = people.person("olga"), people.person("sten")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_conn.execute(statement, {"to": olga.workspace_id, "user": sten.id})


def test_a_disabled_member_does_nothing(team, owner):
    path, persons = team
    owner.execute("UPDATE users SET disabled_at = now() WHERE handle = 'olga'")
    answer = persons["olga"].client.patch(
        f"{path}/members/{persons['max'].id}", json={"role": "owner"}
    )
    assert answer.status_code == 401
    assert roles(owner, path)["max"] == "member"
