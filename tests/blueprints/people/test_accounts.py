"""Registering, confirming, changing and resetting the password, and attacks on them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sql import queries
from tests.blueprints.examples import Examples
from tests.people import PASSWORD, mails, use_up
from webapp.access.credentials import keyring, passwords
from webapp.identity.keyring import digest
from webapp.mails.tokens import mail_tokens
from webapp.schemas.people.accounts import Account
from webapp.signing_in.attempts import name_of
from webapp.signing_in.mail_allowances import TO_MAILBOX

EXAMPLES = Examples(
    ways_in={
        f"/api/auth/{way}" for way in ("register", "confirm", "password/forgot", "password/reset")
    },
    not_kept={"/api/auth/password"},
)

EMAIL = "ana@example.com"
NEW = "a gate of larch and iron"
WEAK = "password123"
SEEN = {"status": "see_your_mail"}


@pytest.fixture
def account(people):
    """Ana, who has an account."""
    return people.person("ana")


@pytest.fixture
def elsewhere(app):
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    return client


class Counted:
    """The app's passwords, which list what is done with them."""

    def __init__(self, real):
        self.real = real
        self.done = []

    def __getattr__(self, name):
        def count(*given):
            self.done.append(name)
            return getattr(self.real, name)(*given)

        return count


@pytest.fixture
def counted(app, stand_in):
    return stand_in(passwords, Counted(passwords.of(app)))


@pytest.fixture
def token(app, owner):
    """The token of a mail for the newest registration or reset, as the worker makes it."""

    def newest(template, number=0):
        (about,) = owner.execute(
            "SELECT about FROM mails WHERE template = %s ORDER BY id DESC OFFSET %s LIMIT 1",
            (template, number),
        ).fetchone()
        return mail_tokens(keyring.of(app), template, about)[0]

    return newest


def register(client, email=EMAIL, password=PASSWORD, **more):
    return client.post("/api/auth/register", json={"email": email, "password": password, **more})


def confirm(client, token, password=PASSWORD):
    return client.post("/api/auth/confirm", json={"token": token, "password": password})


def log_in(client, password=PASSWORD, email=EMAIL, **more):
    return client.post("/api/auth/login", json={"email": email, "password": password, **more})


def forget(client, email=EMAIL):
    return client.post("/api/auth/password/forgot", json={"email": email})


def reset(client, token, password=NEW):
    return client.post("/api/auth/password/reset", json={"token": token, "password": password})


def change(client, new=NEW, **given):
    given = {"current_password": PASSWORD, "new_password": new} | given
    return client.post("/api/auth/password", json=given)


def told(answer):
    """Everything in an answer, apart from what differs between any two."""
    body = {key: value for key, value in (answer.json or {}).items() if key != "requestId"}
    headers = [
        (name, value)
        for name, value in answer.headers.items()
        if name not in ("X-Request-Id", "Date")
    ]
    return answer.status_code, body, headers


def actions(owner):
    return [row[0] for row in owner.execute("SELECT action FROM audit_log ORDER BY id")]


def wait_until_blocked(conn, count):
    """Wait until that many connections are waiting for a lock."""
    deadline = time.monotonic() + 10
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    while conn.execute(waiting).fetchone()[0] < count:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def assert_refused(answer, status, code, *fields):
    assert (answer.status_code, (answer.json or {}).get("code")) == (status, code)
    assert {error["field"] for error in answer.json.get("errors", [])} == {*fields}


