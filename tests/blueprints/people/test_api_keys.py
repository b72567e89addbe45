"""API keys: shown once, with no more rights than their owner, and refused as soon as they end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.people.signing_in import wait_until_blocked
from tests.factories import NOWHERE
from tests.people import PASSWORD, mails
from webapp.access.credentials import keyring
from webapp.access.limits import BAD_CREDENTIALS
from webapp.identity.api_keys import NEVER
from webapp.identity.keyring import digest
from webapp.mails.tokens import mail_tokens

EXAMPLES = Examples(
    things={
        "api_key_id": lambda place: place.people.key(
            place.owner, ["workspace:items:read"], workspace_id=place.workspace_id
        )[0]["id"]
    },
    personal={"api_key_id"},
    not_kept={"/api/api-keys"},
)

NOTE = {"source_type": "note", "raw_text": "Buy milk."}
READ = "workspace:items:read"
WRITE = "workspace:items:write"
PENDING = "/api/items/pending"


def make_key(person, *scopes, workspace_id=None, **given):
    headers = {"X-Workspace-Id": str(workspace_id)} if workspace_id else {}
    body = {"name": "backup", "scopes": list(scopes), "password": PASSWORD} | given
    return person.client.post("/api/api-keys", json=body, headers=headers)


def use(people, key, path=PENDING, method="GET", **given):
    return people.client(X_API_Key=key).open(path, method=method, **given)


def last_use(owner):
    return owner.execute("SELECT last_used_at, host(last_used_address) FROM api_keys").fetchone()


# Making


def test_a_key_is_shown_once_and_kept_as_a_hash(people, olga, owner):
    answer = make_key(olga, READ)
    key = answer.json["key"]
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert key.startswith("cfk_")
    assert len(key) > 40
    assert key.startswith(answer.json["prefix"])
    assert len(answer.json["prefix"]) <= 10
    row = owner.execute("SELECT secret_hash, api_keys::text FROM api_keys").fetchone()
    assert row[0] == digest(key)
    assert key not in row[1]
    listed = olga.client.get("/api/api-keys")
    assert key not in listed.text
    assert [each["prefix"] for each in listed.json["items"]] == [answer.json["prefix"]]
    assert not {"key", "secret_hash"} & listed.json["items"][0].keys()
    entries = owner.execute("SELECT audit_log::text FROM audit_log").fetchall()
    assert not any(key in entry for (entry,) in entries)


def test_a_second_try_with_the_same_idempotency_key_keeps_no_secret(olga, owner):
    body = {"name": "backup", "scopes": [READ], "password": PASSWORD}
    for _ in range(2):
        olga.client.post("/api/api-keys", json=body, headers={"Idempotency-Key": "k"})
    assert owner.execute("SELECT count(*) FROM idempotency_keys").fetchone() == (0,)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER "])
def test_a_key_is_taken_as_a_bearer_token(people, olga, scheme):
    key = make_key(olga, READ).json["key"]
    assert people.client(Authorization=scheme + key).get(PENDING).status_code == 200


def test_a_key_is_taken_in_its_own_header(people, olga):
    assert use(people, make_key(olga, READ).json["key"]).status_code == 200


@pytest.mark.parametrize(
    "given",
    ["account:manage", "admin:users:read", "workspace:everything", "*", "workspace:items:READ"],
)
def test_a_scope_that_one_cannot_give_is_refused_by_its_place(olga, owner, given):
    answer = make_key(olga, READ, given)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [each["field"] for each in answer.json["errors"]] == ["scopes.1"]
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)


@pytest.mark.long
def test_a_viewer_cannot_give_what_their_role_lacks(people, olga):
    vera = people.person("vera")
    workspace_id = people.workspace(olga, viewer=vera)
    answer = make_key(vera, READ, WRITE, workspace_id=workspace_id)
    assert [each["field"] for each in answer.json["errors"]] == ["scopes.1"]
    assert make_key(vera, READ, workspace_id=workspace_id).status_code == 201
    assert make_key(vera, READ, WRITE).status_code == 201


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"scopes": ["x"] * 51}, 422),
        ({"scopes": READ}, 422),
        ({"scopes": None}, 422),
        ({"scopes": [1]}, 422),
        ({"scopes": ["x" * 101]}, 422),
        ({"name": ""}, 422),
        ({"name": "   "}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": "a\0b"}, 422),
        ({"user_id": NOWHERE}, 422),
        ({"workspace_id": NOWHERE}, 422),
        ({"expires_at": "tomorrow"}, 422),
        ({"expires_at": 1}, 422),
        ({"expires_at": None}, 422),
        ({"password": ""}, 422),
        ({"password": "x" * 201}, 422),
        ({"scopes": [READ, READ]}, 201),
        ({"name": "x" * 100}, 201),
    ],
    ids=[
        *("many scopes", "a scope alone", "no list", "a number", "a long scope"),
        *("no name", "blank name", "long name", "NUL", "for another user", "for a workspace"),
        *("no time", "a number as time", "never", "empty password", "long password"),
        *("twice the same", "longest name"),
    ],
)
def test_input_that_is_wrong_makes_no_key(olga, owner, given, status):
    body = {"name": "k", "scopes": [READ], "password": PASSWORD} | given
    answer = olga.client.post("/api/api-keys", json=body)
    assert answer.status_code == status
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (int(status == 201),)
    if status == 201:
        assert answer.json["scopes"] == [READ]


# Who may make one


@pytest.mark.parametrize("password", [None, "a garden fence of pine"])
def test_who_does_not_know_the_password_makes_no_key(olga, owner, password):
    answer = make_key(olga, READ, password=password)
    assert (answer.status_code, answer.json["code"]) == (403, "wrong_password")
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)
    assert mails(owner) == []


@pytest.mark.long
def test_guesses_at_the_password_are_limited(olga):
    guesses = [make_key(olga, READ, password="wrong").status_code for _ in range(10)]
    assert guesses == [403] * 10
    assert make_key(olga, READ).status_code == 429


@pytest.mark.long
def test_a_wrong_scope_is_no_wrong_password(olga):
    for _ in range(11):
        assert make_key(olga, "workspace:everything").status_code == 422


def test_without_a_password_it_takes_a_log_in_of_the_last_ten_minutes(people, owner):
    ina = people.person("ina", password=False)
    assert make_key(ina, READ, password=None).status_code == 201
    owner.execute("UPDATE sessions SET created_at = created_at - interval '601 seconds'")
    answer = make_key(ina, READ, password=None)
    assert (answer.status_code, answer.json["code"]) == (403, "reauthentication_required")
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (1,)


def test_the_header_of_development_makes_keys(ana, owner):
    body = {"name": "backup", "scopes": [READ]}
    assert ana.post("/api/api-keys", json=body).status_code == 201
    assert mails(owner) == []


def test_its_owner_is_told_by_mail(olga, owner):
    made = make_key(olga, READ).json
    assert mails(owner) == [("api_key_made", olga.email)]
    (text,) = owner.execute("SELECT details::text FROM mails").fetchone()
    assert made["prefix"] in text
    assert made["key"] not in text


@pytest.mark.long
def test_a_key_made_while_the_password_is_reset_does_not_outlive_the_reset(
    app, people, olga, owner, database
):
    """The password was checked, and then the reset was faster."""
    with (
        ThreadPoolExecutor(1) as threads,
        database.connect(role="app") as resetting,
        database.connect() as watching,
    ):
        with resetting.transaction():
            resetting.execute("UPDATE users SET password_hash = 'another'")
            making = threads.submit(make_key, olga, READ)
            wait_until_blocked(watching, 1)
        answer = making.result()
    assert (answer.status_code, answer.json["code"]) == (409, "account_changed")
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)


@pytest.mark.long
def test_a_key_made_while_all_is_logged_out_does_not_outlive_it(app, people, olga, owner, database):
    with (
        ThreadPoolExecutor(1) as threads,
        database.connect(role="app") as ending,
        database.connect() as watching,
    ):
        with ending.transaction():
            ending.execute("UPDATE sessions SET status = 'ended', ended_at = now()")
            making = threads.submit(make_key, olga, READ)
            wait_until_blocked(watching, 1)
        answer = making.result()
    assert (answer.status_code, answer.json["code"]) == (409, "account_changed")
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)


# Scopes


@pytest.mark.long
def test_scopes_narrow_what_the_owner_may(people, olga):
    key = make_key(olga, READ).json["key"]
    assert use(people, key).status_code == 200
    answer = use(people, key, "/api/items", "POST", json=NOTE)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


@pytest.mark.long
def test_a_key_with_every_scope_manages_no_keys(people, olga):
    scopes = olga.client.get("/api/auth/me").json["permissions"]
    key = make_key(olga, *(scope for scope in scopes if scope not in NEVER)).json
    assert use(people, key["key"], "/api/api-keys").status_code == 200
    body = {"name": "another", "scopes": [READ], "password": PASSWORD}
    assert use(people, key["key"], "/api/api-keys", "POST", json=body).status_code == 403
    assert use(people, key["key"], f"/api/api-keys/{key['id']}", "DELETE").status_code == 403


def test_a_scope_that_found_its_way_into_the_database_gives_no_more_than_the_role(people, owner):
    vera, olga = people.person("vera"), people.person("olga")
    workspace_id = people.workspace(olga, viewer=vera)
    _, key = people.key(vera, [WRITE, "admin:users:read"], workspace_id=workspace_id)
    assert use(people, key, "/api/items", "POST", json=NOTE).status_code == 403
    assert use(people, key, "/api/admin/users").status_code == 403


@pytest.mark.long
def test_a_demoted_members_key_loses_what_they_lost(people, olga):
    max_ = people.person("max")
    workspace_id = people.workspace(olga, member=max_)
    key = make_key(max_, READ, WRITE, workspace_id=workspace_id).json["key"]
    assert use(people, key, "/api/items", "POST", json=NOTE).status_code == 201
    change = f"/api/workspaces/{workspace_id}/members/{max_.id}"
    assert olga.client.patch(change, json={"role": "viewer"}).status_code == 200
    assert use(people, key, "/api/items", "POST", json=NOTE).status_code == 403
    assert use(people, key).status_code == 200


@pytest.mark.long
def test_a_demoted_admins_key_loses_what_they_lost(people, owner):
    ada = people.person("ada", admin=True)
    key = make_key(ada, "admin:users:read").json["key"]
    assert use(people, key, "/api/admin/users").status_code == 200
    owner.execute("UPDATE users SET is_admin = false")
    assert use(people, key, "/api/admin/users").status_code == 403


# The workspace


@pytest.mark.long
def test_a_key_is_bound_to_the_workspace_of_the_request_that_made_it(people, olga):
    workspace_id = people.workspace(olga)
    made = make_key(olga, READ, WRITE, "workspace:read", workspace_id=workspace_id).json
    key = made["key"]
    assert made["workspace_id"] == str(workspace_id)
    assert use(people, key, "/api/items", "POST", json=NOTE).status_code == 201
    assert olga.client.get(PENDING).json["total"] == 0
    team = {"X-Workspace-Id": str(workspace_id)}
    assert olga.client.get(PENDING, headers=team).json["total"] == 1
    assert use(people, key, headers=team).status_code == 200
    own = {"X-Workspace-Id": str(olga.workspace_id)}
    assert use(people, key, headers=own).status_code == 404
    assert use(people, key, f"/api/workspaces/{olga.workspace_id}").status_code == 404
    assert use(people, key, f"/api/workspaces/{workspace_id}").status_code == 200


def test_no_key_is_made_in_a_strangers_workspace(people, olga, owner):
    workspace_id = people.workspace(people.person("sten"))
    assert make_key(olga, READ, workspace_id=workspace_id).status_code == 404
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)


@pytest.mark.long
def test_a_removed_members_keys_are_gone_and_those_elsewhere_stay(people, olga, owner):
    max_ = people.person("max")
    workspace_id = people.workspace(olga, member=max_)
    here = make_key(max_, READ, workspace_id=workspace_id).json["key"]
    elsewhere = make_key(max_, READ).json["key"]
    member = f"/api/workspaces/{workspace_id}/members/{max_.id}"
    assert olga.client.delete(member).status_code == 204
    assert use(people, here).status_code == 401
    assert use(people, elsewhere).status_code == 200
    people.join(workspace_id, max_, "owner")
    assert use(people, here).status_code == 401
    assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (1,)


# The end of a key


def test_a_key_expires_in_ninety_days_unless_it_is_said_when(olga, owner):
    made = make_key(olga, READ).json
    days = owner.execute(
        "SELECT extract(epoch FROM expires_at - created_at) / 86400 FROM api_keys"
    ).fetchone()[0]
    assert float(days) == pytest.approx(90, abs=0.01)
    assert datetime.fromisoformat(made["expires_at"]) > datetime.now(UTC) + timedelta(days=89)


@pytest.mark.parametrize(("days", "status"), [(365, 201), (366.5, 422), (3650, 422)])
def test_a_key_lasts_a_year_at_most(olga, days, status):
    moment = datetime.now(UTC) + timedelta(days=days)
    assert make_key(olga, READ, expires_at=moment.isoformat()).status_code == status


def test_the_database_keeps_no_key_for_longer(people, olga):
    with pytest.raises(psycopg.errors.CheckViolation, match="api_keys_last_a_year_at_most"):
        people.key(olga, [READ], expires_at=datetime.now(UTC) + timedelta(days=368))


# What keys survive, which docs/security.md has as a table


@pytest.mark.long
def test_log_out_everywhere_says_what_keys_are_left_and_revokes_them_where_asked(people, olga):
    key = make_key(olga, READ).json["key"]
    path = "/api/auth/logout-everywhere"
    left = olga.client.post(path, json={}).json
    assert left == {"ended": 1, "revoked_api_keys": 0, "api_keys_left": 1}
    assert use(people, key).status_code == 200
    session_id = people.session({"id": olga.id, "workspace_id": olga.workspace_id})
    client = people.client(Authorization=f"Bearer {people.token(olga.id, session_id)}")
    answer = client.post(path, json={"revoke_api_keys": True}).json
    assert answer == {"ended": 1, "revoked_api_keys": 1, "api_keys_left": 0}
    assert use(people, key).status_code == 401


@pytest.mark.long
@pytest.mark.parametrize(("given", "status"), [({}, 200), ({"revoke_api_keys": True}, 401)])
def test_another_password_leaves_keys_unless_they_are_to_go(people, olga, owner, given, status):
    key = make_key(olga, READ).json["key"]
    body = {"current_password": PASSWORD, "new_password": "another fence of oak"} | given
    assert olga.client.post("/api/auth/password", json=body).status_code == 204
    assert use(people, key).status_code == status
    told = owner.execute("SELECT details FROM mails WHERE template = 'password_changed'")
    ((details,),) = told.fetchall()
    revoked = int(status == 401)
    assert (details["revoked_api_keys"], details["api_keys_left"]) == (revoked, 1 - revoked)


@pytest.mark.long
@pytest.mark.parametrize(("given", "status"), [({}, 401), ({"revoke_api_keys": False}, 200)])
def test_a_reset_revokes_keys_unless_they_are_to_stay(app, people, olga, owner, given, status):
    key = make_key(olga, READ).json["key"]
    sten = people.person("sten")
    _, others = people.key(sten, [READ])
    app.test_client().post("/api/auth/password/forgot", json={"email": olga.email})
    (reset_id,) = owner.execute("SELECT id FROM password_resets").fetchone()
    (token,) = mail_tokens(keyring.of(app), "password_reset", reset_id)
    body = {"token": token, "password": "another fence of oak"} | given
    assert app.test_client().post("/api/auth/password/reset", json=body).status_code == 204
    assert use(people, key).status_code == status
    assert use(people, others).status_code == 200
    revoked = owner.execute(
        "SELECT user_id, details ->> 'revoked' FROM audit_log WHERE action = 'api_key.all_revoked'"
    )
    assert revoked.fetchall() == [(olga.id, "1")] * (status == 401)


@pytest.mark.parametrize("seconds", [-1, -86_400 * 400])
def test_a_key_that_is_past_before_it_begins_is_refused(olga, seconds):
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    answer = make_key(olga, READ, expires_at=moment.isoformat())
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "expires_at"


def test_a_key_is_refused_once_it_has_expired(people, olga, owner):
    moment = datetime.now(UTC) + timedelta(hours=1)
    key = make_key(olga, READ, expires_at=moment.isoformat()).json["key"]
    assert use(people, key).status_code == 200
    owner.execute("UPDATE api_keys SET expires_at = now()")
    answer = use(people, key)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_time_beyond_the_calendar_is_no_fault_of_ours(olga):
    assert make_key(olga, READ, expires_at="9999-12-31T23:59:59-14:00").status_code < 500


def test_a_revoked_key_is_refused_at_once(people, olga):
    made = make_key(olga, READ).json
    assert use(people, made["key"]).status_code == 200
    assert olga.client.delete(f"/api/api-keys/{made['id']}").status_code == 204
    assert use(people, made["key"]).status_code == 401
    assert olga.client.delete(f"/api/api-keys/{made['id']}").status_code == 404


@pytest.mark.long
def test_somebody_elses_key_is_not_found_and_stays(people, olga):
    made = make_key(olga, READ).json
    path = f"/api/api-keys/{made['id']}"
    for other in (people.person("sten"), people.person("ada", admin=True)):
        answer = other.client.delete(path)
        nothing = other.client.delete(f"/api/api-keys/{NOWHERE}")
        assert answer.status_code == nothing.status_code == 404
        assert answer.json["detail"] == nothing.json["detail"]
        assert other.client.get("/api/api-keys").json["items"] == []
    assert use(people, made["key"]).status_code == 200


def test_an_owner_of_a_workspace_does_not_see_its_members_keys(people, olga):
    max_ = people.person("max")
    workspace_id = people.workspace(olga, member=max_)
    made = make_key(max_, READ, workspace_id=workspace_id).json
    assert olga.client.get("/api/api-keys").json["items"] == []
    assert olga.client.delete(f"/api/api-keys/{made['id']}").status_code == 404


def test_making_and_revoking_stand_in_the_audit_log(olga, owner):
    made = make_key(olga, READ).json
    olga.client.delete(f"/api/api-keys/{made['id']}", headers={"X-Request-Id": "r-1"})
    entries = owner.execute(
        "SELECT action, actor, user_id, workspace_id, details ->> 'prefix', request_id"
        " FROM audit_log ORDER BY id"
    ).fetchall()
    assert [entry[:5] for entry in entries] == [
        (action, f"user:{olga.id}", olga.id, olga.workspace_id, made["prefix"])
        for action in ("api_key.created", "api_key.revoked")
    ]
    assert entries[1][5] == "r-1"


def test_what_a_key_was_denied_names_the_key(people, olga, owner):
    made = make_key(olga, READ).json
    use(people, made["key"], "/api/items", "POST", json=NOTE)
    entry = owner.execute(
        "SELECT details ->> 'api_key_id' FROM audit_log WHERE action = 'permission.denied'"
    ).fetchone()
    assert entry == (made["id"],)


@pytest.mark.long
def test_keys_are_listed_page_by_page_newest_first(people, olga):
    made = [make_key(olga, READ).json["id"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        path = "/api/api-keys?limit=2" + (f"&cursor={cursor}" if cursor else "")
        found = olga.client.get(path).json
        seen += [key["id"] for key in found["items"]]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


# When it was used


def test_the_use_of_a_key_is_written_after_its_answer(people, olga, owner):
    key = make_key(olga, READ).json["key"]
    answer = use(people, key, environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert answer.status_code == 200
    assert last_use(owner) == (None, None)
    answer.close()
    used_at, address = last_use(owner)
    assert used_at is not None
    assert address == "203.0.113.9"
    (listed,) = olga.client.get("/api/api-keys").json["items"]
    assert listed["last_used_address"] == "203.0.113.9"


@pytest.mark.parametrize(("seconds", "is_written"), [(50, False), (70, True)])
def test_the_use_of_a_key_is_written_once_a_minute(people, olga, owner, seconds, is_written):
    key = make_key(olga, READ).json["key"]
    owner.execute("UPDATE api_keys SET last_used_at = now() - %s * interval '1 second'", (seconds,))
    before = last_use(owner)
    use(people, key).close()
    assert (last_use(owner) != before) == is_written


@pytest.mark.long
def test_two_uses_at_once_are_written_once(people, olga, owner):
    key = make_key(olga, READ).json["key"]
    answers = [use(people, key) for _ in range(2)]
    answers[0].close()
    written = last_use(owner)
    answers[1].close()
    assert last_use(owner) == written


def test_a_key_that_is_revoked_while_its_answer_is_on_its_way_spoils_nothing(
    people, olga, owner, logged
):
    key = make_key(olga, READ).json["key"]
    answer = use(people, key)
    owner.execute("DELETE FROM api_keys")
    answer.close()
    assert not [line for line in logged if line["event"] == "key_use_not_noted"]


def test_the_use_of_a_session_writes_nothing(people, olga, owner):
    make_key(olga, READ)
    olga.client.get(PENDING).close()
    assert last_use(owner) == (None, None)


# Bad keys


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
@pytest.mark.parametrize(
    "key",
    [
        *("", "cfk_", "cfk_a\0b", "cfk_" + "a" * 39 + "\0", "cfk_schlüssel", "cfk_\x7f\x80\xff"),
        *("cfk_" + "x" * 10_000, "cfk_%00", "cfk_' OR ''='", "cfk_\\x00", "CFK_a"),
    ],
    ids=[
        *("empty", "beginning alone", "NUL", "NUL at the end", "umlaut", "no text"),
        *("10,000 characters", "percent", "quote", "backslash", "capitals"),
    ],
)
def test_an_invalid_key_is_401(people, header, key):
    value = f"Bearer {key}" if header == "Authorization" else key
    answer = people.client(**{header.replace("-", "_"): value}).get(PENDING)
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda key: key + " x", lambda k: k[:-1]])
def test_a_key_that_is_nearly_right_is_401(people, olga, change):
    key = make_key(olga, READ).json["key"]
    assert use(people, change(key)).status_code == 401


def test_the_hash_of_a_key_is_no_key(people, olga, owner):
    make_key(olga, READ)
    (hashed,) = owner.execute("SELECT encode(secret_hash, 'hex') FROM api_keys").fetchone()
    assert use(people, hashed).status_code == 401
    assert use(people, f"cfk_{hashed}").status_code == 401


@pytest.mark.long
def test_many_bad_keys_from_one_address_have_to_wait_and_a_good_one_does_not(people, olga):
    key = make_key(olga, READ).json["key"]
    bad = people.client(X_API_Key="cfk_wrong")
    assert {bad.get(PENDING).status_code for _ in range(BAD_CREDENTIALS.most)} == {401}
    # One is refilled every six seconds: on a slow machine, the first of these may get it.
    answer = [bad.get(PENDING) for _ in range(3)][-1]
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert int(answer.headers["Retry-After"]) >= 1
    assert people.client(Authorization="Bearer cfk_wrong").get(PENDING).status_code == 429
    assert use(people, key).status_code == 200
    assert olga.client.get(PENDING).status_code == 200
    elsewhere = {"REMOTE_ADDR": "198.51.100.1"}
    assert bad.get(PENDING, environ_overrides=elsewhere).status_code == 401


def test_bad_keys_are_counted_for_a_48_of_ipv6_too(people, owner):
    bad = people.client(X_API_Key="cfk_wrong")

    def at(address):
        return bad.get(PENDING, environ_overrides={"REMOTE_ADDR": address}).status_code

    assert at("2001:db8:1:1::1") == 401
    owner.execute(
        "UPDATE rate_limits SET used_until = now() + interval '1 hour' WHERE key ~ '/48$'"
    )
    assert at("2001:db8:1:2::1") == 429
    assert at("2001:db8:2:1::1") == 401


def test_bad_keys_are_a_hundred_in_ten_minutes():
    assert (BAD_CREDENTIALS.most, BAD_CREDENTIALS.seconds) == (100, 600)


def test_a_bad_key_may_be_tried_again_when_one_has_been_filled_again(people, owner):
    bad = people.client(X_API_Key="cfk_wrong")
    bad.get(PENDING)
    owner.execute("UPDATE rate_limits SET used_until = now() + interval '599 s'")
    assert bad.get(PENDING).status_code == 429
    owner.execute("UPDATE rate_limits SET used_until = now() + interval '594 s'")
    assert [bad.get(PENDING).status_code for _ in range(2)] == [401, 429]


def test_a_denial_of_an_address_with_nul_is_a_denial(people, olga):
    key = make_key(olga, "account:read").json["key"]
    assert use(people, key, "/api/auth/sso/a%00b", "DELETE").status_code in (403, 404)
