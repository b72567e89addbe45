"""Mails: sent once, with tokens that work, and only to those they concern."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from sql import queries
from tests.people import PASSWORD, People
from tests.smtp_server import smtp_server
from workers.send_mails import send_mails

EMAIL = "ines@example.com"
REGISTRATION = {"email": EMAIL, "password": PASSWORD, "name": "Ines"}


@pytest.fixture
def post_office():
    with smtp_server() as server:
        yield server


@pytest.fixture
def sending(settings, post_office, database):
    """Makes workers that send by SMTP, with some settings changed."""
    from workers.engine.loop import Worker

    made = []

    def make(**changes):
        chosen = {"smtp_url": post_office.url, "mail_from": "coffer@example.com"} | changes
        made.append(Worker((send_mails,), replace(settings, **chosen)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def statuses(owner):
    return [status for (status,) in owner.execute("SELECT status FROM mails ORDER BY id")]


def text_of(message):
    return message.get_content()


def token_in(message):
    """The token as a reader finds it."""
    (line,) = [line for line in text_of(message).splitlines() if line.startswith("token=")]
    return line.removeprefix("token=").strip("'")


@pytest.mark.long
def test_a_registration_is_confirmed_with_the_token_of_its_mail(
    client, sending, post_office, owner
):
    assert client.post("/api/auth/register", json=REGISTRATION).status_code == 202
    sending().round()
    (message,) = post_office.messages
    assert (message["To"], message["From"]) == (EMAIL, "coffer@example.com")
    answer = client.post(
        "/api/auth/confirm", json={"token": token_in(message), "password": PASSWORD}
    )
    assert answer.status_code == 201
    assert answer.json["email"] == EMAIL
    assert statuses(owner) == ["sent"]


@pytest.mark.long
def test_an_address_with_an_account_is_told_so_and_gets_no_token(
    app, client, sending, post_office, make, owner
):
    People(app, make, owner).person("ines")
    client.post("/api/auth/register", json=REGISTRATION)
    sending().round()
    (message,) = post_office.messages
    assert "already" in message["Subject"]
    assert "token" not in text_of(message)


@pytest.mark.long
def test_a_reset_is_done_with_the_token_of_its_mail(app, client, sending, post_office, make, owner):
    People(app, make, owner).person("ines")
    client.post("/api/auth/password/forgot", json={"email": EMAIL.upper()})
    sending().round()
    (message,) = post_office.messages
    new = {"token": token_in(message), "password": "another fence of oak"}
    assert client.post("/api/auth/password/reset", json=new).status_code == 204
    sending().round()
    assert "was changed" in post_office.messages[-1]["Subject"]


@pytest.mark.long
@pytest.mark.parametrize("disabled", [False, True])
def test_whoever_has_no_account_or_a_disabled_one_is_not_written_to(
    app, client, sending, post_office, make, owner, disabled
):
    if disabled:
        People(app, make, owner).person("ines")
        owner.execute("UPDATE users SET disabled_at = now()")
    client.post("/api/auth/password/forgot", json={"email": EMAIL})
    sending().round()
    assert post_office.messages == []
    assert statuses(owner) == ["dropped"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("account", "status"), [("one", "sent"), ("none", "dropped"), ("disabled", "dropped")]
)
def test_of_guesses_the_user_is_told_if_there_is_one(
    app, sending, post_office, make, owner, account, status
):
    if account != "none":
        People(app, make, owner).person("ines")
    if account == "disabled":
        owner.execute("UPDATE users SET disabled_at = now()")
    make.conn.execute(
        "INSERT INTO mails (template, recipient, about, details) VALUES (%s, %s, %s, %s)",
        ("many_wrong_passwords", EMAIL.upper(), uuid4(), Jsonb({"from_address": "192.0.2.7"})),
    )
    sending().round()
    assert statuses(owner) == [status]
    assert [message["To"] for message in post_office.messages] == [EMAIL] * (status == "sent")


@pytest.mark.long
def test_an_invitation_names_the_workspace_and_its_token_lets_in(
    app, client, sending, post_office, make, owner
):
    people = People(app, make, owner)
    olga, ines = people.person("olga"), people.person("ines")
    workspace_id = people.workspace(olga)
    path = f"/api/workspaces/{workspace_id}/invitations"
    assert olga.client.post(path, json={"email": EMAIL, "role": "viewer"}).status_code == 201
    sending().round()
    (message,) = post_office.messages
    assert '"Olga" invites you to join "Team"' in text_of(message)
    joined = ines.client.post("/api/invitations/accept", json={"token": token_in(message)})
    assert (joined.status_code, joined.json["role"]) == (200, "viewer")


@pytest.mark.long
def test_a_withdrawn_invitation_is_not_sent(app, sending, post_office, make, owner):
    people = People(app, make, owner)
    olga = people.person("olga")
    path = f"/api/workspaces/{people.workspace(olga)}/invitations"
    made = olga.client.post(path, json={"email": EMAIL}).json
    olga.client.delete(f"{path}/{made['id']}")
    sending().round()
    assert post_office.messages == []
    assert statuses(owner) == ["dropped"]


@pytest.mark.long
def test_with_a_front_end_mails_link_to_it(client, sending, post_office):
    client.post("/api/auth/register", json=REGISTRATION)
    sending(app_url="https://app.example.com").round()
    (message,) = post_office.messages
    assert "https://app.example.com/confirm#token=cfm_" in text_of(message)


@pytest.mark.long
@pytest.mark.parametrize(
    ("template", "details"),
    [
        (
            "password_changed",
            {"from_address": "127.0.0.1", "revoked_api_keys": 0, "api_keys_left": 1},
        ),
        ("recovery_codes_replaced", {"from_address": None}),
        (
            "api_key_made",
            {
                "from_address": None,
                "name": "backup",
                "prefix": "cfk_abcdef",
                "expires_on": "2027-01-01",
            },
        ),
        ("totp_changed", {"from_address": None, "what": "switched on"}),
        ("provider_linked", {"from_address": None, "provider": "work"}),
        ("member_joined", {"who": "Ben", "workspace": "Team", "role": "viewer"}),
        (
            "role_given",
            {"from_address": None, "role": "owner", "to": "Ben", "workspace": "Team"},
        ),
        (
            "role_given",
            {"from_address": None, "role": "admin", "to": "Ben", "workspace": None},
        ),
        (
            "webhook_paused",
            {"host": "a.example", "reason": "gone", "workspace": "Team", "failing_since": None},
        ),
        ("many_wrong_codes", {"from_address": None}),
        ("many_wrong_confirmations", {"from_address": "127.0.0.1"}),
    ],
)
def test_every_notice_is_written(sending, post_office, owner, template, details):
    owner.execute(
        "INSERT INTO mails (template, recipient, about, details) VALUES (%s, %s, %s, %s)",
        (template, EMAIL, uuid4(), Jsonb(details)),
    )
    sending().round()
    assert statuses(owner) == ["sent"]
    assert len(post_office.messages) == 1


@pytest.mark.long
def test_a_reminder_says_when_the_task_is_due_and_is_dropped_once_that_is_done(
    olga, sending, post_office, owner
):
    due = {"due_at": "2031-03-31T07:00:00Z", "time_zone": "Europe/Berlin"}
    due |= {"remind_at": "2020-01-01T00:00:00Z"}
    for title in ("Water the trees", "Done"):
        made = olga.client.post("/api/me/tasks", json={"title": title, **due}).json
    olga.client.post("/api/me/tasks", json={"title": "On a day", **due, "due_at": None})
    with owner.transaction():
        owner.execute("SELECT set_config('coffer.actor', 'test', true)")
        assert queries.tasks.remind(owner, limit=10, sends_mail=True) == 3
    olga.client.patch(f"/api/me/tasks/{made['id']}/complete")
    worker = sending()
    while worker.round():
        pass
    texts = sorted(" ".join(text_of(message).split()) for message in post_office.messages)
    assert '"On a day". If' in texts[0]
    assert '"Water the trees". It is due on 2031-03-31 at 09:00 (Europe/Berlin).' in texts[1]
    assert sorted(statuses(owner)) == ["dropped", "sent", "sent"]


@pytest.mark.long
def test_a_server_that_is_away_is_tried_again_and_then_given_up(client, sending, owner):
    client.post("/api/auth/register", json=REGISTRATION)
    worker = sending(smtp_url="smtp://127.0.0.1:1")
    for _ in send_mails.delays:
        owner.execute("UPDATE outbox SET run_after = now()")
        worker.round()
    assert statuses(owner) == ["failed"]
    (error,) = owner.execute("SELECT error FROM dead_letters").fetchone()
    assert EMAIL not in error
    sent = owner.execute("SELECT event FROM events WHERE entity = 'mail' ORDER BY id").fetchall()
    assert sent[-1] == ("mail.failed",)


@pytest.mark.long
def test_a_token_of_a_key_that_is_gone_is_not_sent(client, sending, post_office, owner):
    client.post("/api/auth/register", json=REGISTRATION)
    sending(secret_key="another secret of 32 characters or more").round()
    assert post_office.messages == []
    assert statuses(owner) == ["failed"]


@pytest.mark.long
def test_a_token_of_a_former_key_is_sent(client, settings, sending, post_office):
    client.post("/api/auth/register", json=REGISTRATION)
    sending(
        secret_key="another secret of 32 characters or more",
        secret_keys_former=(settings.secret_key,),
    ).round()
    answer = client.post(
        "/api/auth/confirm",
        json={"token": token_in(post_office.messages[0]), "password": PASSWORD},
    )
    assert answer.status_code == 201


@pytest.mark.long
def test_production_without_a_mail_server_prints_no_mail(client, sending, owner, capsys):
    client.post("/api/auth/register", json=REGISTRATION)
    sending(environment="production", smtp_url=None).round()
    assert "cfm_" not in capsys.readouterr().out
    assert statuses(owner) == ["dropped"]


@pytest.mark.long
def test_development_prints_the_mail(client, sending, owner, capsys):
    client.post("/api/auth/register", json=REGISTRATION)
    sending(smtp_url=None).round()
    assert "token=cfm_" in capsys.readouterr().out
    assert statuses(owner) == ["sent"]