class TestRegister:
    @pytest.mark.long
    def test_whoever_reads_the_mail_and_knows_the_password_has_the_account(
        self, client, owner, token
    ):
        answer = register(client, name=" Ana K. ")
        assert (answer.status_code, answer.json) == (202, SEEN)
        assert mails(owner) == [("registration", EMAIL)]
        assert log_in(client).status_code == 401
        made = confirm(client, token("registration"))
        assert made.status_code == 201
        assert Account().load(made.json)
        assert (made.json["email"], made.json["name"]) == (EMAIL, "Ana K.")
        assert made.json["is_email_verified"]
        assert not made.json["is_admin"]
        assert log_in(client).status_code == 200
        assert "user.registered" in actions(owner)

    def test_the_token_and_the_password_are_kept_as_hashes_alone(self, client, owner, token):
        register(client)
        rows = owner.execute("SELECT r::text, token_hash FROM registrations r").fetchall()
        rows += owner.execute("SELECT m::text, NULL FROM mails m").fetchall()
        rows += owner.execute("SELECT o::text, NULL FROM outbox o").fetchall()
        rows += owner.execute("SELECT e::text, NULL FROM events e").fetchall()
        given = token("registration")
        assert bytes(rows[0][1]) == digest(given)
        assert not any(secret in row[0] for row in rows for secret in (given, PASSWORD))

    @pytest.mark.long
    @pytest.mark.usefixtures("account")
    def test_the_answer_is_the_same_for_an_address_that_has_an_account(
        self, client, account, owner
    ):
        known, unknown = register(client), register(client, "nobody@example.com")
        assert told(known) == told(unknown)
        assert known.status_code == 202
        assert mails(owner) == [("registration", EMAIL), ("registration", "nobody@example.com")]
        assert log_in(client).status_code == 200

    @pytest.mark.usefixtures("account")
    def test_as_much_work_is_done_for_it(self, client, account, counted):
        register(client)
        known, counted.done = counted.done, []
        register(client, "nobody@example.com")
        assert counted.done == known == ["hash"]

    def test_a_token_works_once(self, client, token):
        register(client)
        given = token("registration")
        assert confirm(client, given).status_code == 201
        assert_refused(confirm(client, given), 400, "invalid_token")

    def test_a_token_is_good_for_a_day(self, client, owner, token):
        register(client)
        owner.execute("UPDATE registrations SET expires_at = expires_at - interval '24 hours'")
        assert_refused(confirm(client, token("registration")), 400, "invalid_token")

    @pytest.mark.parametrize("given", ["x", "cfm_", "é", "' OR 1=1 --", "x" * 200], ids=ascii)
    def test_a_guess_is_no_token(self, client, given):
        register(client)
        assert_refused(confirm(client, given), 400, "invalid_token")

    @pytest.mark.long
    @pytest.mark.usefixtures("account")
    def test_a_token_for_something_else_is_invalid(self, client, account, token):
        forget(client)
        register(client, "bob@example.com")
        assert_refused(confirm(client, token("password_reset")), 400, "invalid_token")
        assert_refused(reset(client, token("registration")), 400, "invalid_token")

    @pytest.mark.long
    def test_a_wrong_password_leaves_the_registration_and_is_limited(self, client, token):
        register(client)
        given = token("registration")
        assert_refused(confirm(client, given, NEW), 403, "wrong_password")
        for _ in range(9):
            confirm(client, given, NEW)
        assert_refused(confirm(client, given), 429, "rate_limited")

    @pytest.mark.long
    def test_what_an_attacker_registered_is_not_confirmed_by_the_victim(
        self, client, elsewhere, token, owner
    ):
        """The victim gets all the mail; each password only confirms its own registration."""
        register(elsewhere, password="the password of Mallory")
        register(client)
        of_victim, of_attacker = token("registration"), token("registration", 1)
        assert_refused(confirm(client, of_attacker), 403, "wrong_password")
        assert_refused(
            confirm(elsewhere, of_victim, "the password of Mallory"), 403, "wrong_password"
        )
        assert confirm(client, of_victim).status_code == 201
        assert log_in(elsewhere, "the password of Mallory").status_code == 401
        answer = confirm(elsewhere, of_attacker, "the password of Mallory")
        assert_refused(answer, 409, "account_exists")
        assert log_in(client).status_code == 200
        assert log_in(elsewhere, "the password of Mallory").status_code == 401

    @pytest.mark.long
    @pytest.mark.parametrize("is_one_registration", [True, False], ids=["one", "two"])
    def test_two_confirmations_at_once_make_one_account(
        self, app, client, token, owner, is_one_registration
    ):
        register(client)
        if not is_one_registration:
            register(client, "ANA@EXAMPLE.COM")
        given = [token("registration"), token("registration", 0 if is_one_registration else 1)]
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda t: confirm(app.test_client(), t), given * 3))
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(201) == 1
        assert set(statuses) <= {201, 400, 409}
        for table in ("users", "workspaces", "members"):
            assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)

    @pytest.mark.usefixtures("account")
    def test_one_address_has_one_account_whatever_its_case(self, client, account, token, owner):
        register(client, "ANA@Example.com")
        assert_refused(confirm(client, token("registration")), 409, "account_exists")
        assert owner.execute("SELECT count(*) FROM users").fetchone() == (1,)

    @pytest.mark.parametrize(
        "password", [WEAK, "anastasia@example.com", "anastasia1", "Kovacevic1", "aaaaaaaaaaaaaaaa"]
    )
    def test_a_weak_password_is_refused_by_name(self, client, owner, password):
        answer = register(client, "anastasia@example.com", password, name="Kovacevic")
        assert_refused(answer, 422, "invalid_input", "password")
        assert password not in answer.text
        assert mails(owner) == []

    @pytest.mark.parametrize("password", ["", "short", "x7#Lq0vv!", "é" * 201, 5, None, "a\0" * 9])
    def test_a_password_of_another_length_or_kind_is_refused_by_name(self, client, owner, password):
        assert_refused(register(client, password=password), 422, "invalid_input", "password")
        assert mails(owner) == []

    @pytest.mark.parametrize(
        "email",
        [
            *("", "x", "@example.com", "ana@", "a b@example.com", "ana\n@example.com"),
            *("ana@example.com\r\nBcc: eve@example.com", "ana@example.com,eve@example.com"),
            *("a\0na@example.com", "x" * 250 + "@example.com", "<ana@example.com>", "ana@exam ple"),
        ],
        ids=lambda email: ascii(email[:24]),
    )
    def test_what_is_no_address_is_refused_by_name(self, client, owner, email):
        assert_refused(register(client, email), 422, "invalid_input", "email")
        assert mails(owner) == []

    @pytest.mark.parametrize(
        "more",
        [{"is_admin": True}, {"handle": "root"}, {"is_verified": True}, {"id": "x"}],
        ids=str,
    )
    def test_nobody_gives_themselves_more(self, client, owner, more):
        assert_refused(register(client, **more), 422, "invalid_input", *more)

    @pytest.mark.long
    @pytest.mark.usefixtures("account")
    def test_where_registration_is_closed_it_is_so_for_all(self, make_app, account):
        app = make_app(registration_enabled=False)
        known = register(app.test_client())
        unknown = register(app.test_client(), "nobody@example.com")
        answer = register(app.test_client(), invitation_token="x")
        assert told(known) == told(unknown) == told(answer)
        assert_refused(known, 403, "registration_closed")

    @pytest.mark.long
    def test_a_mailbox_gets_few_mails_and_nobody_learns_of_it(self, client, owner):
        answers = [told(register(client)) for _ in range(8)]
        assert all(answer == answers[0] for answer in answers)
        assert len(mails(owner)) == 3

    @pytest.mark.long
    def test_no_stranger_keeps_the_mail_of_a_registration_from_its_mailbox(
        self, client, elsewhere, owner
    ):
        for _ in range(8):
            register(elsewhere)
        register(client)
        assert len(mails(owner)) == 4
        use_up(owner, TO_MAILBOX.key("registration", name_of(EMAIL)), hours=2)
        register(client)
        (waits,) = owner.execute(
            "SELECT extract(epoch FROM max(run_after - enqueued_at))::float FROM outbox"
        ).fetchone()
        assert waits == pytest.approx(3600 + 720, abs=300)

    def test_where_very_many_wait_nobody_learns_of_it(self, client, owner):
        first = told(register(client))
        use_up(owner, TO_MAILBOX.key("registration", name_of(EMAIL)))
        assert told(register(client)) == first
        assert len(mails(owner)) == 1

    @pytest.mark.long
    def test_one_address_has_few_mails_sent(self, client, elsewhere, owner):
        for number in range(20):
            register(client, f"user{number}@example.com")
        assert_refused(register(client), 429, "rate_limited")
        assert register(elsewhere).status_code == 202


