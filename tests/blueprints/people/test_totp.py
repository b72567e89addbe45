"""The second factor, and attacks by somebody who knows the password."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pyotp
import pytest
import structlog

from tests.blueprints.examples import Examples
from tests.people import PASSWORD, mails, use_up
from webapp.access.credentials import keyring
from webapp.identity import totp
from webapp.identity.keyring import digest
from webapp.identity.session_tokens import session_of_ticket
from webapp.mails.tokens import mail_tokens
from webapp.schemas.people.log_ins import Ticket
from webapp.schemas.people.sessions import Tokens
from webapp.schemas.people.totp import Enrolment, RecoveryCodes

EXAMPLES = Examples(
    not_kept={
        f"/api/auth/totp/{step}" for step in ("enrol", "verify", "disable", "recovery-codes")
    },
)

EMAIL = "ana@example.com"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NEW = "a gate of larch and iron"
ANOTHER_SECRET = "another secret of 32 characters"


class Clock:
    """The time that codes are based on, and the code of each step."""

    def __init__(self):
        self.now = time.time()

    def time(self):
        return self.now

    def pass_steps(self, steps):
        self.now += 30 * steps

    def code(self, steps=0):
        return pyotp.HOTP(SECRET).at(int(self.now) // 30 + steps)

    def wrong(self):
        """A code that is not valid anywhere near now."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(
            code
            for code in ("000000", "111111", *map(str, range(200000, 200009)))
            if code not in near
        )


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=made.time))
    monkeypatch.setattr(totp, "new_secret", lambda: SECRET)
    return made


@pytest.fixture
def account(people):
    """Ana, who has an account."""
    return people.person("ana")


@pytest.fixture
def recovery_codes(account, clock):
    """The recovery codes of Ana, who has a second factor."""
    codes = switch_on(account, clock)
    clock.pass_steps(2)
    return codes


@pytest.fixture
def elsewhere(app):
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    return client


def enrol(person, **given):
    return person.client.post("/api/auth/totp/enrol", json={"password": PASSWORD} | given)


def verify(person, code):
    return person.client.post("/api/auth/totp/verify", json={"code": code})


def disable(person, code, **given):
    body = {"password": PASSWORD, "code": code} | given
    return person.client.post("/api/auth/totp/disable", json=body)


def renew(person, code, **given):
    body = {"password": PASSWORD, "code": code} | given
    return person.client.post("/api/auth/totp/recovery-codes", json=body)


def switch_on(person, clock):
    assert enrol(person).status_code == 200
    answer = verify(person, clock.code())
    assert answer.status_code == 200, answer.json
    return answer.json["recovery_codes"]


def log_in(client, **more):
    return client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD, **more})


def ticket_of(client):
    answer = log_in(client)
    assert answer.status_code == 202, answer.json
    return answer.json["ticket"]


def finish(client, ticket, code=None, **given):
    given = ({"code": code} if code is not None else {}) | given
    return client.post("/api/auth/login/totp", json={"ticket": ticket, **given})


def me(client, token):
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})


def actions(owner):
    return [row[0] for row in owner.execute("SELECT action FROM audit_log ORDER BY id")]


def assert_refused(answer, status, code):
    assert (answer.status_code, (answer.json or {}).get("code")) == (status, code)


