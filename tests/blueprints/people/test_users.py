"""Users, for admins: found, disabled and enabled again, with every step on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from tests.blueprints.people.test_members import WAITING
from tests.factories import NOWHERE
from tests.people import PASSWORD, age_sessions, mails
from webapp.routes.idempotency import HEADER, REPLAYED

USERS = "/api/admin/users"
ACTIONS = ("disable", "enable", "promote", "demote", "sign-out")


@pytest.fixture
def ada(people):
    return people.person("ada", admin=True)


def do(admin, action, person, **headers):
    return admin.client.post(f"{USERS}/{getattr(person, 'id', person)}/{action}", headers=headers)


@pytest.mark.long
def test_an_admin_is_made_soon_after_a_log_in_and_told_by_mail(ada, olga, people, owner):
    _, key = people.key(ada, ["admin:users:manage"])
    refused = do(SimpleNamespace(client=people.client(X_API_Key=key)), "promote", olga)
    assert (refused.status_code, refused.json["code"]) == (403, "reauthentication_required")
    age_sessions(owner)
    assert do(ada, "promote", olga).json["code"] == "reauthentication_required"
    assert mails(owner) == []
    owner.execute("UPDATE sessions SET created_at = now()")
    for _ in range(2):
        assert do(ada, "promote", olga).status_code == 200
    assert mails(owner) == [("role_given", ada.email)]


def found(admin, /, **query):
    answer = admin.client.get(f"{USERS}?{urlencode(query)}")
    assert answer.status_code == 200
    return [user["handle"] for user in answer.json["items"]]


def log(owner):
    return owner.execute(
        "SELECT action, actor, user_id, request_id FROM audit_log ORDER BY id"
    ).fetchall()


# Who may do it


@pytest.mark.parametrize("action", ACTIONS)
def test_whoever_is_no_admin_may_do_nothing(people, olga, owner, action):
    sten = people.person("sten")
    for whom in (olga, sten, NOWHERE):
        assert do(olga, action, whom).status_code == 403
    assert olga.client.get(USERS).status_code == 403
    assert olga.client.get(f"{USERS}/{sten.id}").status_code == 403
    assert owner.execute(
        "SELECT count(*) FROM users WHERE is_admin OR disabled_at IS NOT NULL"
    ).fetchone() == (0,)


def test_an_owner_of_a_workspace_is_no_admin(people, olga):
    workspace_id = people.workspace(olga)
    answer = olga.client.get(USERS, headers={"X-Workspace-Id": str(workspace_id)})
    assert answer.status_code == 403


@pytest.mark.long
def test_who_was_demoted_is_refused_at_the_next_request(people, ada, olga):
    do(ada, "promote", olga)
    assert olga.client.get(USERS).status_code == 200
    do(ada, "demote", olga)
    assert olga.client.get(USERS).status_code == 403


# Finding


def test_users_are_listed_newest_first_and_no_secret_of_theirs(people, ada):
    for name in ("olga", "max", "vera"):
        people.person(name)
    answer = ada.client.get(USERS)
    assert [user["handle"] for user in answer.json["items"]] == ["vera", "max", "olga", "ada"]
    assert not {"password_hash", "secret"} & answer.json["items"][0].keys()
    assert "argon2" not in answer.text
    one = ada.client.get(f"{USERS}/{ada.id}").json
    assert one == answer.json["items"][-1]
    assert (one["is_admin"], one["email"], one["disabled_at"]) == (True, ada.email, None)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_pages_have_no_gaps_and_no_doubles(people, ada, limit):
    for number in range(5):
        people.person(f"guest{number}")
    people.person("else")
    seen, cursor = [], None
    while True:
        query = {"limit": limit, "q": "guest"} | ({"cursor": cursor} if cursor else {})
        page = ada.client.get(f"{USERS}?{urlencode(query)}").json
        seen += [user["handle"] for user in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"guest{number}" for number in range(4, -1, -1)]


@pytest.mark.long
def test_a_text_is_looked_for_in_address_name_and_handle_of_either_case(people, ada, owner):
    people.person("olga")
    people.person("max")
    owner.execute(
        "UPDATE users SET name = 'Überall', email = 'O@Buro.example', handle = 'o-1'"
        " WHERE handle = 'olga'"
    )
    for q in ("ÜBER", "über", "buro", "o@BU", "o-1", "O-1"):
        assert found(ada, q=q) == ["o-1"]
    assert found(ada, q="nobody") == []


@pytest.mark.parametrize(
    "name",
    ["100%", "a_b", "back\\slash", "O'Hara", 'quo"te', "%s", "%(q)s", "$1", "a|b", "(x", "[x", "*"],
)
def test_a_text_is_taken_literally(people, ada, owner, name):
    people.person("max")
    person = people.person("olga")
    owner.execute("UPDATE users SET name = %s WHERE id = %s", (f"x{name}x", person.id))
    assert found(ada, q=name) == ["olga"]


@pytest.mark.parametrize("q", ["%", "_", "%%", "a%x", "a_x", "\\", "'", "' OR 1=1 --", '"', "."])
def test_what_matches_everything_elsewhere_matches_nothing_here(people, ada, owner, q):
    owner.execute("UPDATE users SET email = NULL")
    people.person("max")
    owner.execute("UPDATE users SET email = NULL")
    assert found(ada, q=q) == []


@pytest.mark.parametrize(
    ("query", "handles"),
    [
        ({"disabled": "true"}, {"dora"}),
        ({"disabled": "false"}, {"ada", "olga", "otto"}),
        ({"admin": "true"}, {"ada", "otto"}),
        ({"admin": "false"}, {"olga", "dora"}),
        ({"admin": "true", "disabled": "true"}, set()),
        ({"admin": "true", "q": "@"}, {"ada", "otto"}),
        ({"admin": "true", "q": "tt"}, {"otto"}),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, dict) else "",
)
def test_filters_hold_together(people, ada, olga, owner, query, handles):
    people.person("dora")
    people.person("otto", admin=True)
    owner.execute("UPDATE users SET disabled_at = now() WHERE handle = 'dora'")
    assert set(found(ada, **query)) == handles


@pytest.mark.parametrize(
    "query",
    [
        *("q=", "q=" + "x" * 101, "q=a%00b", "disabled=perhaps", "admin=2", "limit=0"),
        *("limit=101", "cursor=x", "name=olga", "cursor=" + "x" * 201),
    ],
)
def test_a_query_that_is_wrong_is_refused(ada, query):
    assert ada.client.get(f"{USERS}?{query}").status_code in (400, 422)


def test_an_unknown_user_is_not_found(ada):
    assert ada.client.get(f"{USERS}/{NOWHERE}").status_code == 404
    for action in ACTIONS:
        assert do(ada, action, NOWHERE).status_code == 404


# Disabling


@pytest.mark.long
def test_who_is_disabled_is_refused_at_the_next_request_in_every_way(people, ada, olga, app):
    _, key = people.key(olga, ["workspace:items:read"])
    by_key = people.client(X_API_Key=key)
    assert olga.client.get("/api/auth/me").status_code == 200
    assert by_key.get("/api/items/pending").status_code == 200
    answer = do(ada, "disable", olga)
    assert (answer.status_code, answer.json["disabled_at"] is not None) == (200, True)
    assert olga.client.get("/api/auth/me").status_code == 401
    assert by_key.get("/api/items/pending").status_code == 401
    by_handle = people.client(X_Dev_User_Id="olga").get("/api/items/pending")
    assert by_handle.status_code == 401
    given = {"email": olga.email, "password": PASSWORD}
    assert app.test_client().post("/api/auth/login", json=given).status_code == 403


@pytest.mark.long
def test_a_refresh_token_of_a_disabled_user_is_worth_nothing_ever_after(people, ada, olga, app):
    given = {"email": olga.email, "password": PASSWORD}
    tokens = app.test_client().post("/api/auth/login", json=given).json
    refresh = {"refresh_token": tokens["refresh_token"]}
    for action in ("disable", "enable"):
        do(ada, action, olga)
        assert app.test_client().post("/api/auth/refresh", json=refresh).status_code == 401
        holder = people.client(Authorization=f"Bearer {tokens['access_token']}")
        assert holder.get("/api/auth/me").status_code == 401
    assert app.test_client().post("/api/auth/login", json=given).status_code == 200


@pytest.mark.long
def test_who_is_enabled_again_gets_their_keys_and_not_their_sessions(people, ada, olga, owner):
    _, key = people.key(olga, ["workspace:items:read"])
    do(ada, "disable", olga)
    assert do(ada, "enable", olga).json["disabled_at"] is None
    assert olga.client.get("/api/auth/me").status_code == 401
    assert people.client(X_API_Key=key).get("/api/items/pending").status_code == 200
    ended = owner.execute("SELECT status, end_reason FROM sessions WHERE user_id = %s", (olga.id,))
    assert ended.fetchall() == [("ended", "user_disabled")]


@pytest.mark.long
def test_a_log_in_that_is_under_way_does_not_outlive_the_disabling(
    people, ada, olga, database, owner
):
    with database.connect(role="app") as signing_in, ThreadPoolExecutor(1) as thread:
        with signing_in.transaction():
            signing_in.execute("SELECT FROM users WHERE id = %s FOR SHARE", (olga.id,))
            people.make.conn, before = signing_in, people.make.conn
            people.session({"id": olga.id, "workspace_id": olga.workspace_id})
            people.make.conn = before
            disabling = thread.submit(do, ada, "disable", olga)
            while not owner.execute(WAITING).fetchall():
                assert not disabling.done()
        assert disabling.result().status_code == 200
    alive = owner.execute(
        "SELECT count(*) FROM sessions WHERE status <> 'ended' AND user_id = %s", (olga.id,)
    )
    assert alive.fetchone() == (0,)


def test_what_a_disabled_user_made_stays(people, ada, olga, owner):
    note = {"source_type": "note", "raw_text": "Buy milk."}
    olga.client.post("/api/items", json=note)
    people.workspace(olga)
    do(ada, "disable", olga)
    assert owner.execute("SELECT count(*) FROM items").fetchone() == (1,)
    assert (
        owner.execute("SELECT count(*) FROM members WHERE user_id = %s", (olga.id,)).fetchone()[0]
        == 2
    )


def test_signing_out_ends_the_sessions_of_that_user_alone(people, ada, olga, owner):
    sten = people.person("sten")
    people.session({"id": olga.id, "workspace_id": olga.workspace_id})
    assert do(ada, "sign-out", olga).json == {"ended": 2}
    assert do(ada, "sign-out", olga).json == {"ended": 0}
    assert olga.client.get("/api/auth/me").status_code == 401
    assert sten.client.get("/api/auth/me").status_code == 200
    assert ada.client.get("/api/auth/me").status_code == 200


# Oneself


@pytest.mark.parametrize("action", ["disable", "demote"])
def test_an_admin_does_not_shut_themselves_out(people, ada, owner, action):
    answer = do(ada, action, ada)
    assert (answer.status_code, answer.json["code"]) == (409, "own_account")
    _, key = people.key(ada, ["admin:users:manage"])
    by_key = people.client(X_API_Key=key).post(f"{USERS}/{ada.id}/{action}")
    assert by_key.json["code"] == "own_account"
    upper = ada.client.post(f"{USERS}/{str(ada.id).upper()}/{action}")
    assert upper.status_code in (404, 409)
    assert ada.client.get(USERS).status_code == 200
    assert log(owner) == []


# On record


@pytest.mark.long
def test_everything_stands_in_the_audit_log_with_who_did_it_and_in_which_request(ada, olga, owner):
    for action in ("promote", "demote", "disable", "enable", "sign-out"):
        assert do(ada, action, olga, **{"X-Request-Id": f"r-{action}"}).status_code == 200
    assert log(owner) == [
        (name, f"user:{ada.id}", olga.id, f"r-{action}")
        for name, action in (
            *(("user.promoted", "promote"), ("user.demoted", "demote")),
            *(("user.disabled", "disable"), ("user.enabled", "enable")),
            ("session.all_ended_by_admin", "sign-out"),
        )
    ]


@pytest.mark.parametrize(
    ("action", "before"),
    [("disable", "disable"), ("enable", None), ("promote", "promote"), ("demote", None)],
)
def test_what_changes_nothing_is_not_on_record(ada, olga, owner, action, before):
    if before:
        do(ada, before, olga)
    entries = log(owner)
    assert do(ada, action, olga).status_code == 200
    assert log(owner) == entries


def test_the_same_request_twice_is_one_entry(ada, olga, owner):
    for _ in range(2):
        answer = do(ada, "disable", olga, **{HEADER: "k"})
    assert answer.headers[REPLAYED] == "true"
    assert len(log(owner)) == 1


def test_a_denial_is_on_record_with_its_request(people, olga, owner):
    do(olga, "promote", olga, **{"X-Request-Id": "r-1"})
    assert log(owner) == [("permission.denied", f"user:{olga.id}", olga.id, "r-1")]