@pytest.mark.usefixtures("account")
class TestMe:
    def test_users_see_themselves(self, account):
        answer = account.client.get("/api/auth/me")
        assert answer.status_code == 200
        assert Account().load(answer.json)
        assert answer.json["email"] == EMAIL
        assert "account:manage" in answer.json["permissions"]
        assert not any(name.startswith("admin:") for name in answer.json["permissions"])
        assert "argon2" not in answer.text
        assert "password_hash" not in answer.text

    def test_they_change_their_name_and_handle(self, account):
        answer = account.client.patch("/api/auth/me", json={"name": " A. K. ", "handle": "ana-k"})
        assert (answer.json["name"], answer.json["handle"]) == ("A. K.", "ana-k")
        assert account.client.get("/api/auth/me").json == answer.json
        assert account.client.patch("/api/auth/me", json={"name": ""}).json["name"] is None

    def test_a_handle_that_is_taken_is_409(self, account, people):
        people.person("bob")
        answer = account.client.patch("/api/auth/me", json={"handle": "bob"})
        assert_refused(answer, 409, "handle_taken")
        assert account.client.get("/api/auth/me").json["handle"] == "ana"

    @pytest.mark.parametrize(
        "given",
        [
            *({"is_admin": True}, {"email": "bob@example.com"}, {"id": "x"}, {"workspace_id": "x"}),
            *({"password_hash": "x"}, {"is_email_verified": True}, {"handle": "Ana"}),
            *({"handle": ""}, {"handle": "a\n"}, {"handle": "a" * 65}, {"name": "x" * 101}),
            *({"name": "a\0b"}, {"name": 5}),
        ],
        ids=ascii,
    )
    def test_nothing_else_changes(self, account, given):
        before = account.client.get("/api/auth/me").json
        answer = account.client.patch("/api/auth/me", json=given)
        assert_refused(answer, 422, "invalid_input", *given)
        assert account.client.get("/api/auth/me").json == before


