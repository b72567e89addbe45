"""Changes of the mail address: confirmed at the new one, undone at the old one."""

from __future__ import annotations

import pytest

from sql import queries
from tests.blueprints.examples import Examples
from tests.people import PASSWORD, age_sessions, mails
from webapp.access.credentials import access_tokens, keyring
from webapp.http.installed import settings
from webapp.mails.tokens import mail_tokens
from workers.send_mails import write

EXAMPLES = Examples(
    ways_in={"/api/auth/email/undo"},
    not_kept={"/api/auth/email", "/api/auth/email/confirm"},
)

NEW = "new@example.com"


def ask(person, email=NEW, **given):
    return person.client.post(
        "/api/auth/email", json={"email": email, "password": PASSWORD} | given
    )


@pytest.fixture
def token(app, owner):
    """The token of the latest change, for a purpose."""

    def latest(purpose="email_change"):
        (change_id,) = owner.execute(
            "SELECT id FROM email_changes ORDER BY id DESC LIMIT 1"
        ).fetchone()
        with app.app_context():
            return mail_tokens(keyring(), purpose, change_id)[0]

    return latest


def confirm(person, token):
    return person.client.post("/api/auth/email/confirm", json={"token": token})


def undo(client, token):
    return client.post("/api/auth/email/undo", json={"token": token})


def log_in(client, email):
    login = {"email": email, "password": PASSWORD}
    return client.post("/api/auth/login", json=login).status_code


@pytest.mark.long
def test_an_address_is_changed_once_the_new_one_confirms_it(client, people, olga, owner, token):
    other = people.session({"id": olga.id, "workspace_id": olga.workspace_id})
    assert (ask(olga).status_code, olga.client.get("/api/auth/me").json["email"]) == (
        202,
        olga.email,
    )
    assert mails(owner) == [("email_change", NEW), ("email_change_requested", olga.email)]
    given = token()
    answer = confirm(olga, given)
    assert (answer.status_code, answer.json["email"]) == (200, NEW)
    assert answer.json["is_email_verified"]
    assert mails(owner)[2:] == [("email_changed", olga.email)]
    assert owner.execute("SELECT status FROM sessions WHERE id = %s", (other,)).fetchone() == (
        "ended",
    )
    assert olga.client.get("/api/auth/me").status_code == 200
    assert confirm(olga, given).json["code"] == "invalid_token"
    assert (log_in(client, NEW), log_in(client, olga.email)) == (200, 401)


@pytest.mark.long
def test_it_takes_the_password_or_a_recent_log_in(people, olga, owner):
    assert ask(olga, password="wrong").json["code"] == "wrong_password"
    sso = people.person("sso", password=False)
    assert ask(sso, "other@example.com", password=None).status_code == 202
    age_sessions(owner)
    assert ask(sso, "other@example.com", password=None).json["code"] == "reauthentication_required"


@pytest.mark.long
def test_a_reader_of_the_mail_who_is_not_the_user_cannot_confirm(people, olga, token):
    ask(olga)
    assert confirm(people.person("sten"), token()).json["code"] == "invalid_token"
    assert confirm(olga, token("email_change_undo")).json["code"] == "invalid_token"
    assert confirm(olga, token()).status_code == 200


@pytest.mark.long
def test_a_later_request_replaces_an_earlier_one(olga, token):
    ask(olga, "typo@example.com")
    earlier = token()
    ask(olga)
    assert confirm(olga, earlier).json["code"] == "invalid_token"
    assert confirm(olga, token()).json["email"] == NEW


@pytest.mark.long
def test_a_token_expires(olga, owner, token):
    ask(olga)
    owner.execute("UPDATE email_changes SET expires_at = now()")
    assert confirm(olga, token()).json["code"] == "invalid_token"