@pytest.mark.usefixtures("account")
class TestEnrol:
    def test_an_app_is_set_up_by_its_uri_or_the_picture(self, account, clock):
        answer = enrol(account)
        assert answer.status_code == 200
        assert Enrolment().load(answer.json)
        assert answer.headers["Cache-Control"] == "no-store"
        assert pyotp.parse_uri(answer.json["uri"]).secret == answer.json["secret"] == SECRET
        assert answer.json["qr_svg"].startswith("<svg")
        assert "<script" not in answer.json["qr_svg"]

    @pytest.mark.long
    def test_each_has_a_secret_of_its_own(self, account):
        assert enrol(account).json["secret"] != enrol(account).json["secret"]

    @pytest.mark.long
    def test_nothing_is_asked_for_before_a_first_code(self, client, account, clock):
        enrol(account)
        assert log_in(client).status_code == 200
        assert not account.client.get("/api/auth/me").json["has_totp"]

    @pytest.mark.long
    def test_the_first_code_switches_it_on_and_gives_ten_recovery_codes(
        self, client, account, clock, owner
    ):
        enrol(account)
        answer = verify(account, clock.code())
        assert answer.status_code == 200
        assert RecoveryCodes().load(answer.json)
        assert answer.headers["Cache-Control"] == "no-store"
        assert len(set(answer.json["recovery_codes"])) == 10
        own = account.client.get("/api/auth/me").json
        assert (own["has_totp"], own["recovery_codes_left"]) == (True, 10)
        assert log_in(client).status_code == 202
        assert actions(owner)[0] == "totp.enabled"
        assert owner.execute("SELECT template FROM mails").fetchall() == [("totp_changed",)]

    def test_the_secret_and_the_codes_are_not_kept_to_be_read(self, owner, recovery_codes):
        rows = owner.execute("SELECT t::text, t.secret FROM totp t").fetchall()
        assert SECRET not in rows[0][0]
        assert SECRET.encode() not in bytes(rows[0][1])
        kept = {bytes(row[0]) for row in owner.execute("SELECT code_hash FROM recovery_codes")}
        assert kept == {digest(code) for code in recovery_codes}

    @pytest.mark.parametrize("password", ["a garden fence of pine", None])
    def test_it_takes_the_password(self, account, owner, password):
        assert_refused(enrol(account, password=password), 403, "wrong_password")
        assert owner.execute("SELECT count(*) FROM totp").fetchone() == (0,)

    @pytest.mark.long
    def test_it_takes_a_fresh_session_where_there_is_no_password(self, people, owner, clock):
        person = people.person("ina", password=False)
        assert enrol(person, password=None).status_code == 200
        owner.execute("UPDATE sessions SET created_at = created_at - interval '601 seconds'")
        answer = enrol(person, password=None)
        assert_refused(answer, 403, "reauthentication_required")

    @pytest.mark.long
    def test_a_wrong_first_code_switches_nothing_on(self, client, account, clock, owner):
        enrol(account)
        assert_refused(verify(account, clock.wrong()), 403, "wrong_code")
        assert log_in(client).status_code == 200
        assert owner.execute("SELECT count(*) FROM recovery_codes").fetchone() == (0,)

    @pytest.mark.long
    def test_first_codes_are_limited(self, account, clock):
        enrol(account)
        for _ in range(10):
            assert verify(account, clock.wrong()).status_code == 403
        assert_refused(verify(account, clock.code()), 429, "rate_limited")

    @pytest.mark.long
    def test_a_secret_that_was_enrolled_anew_is_good_no_longer(self, account, clock, monkeypatch):
        enrol(account)
        monkeypatch.setattr(totp, "new_secret", pyotp.random_base32)
        enrol(account)
        assert_refused(verify(account, clock.code()), 403, "wrong_code")

    @pytest.mark.long
    def test_one_that_is_on_is_not_replaced(self, client, account, clock, recovery_codes):
        assert_refused(enrol(account), 409, "totp_enabled")
        assert_refused(verify(account, clock.code()), 409, "totp_not_enrolling")
        assert finish(client, ticket_of(client), clock.code()).status_code == 200

    def test_without_enrolment_there_is_nothing_to_verify(self, account, clock):
        assert_refused(verify(account, clock.code()), 409, "totp_not_enrolling")

    @pytest.mark.long
    def test_what_is_not_verified_in_time_or_before_another_password_is_forgotten(
        self, account, clock, owner
    ):
        """Otherwise somebody who once knew the password could switch on a factor much later."""
        enrol(account)
        owner.execute("UPDATE totp SET enrolled_at = enrolled_at - interval '901 seconds'")
        assert_refused(verify(account, clock.code()), 409, "totp_not_enrolling")
        enrol(account)
        body = {"current_password": PASSWORD, "new_password": NEW}
        assert account.client.post("/api/auth/password", json=body).status_code == 204
        assert_refused(verify(account, clock.code()), 409, "totp_not_enrolling")

    @pytest.mark.long
    def test_two_first_codes_at_once_give_recovery_codes_once(self, people, account, clock, owner):
        enrol(account)
        environment = dict(account.client.environ_base)

        def send(_):
            client = people.client()
            client.environ_base.update(environment)
            return client.post("/api/auth/totp/verify", json={"code": clock.code()})

        with ThreadPoolExecutor(5) as threads:
            answers = list(threads.map(send, range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
        assert owner.execute("SELECT count(*) FROM recovery_codes").fetchone() == (10,)

    @pytest.mark.long
    @pytest.mark.parametrize("code", ["", "12345", "1234567", 123456, None, "12\x003456"])
    def test_what_is_no_code_is_refused_by_name(self, account, clock, code):
        enrol(account)
        answer = verify(account, code)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "code"

    @pytest.mark.long
    def test_an_api_key_touches_no_second_factor(self, people, account):
        _, key = people.key(account, ["account:read"])
        account.client = people.client(Authorization=f"Bearer {key}")
        for answer in (enrol(account), verify(account, "123456"), disable(account, "123456")):
            assert_refused(answer, 403, "forbidden")


@pytest.mark.usefixtures("recovery_codes")
class TestLogIn:
    @pytest.mark.long
    def test_the_password_gives_a_ticket_and_the_code_the_tokens(self, client, clock, owner):
        answer = log_in(client)
        assert answer.status_code == 202
        assert Ticket().load(answer.json)
        assert answer.json["expires_in"] == 300
        assert "token" not in answer.text
        assert "Set-Cookie" not in answer.headers
        given = finish(client, answer.json["ticket"], clock.code())
        assert given.status_code == 200
        assert Tokens().load(given.json)
        assert me(client, given.json["access_token"]).json["email"] == EMAIL
        body = {"refresh_token": given.json["refresh_token"]}
        assert client.post("/api/auth/refresh", json=body).status_code == 200
        assert actions(owner) == ["totp.enabled", "login.succeeded"]

    def test_with_the_cookie_the_refresh_token_is_there_alone(self, client, clock):
        answer = finish(client, ticket_of(client), clock.code(), cookie=True)
        assert answer.json["refresh_token"] is None
        assert client.get_cookie("coffer_refresh", path="/api/auth").value

    def test_a_wrong_password_learns_of_no_second_factor(self, client):
        body = {"email": EMAIL, "password": "a garden fence of pine"}
        assert client.post("/api/auth/login", json=body).status_code == 401

    @pytest.mark.long
    def test_a_ticket_signs_in_to_nothing(self, client, owner):
        ticket = ticket_of(client)
        assert me(client, ticket).status_code == 401
        answer = client.post("/api/auth/refresh", json={"refresh_token": ticket})
        assert_refused(answer, 401, "invalid_refresh_token")
        client.set_cookie("coffer_refresh", ticket, path="/api/auth")
        assert client.post("/api/auth/refresh", json={}).status_code in (401, 403)
        (is_kept,) = owner.execute(
            "SELECT count(*) FROM sessions s WHERE s::text LIKE %s", (f"%{ticket}%",)
        ).fetchone()
        assert not is_kept

    def test_a_session_that_waits_is_in_no_list_and_knows_no_address(
        self, account, elsewhere, owner
    ):
        ticket_of(elsewhere)
        assert len(account.client.get("/api/auth/sessions").json["items"]) == 1
        assert owner.execute("SELECT count(*) FROM known_addresses").fetchone() == (0,)

    @pytest.mark.parametrize(
        ("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)]
    )
    def test_the_step_before_and_after_are_good_and_no_others(self, client, clock, steps, status):
        clock.pass_steps(2)
        assert finish(client, ticket_of(client), clock.code(steps)).status_code == status

    @pytest.mark.long
    def test_a_code_works_once(self, client, clock):
        code = clock.code()
        assert finish(client, ticket_of(client), code).status_code == 200
        assert_refused(finish(client, ticket_of(client), code), 401, "wrong_code")
        clock.pass_steps(1)
        assert_refused(finish(client, ticket_of(client), code), 401, "wrong_code")
        assert finish(client, ticket_of(client), clock.code()).status_code == 200

    @pytest.mark.long
    def test_after_a_code_none_before_it_works(self, client, clock):
        assert finish(client, ticket_of(client), clock.code(1)).status_code == 200
        for steps in (-1, 0, 1):
            answer = finish(client, ticket_of(client), clock.code(steps))
            assert_refused(answer, 401, "wrong_code")

    def test_the_code_that_switched_it_on_is_used_up(self, client, clock):
        clock.pass_steps(-2)
        assert_refused(finish(client, ticket_of(client), clock.code()), 401, "wrong_code")

    @pytest.mark.long
    @pytest.mark.parametrize("is_one_ticket", [True, False], ids=["one ticket", "a ticket each"])
    def test_of_requests_at_once_with_one_code_one_gets_in(
        self, app, client, clock, owner, is_one_ticket
    ):
        tickets = [ticket_of(client) for _ in range(4)]
        tickets = tickets[:1] * 4 if is_one_ticket else tickets
        with ThreadPoolExecutor(4) as threads:
            answers = list(
                threads.map(lambda t: finish(app.test_client(), t, clock.code()), tickets)
            )
        assert [answer.status_code for answer in answers].count(200) == 1
        assert {answer.status_code for answer in answers} <= {200, 401}
        live = "SELECT count(*) FROM sessions WHERE status = 'active' AND token_hash <> ''"
        assert owner.execute(live).fetchone() == (1,)

    @pytest.mark.long
    def test_a_ticket_works_once(self, client, clock, owner):
        ticket = ticket_of(client)
        first = finish(client, ticket, clock.code()).json
        clock.pass_steps(1)
        assert_refused(finish(client, ticket, clock.code()), 401, "invalid_ticket")
        assert me(client, first["access_token"]).status_code == 200

    def test_a_ticket_is_good_for_five_minutes(self, client, clock, owner):
        ticket = ticket_of(client)
        owner.execute("UPDATE sessions SET expires_at = expires_at - interval '300 seconds'")
        assert_refused(finish(client, ticket, clock.code()), 401, "invalid_ticket")

    @pytest.mark.long
    @pytest.mark.parametrize("change", ["x", "cft_x", "{}x", "cft_" + "A" * 64, "é"], ids=ascii)
    def test_what_is_no_ticket_is_refused_and_uses_nothing_up(self, client, clock, change):
        ticket = ticket_of(client)
        assert_refused(finish(client, change.format(ticket), clock.code()), 401, "invalid_ticket")
        assert finish(client, ticket, clock.code()).status_code == 200

    def test_a_ticket_that_names_the_session_is_not_enough(self, client, clock):
        ticket = ticket_of(client)
        assert session_of_ticket(ticket)
        guess = ticket[:30] + "A" * (len(ticket) - 30)
        assert_refused(finish(client, guess, clock.code()), 401, "invalid_ticket")

    @pytest.mark.long
    def test_the_ticket_of_one_user_takes_the_code_of_no_other(
        self, client, people, clock, monkeypatch
    ):
        monkeypatch.setattr(totp, "new_secret", lambda: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        bob = people.person("bob")
        enrol(bob)
        verify(bob, pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(int(clock.now)))
        of_bob = log_in(client, email="bob@example.com").json["ticket"]
        assert_refused(finish(client, of_bob, clock.code()), 401, "wrong_code")

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"code": "123456", "recovery_code": "x"},
            {"code": "12345"},
            {"code": 123456},
            {"code": ["123456"]},
            {"recovery_code": ""},
            {"code": None, "recovery_code": None},
        ],
        ids=str,
    )
    def test_it_takes_one_of_the_two_codes(self, client, given):
        assert finish(client, ticket_of(client), **given).status_code == 422

    def test_a_disabled_user_gets_no_further(self, client, clock, owner):
        ticket = ticket_of(client)
        owner.execute("UPDATE users SET disabled_at = now()")
        assert_refused(finish(client, ticket, clock.code()), 401, "invalid_ticket")

    @pytest.mark.long
    @pytest.mark.parametrize("how", ["reset", "change", "everywhere"])
    def test_what_ends_every_session_ends_those_that_wait(
        self, app, client, account, clock, owner, how
    ):
        ticket = ticket_of(client)
        if how == "reset":
            client.post("/api/auth/password/forgot", json={"email": EMAIL})
            (about,) = owner.execute("SELECT id FROM password_resets").fetchone()
            token = mail_tokens(keyring.of(app), "password_reset", about)[0]
            body = {"token": token, "password": NEW}
            answer = client.post("/api/auth/password/reset", json=body)
        elif how == "change":
            body = {"current_password": PASSWORD, "new_password": NEW}
            answer = account.client.post("/api/auth/password", json=body)
        else:
            answer = account.client.post("/api/auth/logout-everywhere", json={})
        assert answer.status_code < 300
        assert_refused(finish(client, ticket, clock.code()), 401, "invalid_ticket")

    @pytest.mark.long
    def test_a_reset_of_the_password_keeps_the_second_factor(self, app, client, owner):
        client.post("/api/auth/password/forgot", json={"email": EMAIL})
        (about,) = owner.execute("SELECT id FROM password_resets").fetchone()
        token = mail_tokens(keyring.of(app), "password_reset", about)[0]
        client.post("/api/auth/password/reset", json={"token": token, "password": NEW})
        assert log_in(client, password=NEW).status_code == 202

    @pytest.mark.long
    def test_a_secret_by_a_former_key_stays_good(self, client, clock, settings, account, make_app):
        ticket = ticket_of(client)
        app = make_app(secret_key=ANOTHER_SECRET, secret_keys_former=(settings.secret_key,))
        assert finish(app.test_client(), ticket, clock.code()).status_code == 200
        clock.pass_steps(1)
        other = app.test_client()
        assert finish(other, ticket_of(other), clock.code()).status_code == 200

    @pytest.mark.long
    def test_a_code_has_its_secret_encrypted_by_the_present_key(
        self, client, clock, settings, make_app
    ):
        ticket = ticket_of(client)
        both = make_app(secret_key=ANOTHER_SECRET, secret_keys_former=(settings.secret_key,))
        assert finish(both.test_client(), ticket, clock.code()).status_code == 200
        clock.pass_steps(1)
        other = make_app(secret_key=ANOTHER_SECRET).test_client()
        assert finish(other, ticket_of(other), clock.code()).status_code == 200

    @pytest.mark.long
    def test_a_secret_that_no_key_reads_lets_nobody_in(self, client, clock, make_app):
        ticket = ticket_of(client)
        app = make_app(secret_key=ANOTHER_SECRET)
        with structlog.testing.capture_logs() as lines:
            answer = finish(app.test_client(), ticket, clock.code())
        assert_refused(answer, 401, "wrong_code")
        assert "totp_secret_unreadable" in [line["event"] for line in lines]


@pytest.mark.usefixtures("account")
class TestGuessing:
    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_the_sixth_wrong_code_has_to_wait_and_a_new_ticket_does_not_help(
        self, client, clock, owner
    ):
        for _ in range(5):
            assert_refused(finish(client, ticket_of(client), clock.wrong()), 401, "wrong_code")
        answer = finish(client, ticket_of(client), clock.code())
        assert_refused(answer, 429, "rate_limited")
        assert int(answer.headers["Retry-After"]) > 0
        assert actions(owner).count("totp.failed") == 5

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_twenty_at_once_are_judged_five_times_at_most(self, app, client, clock):
        ticket = ticket_of(client)
        with ThreadPoolExecutor(20) as threads:
            answers = threads.map(
                lambda _: finish(app.test_client(), ticket, clock.wrong()).status_code, range(20)
            )
            statuses = list(answers)
        assert set(statuses) == {401, 429}
        assert statuses.count(401) <= 5

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_a_right_code_gives_its_attempt_back(self, client, clock):
        for _ in range(8):
            assert finish(client, ticket_of(client), clock.code()).status_code == 200
            clock.pass_steps(1)

    @pytest.mark.long
    def test_recovery_codes_are_limited_with_them(self, client, clock, recovery_codes):
        for _ in range(3):
            finish(client, ticket_of(client), clock.wrong())
        for _ in range(2):
            answer = finish(client, ticket_of(client), recovery_code="aaaa-aaaa-aaaa-aaaa")
            assert_refused(answer, 401, "wrong_code")
        answer = finish(client, ticket_of(client), recovery_code=recovery_codes[0])
        assert_refused(answer, 429, "rate_limited")

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_strangers_have_thirty_an_hour_together_but_a_known_address_goes_on(
        self, client, elsewhere, account, clock, owner
    ):
        assert finish(client, ticket_of(client), clock.code()).status_code == 200
        clock.pass_steps(1)
        use_up(owner, f"totp_of_strangers:{account.id}")
        answer = finish(elsewhere, ticket_of(elsewhere), clock.code())
        assert_refused(answer, 429, "rate_limited")
        assert finish(client, ticket_of(client), clock.code()).status_code == 200

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_codes_from_a_48_of_ipv6_are_counted_together(self, app, client, account, clock, owner):
        def try_from(network):
            address = {"REMOTE_ADDR": f"2001:db8:1:{network}::1"}
            body = {"ticket": ticket_of(client), "code": clock.wrong()}
            return client.post("/api/auth/login/totp", json=body, environ_overrides=address)

        assert_refused(try_from(1), 401, "wrong_code")
        use_up(owner, f"totp:{account.id}:2001:db8:1::/48")
        assert_refused(try_from(2), 429, "rate_limited")

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_many_wrong_codes_are_told_to_the_user_once(self, client, account, clock, owner):
        owner.execute("DELETE FROM mails")
        finish(client, ticket_of(client), clock.wrong())
        assert mails(owner) == []
        use_up(owner, f"totp_unnoticed:{account.id}")
        for _ in range(3):
            finish(client, ticket_of(client), clock.wrong())
        assert mails(owner) == [("many_wrong_codes", EMAIL)]


@pytest.mark.usefixtures("account")
class TestRecovery:
    @pytest.mark.long
    @pytest.mark.parametrize(
        "typed",
        [
            str,
            str.upper,
            lambda code: code.replace("-", ""),
            lambda code: code.replace("-", " "),
            lambda code: f"  {code.title()} ",
        ],
        ids=["as it is", "upper", "bare", "spaces", "around"],
    )
    def test_a_code_lets_in_once_however_it_is_typed(self, client, account, recovery_codes, typed):
        given = typed(recovery_codes[3])
        assert finish(client, ticket_of(client), recovery_code=given).status_code == 200
        assert account.client.get("/api/auth/me").json["recovery_codes_left"] == 9
        answer = finish(client, ticket_of(client), recovery_code=given)
        assert_refused(answer, 401, "wrong_code")

    @pytest.mark.long
    def test_at_once_it_lets_in_once(self, app, client, recovery_codes):
        tickets = [ticket_of(client) for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            statuses = threads.map(
                lambda t: finish(app.test_client(), t, recovery_code=recovery_codes[0]).status_code,
                tickets,
            )
            assert sorted(statuses) == [200, 401, 401, 401]

    @pytest.mark.long
    def test_it_is_not_used_up_by_a_ticket_that_is_over(self, client, owner, recovery_codes):
        ticket = ticket_of(client)
        owner.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")
        assert finish(client, ticket, recovery_code=recovery_codes[0]).status_code == 401
        answer = finish(client, ticket_of(client), recovery_code=recovery_codes[0])
        assert answer.status_code == 200

    @pytest.mark.long
    def test_another_users_code_is_wrong(self, client, people, clock, recovery_codes, account):
        clock.pass_steps(1)
        of_bob = switch_on(people.person("bob"), clock)
        answer = finish(client, ticket_of(client), recovery_code=of_bob[0])
        assert_refused(answer, 401, "wrong_code")

    @pytest.mark.long
    def test_new_ones_take_the_place_of_the_old(self, client, account, clock, recovery_codes):
        answer = renew(account, clock.code())
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        new = answer.json["recovery_codes"]
        assert len(new) == 10
        assert not {*new} & {*recovery_codes}
        answer = finish(client, ticket_of(client), recovery_code=recovery_codes[0])
        assert_refused(answer, 401, "wrong_code")
        assert finish(client, ticket_of(client), recovery_code=new[0]).status_code == 200

    def test_the_user_is_told_of_new_ones(self, account, clock, recovery_codes, owner):
        owner.execute("DELETE FROM mails")
        assert renew(account, clock.code()).status_code == 200
        assert mails(owner) == [("recovery_codes_replaced", EMAIL)]

    def test_new_ones_take_the_password_and_a_code(self, account, clock, recovery_codes):
        assert_refused(renew(account, clock.code(), password="x"), 403, "wrong_password")
        assert_refused(renew(account, clock.wrong()), 403, "wrong_code")
        assert renew(account, recovery_codes[0]).status_code == 200

    @pytest.mark.long
    def test_there_are_none_without_a_second_factor(self, account, clock):
        assert_refused(renew(account, "123456"), 409, "totp_disabled")
        enrol(account)
        assert_refused(renew(account, clock.code()), 409, "totp_disabled")


@pytest.mark.usefixtures("account")
class TestDisable:
    @pytest.mark.long
    @pytest.mark.parametrize("with_recovery_code", [False, True], ids=["code", "recovery code"])
    def test_it_takes_the_password_and_a_code(
        self, client, account, clock, owner, recovery_codes, with_recovery_code
    ):
        code = recovery_codes[0] if with_recovery_code else clock.code()
        assert_refused(disable(account, code, password=None), 403, "wrong_password")
        assert_refused(disable(account, code, password="x"), 403, "wrong_password")
        assert_refused(disable(account, clock.wrong()), 403, "wrong_code")
        assert log_in(client).status_code == 202
        assert disable(account, code).status_code == 204
        assert log_in(client).status_code == 200
        for table in ("totp", "recovery_codes"):
            assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        assert "totp.disabled" in actions(owner)
        assert owner.execute("SELECT count(*) FROM mails").fetchone() == (2,)

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_a_code_that_logged_in_does_not_disable(self, client, account, clock):
        assert finish(client, ticket_of(client), clock.code()).status_code == 200
        assert_refused(disable(account, clock.code()), 403, "wrong_code")

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_guesses_are_limited(self, account, clock):
        for number in range(10):
            account.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
            assert disable(account, clock.wrong()).status_code == 403
        assert_refused(disable(account, clock.code()), 429, "rate_limited")

    @pytest.mark.long
    @pytest.mark.usefixtures("recovery_codes")
    def test_a_log_in_that_waits_is_not_let_in_by_it(self, client, account, clock):
        ticket = ticket_of(client)
        assert disable(account, clock.code()).status_code == 204
        clock.pass_steps(1)
        assert_refused(finish(client, ticket, clock.code()), 401, "invalid_ticket")

    @pytest.mark.long
    def test_it_can_be_switched_on_again_with_another_secret(
        self, client, account, clock, recovery_codes
    ):
        assert disable(account, clock.code()).status_code == 204
        again = switch_on(account, clock)
        clock.pass_steps(1)
        answer = finish(client, ticket_of(client), recovery_code=recovery_codes[0])
        assert_refused(answer, 401, "wrong_code")
        assert finish(client, ticket_of(client), recovery_code=again[0]).status_code == 200


@pytest.mark.long
def test_no_secret_is_logged_or_in_history(client, account, clock, owner, logged):
    codes = switch_on(account, clock)
    clock.pass_steps(2)
    ticket = ticket_of(client)
    wrong = clock.wrong()
    finish(client, ticket, wrong)
    finish(client, ticket, recovery_code="typed-wrong-once")
    code = clock.code()
    given = finish(client, ticket, code).json
    disable(account, codes[0])
    rows = owner.execute(
        "SELECT e::text FROM events e UNION ALL SELECT a::text FROM audit_log a"
        " UNION ALL SELECT m::text FROM mails m"
    )
    details = owner.execute("SELECT details::text FROM audit_log").fetchall()
    kept = "".join(row[0] for row in rows)
    secrets = [SECRET, *codes, ticket, given["access_token"], given["refresh_token"], PASSWORD]
    assert logged
    assert not any(secret in str(logged) + kept for secret in [*secrets, "typed-wrong-once"])
    assert not any(f'"{each}"' in row[0] for row in details for each in (code, wrong))