@pytest.mark.usefixtures("account")
class TestChange:
    @pytest.mark.long
    def test_the_new_password_is_good_and_the_old_one_is_not(self, client, account, owner):
        assert change(account.client).status_code == 204
        assert log_in(client).status_code == 401
        assert log_in(client, NEW).status_code == 200
        assert mails(owner) == [("password_changed", EMAIL)]
        assert "password.changed" in actions(owner)

    @pytest.mark.long
    def test_every_other_session_ends(self, client, account):
        other = log_in(client).json
        assert change(account.client).status_code == 204
        assert account.client.get("/api/auth/me").status_code == 200
        bearer = {"Authorization": f"Bearer {other['access_token']}"}
        assert client.get("/api/auth/me", headers=bearer).status_code == 401
        answer = client.post("/api/auth/refresh", json={"refresh_token": other["refresh_token"]})
        assert answer.status_code == 401

    @pytest.mark.parametrize("given", ["a garden fence of pine", "", None, NEW])
    def test_without_the_present_one_nothing_changes(self, client, account, owner, given):
        answer = change(account.client, current_password=given)
        if given == "":
            assert_refused(answer, 422, "invalid_input", "current_password")
        else:
            assert_refused(answer, 403, "wrong_password")
            assert "password.failed" in actions(owner)
        assert log_in(client).status_code == 200
        assert mails(owner) == []

    @pytest.mark.long
    def test_guesses_are_limited_whichever_address_they_come_from(self, account):
        for number in range(10):
            account.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
            assert change(account.client, current_password="x").status_code == 403
        account.client.environ_base["REMOTE_ADDR"] = "203.0.113.99"
        assert_refused(change(account.client), 429, "rate_limited")

    @pytest.mark.long
    def test_wrong_passwords_of_somebody_signed_in_are_told_to_the_user_once(self, account, owner):
        def guess():
            body = {"current_password": "wrong", "new_password": NEW}
            return account.client.post("/api/auth/password", json=body).status_code

        assert guess() == 403
        assert mails(owner) == []
        owner.execute("UPDATE rate_limits SET used_until = now() + interval '1 hour'")
        assert [guess() for _ in range(3)] == [429] * 3
        assert mails(owner) == [("many_wrong_confirmations", "ana@example.com")]

    def test_a_weak_one_is_refused(self, client, account):
        assert change(account.client, WEAK).status_code == 422
        assert change(account.client, "ana@example.com").status_code == 422
        assert log_in(client).status_code == 200

    def test_a_weak_one_is_refused_by_name(self, account):
        assert_refused(change(account.client, WEAK), 422, "invalid_input", "new_password")

    @pytest.mark.long
    def test_two_changes_at_once_are_one(self, client, account, people):
        with ThreadPoolExecutor(4) as threads:
            headers = dict(account.client.environ_base)
            statuses = list(threads.map(lambda n: change_by(people, headers, n), range(4)))
        assert statuses.count(204) == 1
        assert set(statuses) <= {204, 403, 409}
        (good,) = [number for number, status in enumerate(statuses) if status == 204]
        assert log_in(client, f"{NEW} {good}").status_code == 200

    def test_an_api_key_changes_no_password(self, account, people):
        _, key = people.key(account, ["account:read"])
        client = people.client(Authorization=f"Bearer {key}")
        assert_refused(change(client), 403, "forbidden")

    def test_the_mails_that_reset_the_old_one_are_worth_nothing(self, client, account, token):
        forget(client)
        assert change(account.client).status_code == 204
        answer = reset(client, token("password_reset"), "the password of Mallory")
        assert_refused(answer, 400, "invalid_token")