@pytest.mark.long
def test_whether_an_address_has_an_account_only_its_reader_learns(
    app, people, olga, owner, app_conn, token
):
    sten = people.person("sten")
    free, taken = ask(olga, NEW), ask(olga, sten.email.upper())
    assert (free.status_code, free.json) == (taken.status_code, taken.json)
    (ids,) = owner.execute("SELECT array_agg(id) FROM mails").fetchone()
    with app.app_context():
        keys, loaded = keyring(), settings()
    written = {
        row["template"] + "|" + row["recipient"].lower(): write(row, keys, loaded)
        for row in queries.mails.load(app_conn, ids=ids)
        if row["is_wanted"]
    }
    assert "already have" in written[f"email_change|{sten.email}"].subject
    assert token("email_change_undo") in written[f"email_change_requested|{olga.email}"].text
    assert f"email_change|{NEW}" not in written  # the later request has replaced it
    assert confirm(olga, token()).json["code"] == "address_taken"


@pytest.mark.long
def test_the_old_address_prevents_a_change(client, people, olga, owner, token):
    key = people.key(olga, ["workspace:items:read"])[1]
    ask(olga)
    given, back = token(), token("email_change_undo")
    assert undo(client, back).status_code == 204
    assert owner.execute("SELECT FROM email_changes").fetchone() is None
    assert olga.client.get("/api/auth/me").status_code == 401
    assert people.client(X_API_Key=key).get("/api/items/pending").status_code == 401
    assert undo(client, back).json["code"] == "invalid_token"
    assert undo(client, given).json["code"] == "invalid_token"


@pytest.mark.long
def test_the_old_address_takes_back_a_change_and_what_followed(client, olga, owner, token):
    ask(olga)
    back = token("email_change_undo")
    confirm(olga, token())
    ask(olga, "third@example.com")
    of_intruder = token("email_change_undo")
    confirm(olga, token())
    assert undo(client, back).status_code == 204
    row = owner.execute("SELECT email FROM users WHERE id = %s", (olga.id,)).fetchone()
    assert row == (olga.email,)
    assert olga.client.get("/api/auth/me").status_code == 401
    assert undo(client, of_intruder).json["code"] == "invalid_token"


@pytest.mark.long
def test_what_takes_a_change_back_keeps_an_account_that_was_deleted_since(
    client, olga, owner, token
):
    ask(olga)
    back = token("email_change_undo")
    confirm(olga, token())
    assert olga.client.post("/api/auth/deletion", json={"password": PASSWORD}).status_code == 202
    assert undo(client, back).status_code == 204
    assert owner.execute("SELECT status FROM deletions").fetchone() == ("cancelled",)
    assert log_in(client, olga.email) == 200


@pytest.mark.long
def test_after_a_week_it_cannot_be_taken_back(client, olga, owner, token):
    ask(olga)
    confirm(olga, token())
    assert owner.execute(
        "SELECT expires_at > now() + interval '6 days 23 hours' FROM email_changes"
    ).fetchone() == (True,)
    owner.execute("UPDATE email_changes SET expires_at = now()")
    assert undo(client, token("email_change_undo")).json["code"] == "invalid_token"


@pytest.mark.long
def test_an_old_address_that_somebody_else_has_now_is_not_taken_from_them(
    client, people, olga, owner, token
):
    ask(olga)
    confirm(olga, token())
    back = token("email_change_undo")
    namesake = people.person("namesake")
    owner.execute("UPDATE users SET email = %s WHERE id = %s", (olga.email, namesake.id))
    assert undo(client, back).json["code"] == "address_taken"


@pytest.mark.long
def test_requests_are_limited(olga):
    answers = [ask(olga, f"{n}@example.com").status_code for n in range(6)]
    assert answers == [202] * 5 + [429]


@pytest.mark.long
def test_a_server_that_sends_no_mail_changes_no_address(make_app, olga, owner):
    app = make_app(environment="production", smtp_url=None)
    olga.client = app.test_client()
    olga.client.environ_base["HTTP_AUTHORIZATION"] = (
        f"Bearer {access_tokens.of(app).issue(olga.id, olga.session_id)}"
    )
    assert ask(olga).json["code"] == "mail_not_configured"
    assert owner.execute("SELECT FROM email_changes").fetchone() is None