def change_by(people, environment, number):
    client = people.client()
    client.environ_base.update(environment)
    return change(client, f"{NEW} {number}").status_code


class TestWithoutPassword:
    """An account made by single sign-on."""

    def test_a_session_of_less_than_ten_minutes_gives_it_one(self, client, people):
        person = people.person("ana", password=False)
        assert change(person.client, current_password=None).status_code == 204
        assert log_in(client, NEW).status_code == 200

    def test_an_older_one_has_to_log_in_again(self, people, owner):
        person = people.person("ana", password=False)
        owner.execute("UPDATE sessions SET created_at = now() - interval '10 minutes 1 second'")
        for current in (None, "", PASSWORD):
            given = {} if current is None else {"current_password": current}
            if current != "":
                answer = person.client.post(
                    "/api/auth/password", json={"new_password": NEW, **given}
                )
                assert_refused(answer, 403, "reauthentication_required")
        enrol = person.client.post("/api/auth/totp/enrol", json={})
        assert_refused(enrol, 403, "reauthentication_required")
        assert owner.execute("SELECT password_hash FROM users").fetchone() == (None,)

    def test_refreshing_does_not_make_a_session_younger(self, people, owner):
        person = people.person("ana", password=False)
        owner.execute(
            "UPDATE sessions SET created_at = now() - interval '11 minutes', refreshed_at = now()"
        )
        answer = change(person.client, current_password=None)
        assert_refused(answer, 403, "reauthentication_required")

    def test_nobody_logs_in_with_no_password(self, client, people):
        people.person("ana", password=False)
        for guess in (PASSWORD, "None", "null", " "):
            assert log_in(client, guess).status_code == 401


@pytest.mark.usefixtures("account")
class TestReset:
    @pytest.mark.long
    def test_whoever_reads_the_mail_sets_another(self, client, account, owner, token):
        answer = forget(client)
        assert (answer.status_code, answer.json) == (202, SEEN)
        assert mails(owner) == [("password_reset", EMAIL)]
        assert reset(client, token("password_reset")).status_code == 204
        assert log_in(client).status_code == 401
        assert log_in(client, NEW).status_code == 200
        assert mails(owner)[1:] == [("password_changed", EMAIL)]
        assert actions(owner)[:2] == ["password.reset_requested", "password.reset"]

    def test_the_answer_is_the_same_for_an_address_without_account(
        self, client, account, owner, counted
    ):
        assert told(forget(client)) == told(forget(client, "nobody@example.com"))
        for table in ("password_resets", "mails", "audit_log", "outbox"):
            assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (2,)
        assert counted.done == []

    @pytest.mark.long
    def test_every_session_ends(self, client, account, token):
        other = log_in(client).json["access_token"]
        forget(client)
        assert reset(client, token("password_reset")).status_code == 204
        assert account.client.get("/api/auth/me").status_code == 401
        bearer = {"Authorization": f"Bearer {other}"}
        assert client.get("/api/auth/me", headers=bearer).status_code == 401

    @pytest.mark.long
    def test_no_session_of_somebody_else_ends(self, client, account, people, token):
        bob = people.person("bob")
        forget(client)
        reset(client, token("password_reset"))
        assert bob.client.get("/api/auth/me").status_code == 200

    @pytest.mark.long
    def test_a_token_works_once_also_at_once(self, app, client, account, token):
        forget(client)
        given = token("password_reset")
        with ThreadPoolExecutor(5) as threads:
            statuses = list(
                threads.map(
                    lambda n: reset(app.test_client(), given, f"{NEW} {n}").status_code, range(5)
                )
            )
        assert sorted(statuses) == [204, 400, 400, 400, 400]
        assert_refused(reset(client, given), 400, "invalid_token")
        assert log_in(client, f"{NEW} {statuses.index(204)}").status_code == 200

    @pytest.mark.long
    def test_it_uses_up_the_other_tokens_of_the_address(self, client, account, token, owner):
        forget(client)
        forget(client, "ANA@EXAMPLE.com")
        forget(client, "bob@example.com")
        of_ana, other = token("password_reset", 1), token("password_reset", 2)
        assert reset(client, other).status_code == 204
        assert_refused(reset(client, of_ana), 400, "invalid_token")
        left = owner.execute("SELECT email FROM password_resets").fetchall()
        assert left == [("bob@example.com",)]

    @pytest.mark.long
    def test_two_tokens_at_once_set_one_password(self, app, client, token, owner, app_conn):
        for _ in range(2):
            forget(client)
        first, second = token("password_reset"), token("password_reset", 1)
        with ThreadPoolExecutor(2) as threads:
            with owner.transaction():
                held = "SELECT FROM password_resets WHERE token_hash = %s FOR UPDATE"
                owner.execute(held, (digest(first),))
                answers = []
                for count, given in enumerate((first, second), start=1):
                    answers.append(threads.submit(reset, app.test_client(), given))
                    wait_until_blocked(app_conn, count)
            statuses = sorted(answer.result().status_code for answer in answers)
        assert statuses == [204, 400]
        assert log_in(client, NEW).status_code == 200

    def test_it_is_good_for_an_hour(self, client, account, token, owner):
        forget(client)
        owner.execute("UPDATE password_resets SET expires_at = expires_at - interval '60 minutes'")
        assert_refused(reset(client, token("password_reset")), 400, "invalid_token")
        assert log_in(client).status_code == 200

    def test_the_token_is_kept_as_a_hash_alone(self, client, account, token, owner):
        forget(client)
        given = token("password_reset")
        rows = owner.execute("SELECT r::text, token_hash FROM password_resets r").fetchall()
        rows += owner.execute("SELECT m::text, NULL FROM mails m").fetchall()
        rows += owner.execute("SELECT o::text, NULL FROM outbox o").fetchall()
        rows += owner.execute("SELECT a::text, NULL FROM audit_log a").fetchall()
        assert bytes(rows[0][1]) == digest(given)
        assert not any(given in row[0] for row in rows)

    @pytest.mark.parametrize("given", ["x", "cfm_", "é", "' OR 1=1 --", "x" * 200], ids=ascii)
    def test_a_guess_is_no_token(self, client, account, given):
        forget(client)
        assert_refused(reset(client, given), 400, "invalid_token")

    def test_a_token_of_an_address_without_account_is_invalid(self, client, account, token):
        forget(client, "nobody@example.com")
        assert_refused(reset(client, token("password_reset")), 400, "invalid_token")

    def test_a_disabled_account_is_not_reset(self, client, account, token, owner):
        forget(client)
        owner.execute("UPDATE users SET disabled_at = now()")
        assert_refused(reset(client, token("password_reset")), 400, "invalid_token")
        owner.execute("UPDATE users SET disabled_at = NULL")
        assert log_in(client).status_code == 200

    def test_a_weak_password_is_refused_by_name_and_uses_nothing_up(self, client, account, token):
        forget(client)
        given = token("password_reset")
        assert_refused(reset(client, given, WEAK), 422, "invalid_input", "password")
        assert reset(client, given).status_code == 204

    def test_a_password_made_of_ones_address_is_weak_here_too(self, client, people, token):
        people.person("anastasia.kovac")
        forget(client, "anastasia.kovac@example.com")
        answer = reset(client, token("password_reset"), "anastasia.kovac@example.com")
        assert_refused(answer, 422, "invalid_input", "password")

    def test_an_address_is_shown_to_be_ones_own_by_it(self, client, people, token, owner):
        people.person("ina", verified=False)
        forget(client, "ina@example.com")
        reset(client, token("password_reset"))
        (is_verified,) = owner.execute(
            "SELECT email_verified_at IS NOT NULL FROM users WHERE handle = 'ina'"
        ).fetchone()
        assert is_verified

    @pytest.mark.long
    def test_a_log_in_that_races_with_it_leaves_no_session(
        self, app, client, account, owner, token, stand_in
    ):
        forget(client)
        real, given = passwords.of(app), token("password_reset")

        class Slow(Counted):
            def verify(self, kept, password):
                found = real.verify(kept, password)
                if found:
                    assert reset(app.test_client(), given).status_code == 204
                return found

        stand_in(passwords, Slow(real))
        assert_refused(log_in(client), 401, "invalid_credentials")
        live = owner.execute("SELECT count(*) FROM sessions WHERE status <> 'ended'").fetchone()
        assert live == (0,)

    @pytest.mark.long
    def test_log_ins_beside_it_leave_no_session(self, app, client, account, owner, token):
        forget(client)
        given = token("password_reset")

        def do(number):
            other = app.test_client()
            other.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
            return (reset(other, given) if number == 4 else log_in(other)).status_code

        with ThreadPoolExecutor(9) as threads:
            statuses = list(threads.map(do, range(9)))
        assert statuses[4] == 204
        assert set(statuses) <= {200, 204, 401}
        live = owner.execute("SELECT count(*) FROM sessions WHERE status <> 'ended'").fetchone()
        assert live == (0,)

    @pytest.mark.long
    def test_a_mailbox_gets_few_mails_and_nobody_learns_of_it(self, client, account, owner):
        answers = [told(forget(client)) for _ in range(8)]
        assert all(answer == answers[0] for answer in answers)
        assert len(mails(owner)) == 5

    @pytest.mark.long
    def test_registrations_of_a_stranger_keep_no_user_from_their_reset(
        self, client, elsewhere, account, owner
    ):
        for _ in range(5):
            register(elsewhere)
        forget(client)
        assert ("password_reset", EMAIL) in mails(owner)

    @pytest.mark.parametrize(
        "typed",
        [
            "mimi@g\u0130thub.com",
            "m\u0130mi@github.com",
        ],
        ids=["domain", "name"],
    )
    def test_no_other_address_gets_the_mail_that_resets_an_account(
        self, client, people, owner, make, typed
    ):
        people.person("mimi")
        owner.execute("UPDATE users SET email = 'mimi@github.com' WHERE handle = 'mimi'")
        forget(client, typed)
        ids = [row[0] for row in owner.execute("SELECT id FROM mails")]
        for mail in queries.mails.load(make.conn, ids=ids):
            assert not mail["is_wanted"] or mail["recipient"] == "mimi@github.com"

    @pytest.mark.long
    def test_without_mail_it_is_refused_for_all(self, make_app, account):
        app = make_app(environment="production", smtp_url=None)
        known, unknown = forget(app.test_client()), forget(app.test_client(), "x@example.com")
        assert told(known) == told(unknown)
        assert_refused(known, 403, "mail_not_configured")

    @pytest.mark.long
    def test_a_token_by_a_former_secret_stays_good(
        self, client, account, settings, token, make_app
    ):
        forget(client)
        app = make_app(
            secret_key="another secret of 32 characters",
            secret_keys_former=(settings.secret_key,),
        )
        assert reset(app.test_client(), token("password_reset")).status_code == 204


@pytest.mark.long
def test_no_secret_is_logged(client, account, token, logged):
    register(client, "bob@example.com", NEW)
    of_registration = token("registration")
    confirm(client, of_registration, "a wrong password, it is")
    confirm(client, of_registration, NEW)
    forget(client)
    of_reset = token("password_reset")
    change(account.client, current_password="another wrong one, it is")
    reset(client, of_reset, NEW)
    reset(client, of_reset, NEW)
    secrets = [NEW, of_registration, of_reset, "a wrong password, it is", "another wrong one"]
    assert logged
    assert not any(secret in str(logged) for secret in secrets)
