"""Logging in, and how guessing is slowed down."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from sql import queries
from tests.blueprints.examples import Examples
from tests.blueprints.people.signing_in import (
    EMAIL,
    WRONG,
    assert_refused,
    at,
    log_in,
    logged_in,
    me,
    told,
    wait_until_blocked,
)
from tests.people import PASSWORD, mails, use_up
from webapp.access.credentials import keyring, passwords
from webapp.identity.keyring import digest
from webapp.identity.passwords import Passwords
from webapp.mails.tokens import mail_tokens
from webapp.schemas.people.sessions import Tokens
from webapp.signing_in.attempts import name_of

EXAMPLES = Examples(ways_in={"/api/auth/login", "/api/auth/login/totp"})

ELSEWHERE = "203.0.113.7"


@pytest.fixture
def account(people):
    """Ana, who has an account."""
    return people.person("ana")


@pytest.fixture
def stranger(app):
    """Clients with other addresses, by number."""

    def from_address(number=7):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"203.0.{number // 250}.{number % 250 + 1}"
        return client

    return from_address


class Watched:
    """The app's passwords, which list what is done with them and call something in between."""

    def __init__(self, real, *, after_verify=None, before_hash=None):
        self.real = real
        self.done = []
        self.after_verify = after_verify
        self.before_hash = before_hash

    def hash(self, password):
        if self.before_hash:
            self.before_hash()
        self.done.append("hash")
        return self.real.hash(password)

    def verify(self, kept, password):
        self.done.append("verify")
        found = self.real.verify(kept, password)
        if self.after_verify:
            self.after_verify()
        return found

    def is_outdated(self, kept):
        return self.real.is_outdated(kept)


@pytest.fixture
def watch(app, stand_in):
    def put(real=None, **more):
        return stand_in(passwords, Watched(real or passwords.of(app), **more))

    return put


def seconds_used(owner, key):
    query = "SELECT extract(epoch FROM used_until - now())::float FROM rate_limits WHERE key = %s"
    (seconds,) = owner.execute(query, (key,)).fetchone() or (None,)
    return seconds


@pytest.mark.usefixtures("account")
class TestLogIn:
    @pytest.mark.long
    def test_it_gives_tokens_that_work(self, client, account):
        answer = log_in(client)
        assert answer.status_code == 200
        assert Tokens().load(answer.json)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json["csrf_token"] is None
        assert "Set-Cookie" not in answer.headers
        assert me(client, answer.json["access_token"]).json["id"] == str(account.id)

    @pytest.mark.parametrize("email", ["ANA@example.com", "Ana@Example.COM"])
    def test_the_case_of_the_address_does_not_matter(self, client, account, email):
        assert log_in(client, email).status_code == 200

    def test_the_tokens_are_kept_as_hashes_alone(self, client, account, owner):
        given = logged_in(client)
        rows = owner.execute("SELECT s::text, s.token_hash FROM sessions s").fetchall()
        assert digest(given["refresh_token"]) in [bytes(row[1]) for row in rows]
        assert not any(given["refresh_token"] in row[0] for row in rows)

    @pytest.mark.long
    def test_what_is_wrong_is_not_told(self, client, account, people):
        people.person("sso", password=False)
        wrong = told(log_in(client, password=WRONG))
        assert wrong[0] == 401
        assert wrong == told(log_in(client, "nobody@example.com"))
        assert wrong == told(log_in(client, "sso@example.com"))

    @pytest.mark.long
    def test_as_much_work_is_done_for_an_address_without_account(self, client, account, watch):
        watched = watch()
        log_in(client, password=WRONG)
        known, watched.done = watched.done, []
        log_in(client, "nobody@example.com", WRONG)
        assert watched.done == known == ["verify"]

    @pytest.mark.long
    def test_of_a_disabled_account_only_its_user_learns(self, client, account, owner):
        owner.execute("UPDATE users SET disabled_at = now()")
        assert_refused(log_in(client), "account_disabled", 403)
        wrong = told(log_in(client, password=WRONG))
        assert wrong == told(log_in(client, "nobody@example.com", WRONG))
        assert not owner.execute("SELECT FROM sessions WHERE token_hash <> ''").fetchall()

    @pytest.mark.long
    def test_failures_and_successes_are_in_the_audit_log_without_the_password(
        self, client, account, owner
    ):
        log_in(client, password=WRONG)
        log_in(client)
        rows = owner.execute("SELECT action, user_id, a::text FROM audit_log a ORDER BY id")
        found = rows.fetchall()
        assert [row[:2] for row in found] == [
            ("login.failed", account.id),
            ("login.succeeded", account.id),
        ]
        assert not any(said in row[2] for row in found for said in (PASSWORD, WRONG))

    @pytest.mark.long
    def test_a_hash_by_former_parameters_is_made_anew(self, client, account, owner):
        old = Passwords(memory_kib=128, time_cost=1, parallelism=1).hash(PASSWORD)
        owner.execute("UPDATE users SET password_hash = %s", (old,))
        log_in(client, password=WRONG)
        assert owner.execute("SELECT password_hash FROM users").fetchone() == (old,)
        assert log_in(client).status_code == 200
        ((new,),) = owner.execute("SELECT password_hash FROM users").fetchall()
        assert new.startswith("$argon2id$v=19$m=64,")
        assert log_in(client).status_code == 200
        assert owner.execute("SELECT password_hash FROM users").fetchone() == (new,)

    @pytest.mark.long
    def test_two_log_ins_that_make_the_hash_anew_at_once_both_get_in(
        self, app, account, owner, watch
    ):
        old = Passwords(memory_kib=128, time_cost=1, parallelism=1).hash(PASSWORD)
        owner.execute("UPDATE users SET password_hash = %s", (old,))
        watch(before_hash=Barrier(2, timeout=60).wait)
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda _: log_in(app.test_client()), range(2)))
        assert [answer.status_code for answer in answers] == [200, 200]

    def test_one_that_races_with_a_new_password_leaves_no_session(
        self, client, account, owner, watch
    ):
        def change():
            owner.execute("UPDATE users SET password_hash = 'another'")

        watch(after_verify=change)
        assert_refused(log_in(client), "invalid_credentials")
        assert not owner.execute("SELECT FROM sessions WHERE token_hash <> ''").fetchall()

    @pytest.mark.long
    def test_one_that_races_with_being_disabled_leaves_no_session(
        self, client, account, owner, watch
    ):
        watch(after_verify=lambda: owner.execute("UPDATE users SET disabled_at = now()"))
        assert_refused(log_in(client), "account_disabled", 403)
        assert not owner.execute("SELECT FROM sessions WHERE token_hash <> ''").fetchall()

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"email": "no address"}, "email"),
            ({"email": "a\0b@example.com"}, "email"),
            ({"email": ["ana@example.com"]}, "email"),
            ({"password": ""}, "password"),
            ({"password": {"$ne": None}}, "password"),
            ({"password": "x" * 201}, "password"),
            ({"password": "\0" * 20}, "password"),
            ({"cookie": "true"}, "cookie"),
            ({"is_admin": True}, "is_admin"),
        ],
        ids=ascii,
    )
    def test_a_wrong_field_is_named(self, client, account, given, field):
        answer = client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD} | given)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json["errors"]] == [field]
        assert PASSWORD not in answer.text

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
    )
    def test_what_a_form_of_another_site_can_send_is_refused(self, client, account, content_type):
        body = f'{{"email": "{EMAIL}", "password": "{PASSWORD}", "cookie": true}}'
        answer = client.post("/api/auth/login", data=body, content_type=content_type)
        assert answer.status_code == 415
        assert "Set-Cookie" not in answer.headers


@pytest.mark.usefixtures("account")
class TestGuessing:
    @pytest.mark.long
    def test_the_sixth_wrong_password_has_to_wait(self, client, account):
        for _ in range(5):
            assert_refused(log_in(client, password=WRONG), "invalid_credentials")
        answer = log_in(client, password=WRONG)
        assert_refused(answer, "rate_limited", 429)
        assert 0 < int(answer.headers["Retry-After"]) <= 180

    @pytest.mark.long
    def test_then_the_right_one_waits_too_but_not_elsewhere(self, client, stranger, account):
        for _ in range(5):
            log_in(client, password=WRONG)
        assert_refused(log_in(client), "rate_limited", 429)
        assert log_in(stranger()).status_code == 200

    @pytest.mark.long
    def test_after_a_while_there_is_one_more(self, client, account, owner):
        for _ in range(6):
            log_in(client, password=WRONG)
        owner.execute("UPDATE rate_limits SET used_until = used_until - interval '181 seconds'")
        assert log_in(client).status_code == 200

    @pytest.mark.long
    def test_the_right_one_gives_its_attempt_back(self, client, account):
        assert [log_in(client).status_code for _ in range(10)] == [200] * 10
        for _ in range(4):
            log_in(client, password=WRONG)
        assert [log_in(client).status_code for _ in range(3)] == [200] * 3

    @pytest.mark.long
    def test_an_address_without_account_is_limited_alike(self, client, account):
        known = [told(log_in(client, password=WRONG)) for _ in range(6)]
        unknown = [told(log_in(client, "nobody@example.com", WRONG)) for _ in range(6)]
        assert [each[0] for each in unknown] == [401] * 5 + [429]
        assert known[:5] == unknown[:5]
        assert known[5][1]["code"] == unknown[5][1]["code"]
        assert [name for name, _ in known[5][2]] == [name for name, _ in unknown[5][2]]

    @pytest.mark.long
    def test_another_case_of_the_address_is_no_new_allowance(self, client, account):
        for email in (EMAIL, "ANA@example.com", "Ana@example.com", "aNa@example.com", EMAIL):
            assert log_in(client, email, WRONG).status_code == 401
        assert log_in(client, "anA@Example.com", WRONG).status_code == 429

    @pytest.mark.long
    def test_another_spelling_of_the_same_account_is_no_new_allowance(self, client, people):
        people.person("mimi")
        for _ in range(5):
            log_in(client, "mimi@example.com", WRONG)
        for email in ("m\u0130mi@example.com", "mim\u0130@example.com"):
            # Either it is not the account's address, or it is limited together with it.
            assert log_in(client, email).status_code in (401, 422, 429)

    @pytest.mark.long
    def test_twenty_at_once_are_judged_five_times_at_most(self, app, account, watch):
        watched = watch()
        with ThreadPoolExecutor(20) as threads:
            answers = threads.map(lambda _: log_in(app.test_client(), password=WRONG), range(20))
            statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {401, 429}
        assert statuses.count(401) == len(watched.done) <= 5

    def test_many_accounts_from_one_address_are_limited_together(self, client, account, owner):
        used = "INSERT INTO rate_limits VALUES (%s, now() + interval '900 seconds')"
        owner.execute(used, ("log_in_of_client:127.0.0.1",))
        assert_refused(log_in(client, "somebody@example.com"), "rate_limited", 429)

    @pytest.mark.long
    def test_strangers_share_a_hundred_an_hour_and_its_user_gets_in_where_they_did_before(
        self, client, stranger, account, owner, watch
    ):
        assert log_in(client).status_code == 200
        log_in(stranger(), password=WRONG)
        strangers = f"log_in_of_strangers:{name_of(EMAIL)}"
        assert seconds_used(owner, strangers) <= 3600 / 100
        use_up(owner, strangers)
        watched = watch()
        for number in range(8, 12):
            assert_refused(log_in(stranger(number)), "rate_limited", 429)
        assert watched.done == []
        for _ in range(5):
            assert_refused(log_in(client, password=WRONG), "invalid_credentials")
        assert_refused(log_in(client), "rate_limited", 429)
        owner.execute("DELETE FROM rate_limits WHERE key LIKE 'log_in:%'")
        assert log_in(client).status_code == 200

    @pytest.mark.long
    def test_what_the_user_tries_from_a_known_address_takes_nothing_from_strangers(
        self, client, account, owner
    ):
        log_in(client)
        log_in(client, password=WRONG)
        assert seconds_used(owner, f"log_in_of_strangers:{name_of(EMAIL)}") <= 0  # given back

    @pytest.mark.long
    def test_a_reset_lets_its_user_in_from_anywhere_meanwhile(
        self, app, stranger, account, owner, make
    ):
        use_up(owner, f"log_in_of_strangers:{name_of(EMAIL)}")
        away = stranger()
        assert_refused(log_in(away), "rate_limited", 429)
        away.post("/api/auth/password/forgot", json={"email": EMAIL})
        (reset_id,) = owner.execute("SELECT id FROM password_resets").fetchone()
        (token,) = mail_tokens(keyring.of(app), "password_reset", reset_id)
        new = {"token": token, "password": "another fence of oak"}
        assert away.post("/api/auth/password/reset", json=new).status_code == 204
        assert log_in(away, password="another fence of oak").status_code == 200
        assert_refused(log_in(stranger(8)), "rate_limited", 429)

    @pytest.mark.long
    def test_guesses_from_all_networks_of_a_48_are_counted_together(
        self, app, account, owner, watch
    ):
        watched = watch()
        began = time.monotonic()
        statuses = [
            log_in(at(app, f"2001:db8:1:{network:x}::1"), password=WRONG).status_code
            for network in range(160)
        ]
        refilled = (time.monotonic() - began) * 20 / 900
        assert 20 <= statuses.count(401) == len(watched.done) <= 20 + refilled + 1
        assert set(statuses) == {401, 429}
        assert log_in(at(app, "2001:db8:2::1"), password=WRONG).status_code == 401

    def test_many_accounts_from_one_48_are_limited_together(self, app, account, owner):
        owner.execute(
            "INSERT INTO rate_limits VALUES"
            " ('log_in_of_client:2001:db8:1::/48', now() + interval '1 hour')"
        )
        assert_refused(log_in(at(app, "2001:db8:1:7::1"), "b@example.com"), "rate_limited", 429)
        assert_refused(log_in(at(app, "2001:db8:2:7::1"), "b@example.com"), "invalid_credentials")

    @pytest.mark.long
    def test_neighbours_in_its_48_keep_no_user_out(self, app, account, owner):
        home = at(app, "2001:db8:1:1::1")
        assert log_in(home).status_code == 200
        log_in(at(app, "2001:db8:1:2::1"), password=WRONG)
        owner.execute(
            "UPDATE rate_limits SET used_until = now() + interval '1 hour'"
            " WHERE key ~ '^log_in.*/48$'"
        )
        assert_refused(log_in(at(app, "2001:db8:1:3::1")), "rate_limited", 429)
        assert log_in(home).status_code == 200

    @pytest.mark.long
    @pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
    def test_many_wrong_passwords_are_told_once_and_with_as_much_work_for_no_account(
        self, client, stranger, account, owner, email
    ):
        log_in(client, email, WRONG)
        assert mails(owner) == []
        use_up(owner, f"log_in_unnoticed:{name_of(email)}")
        for number in range(4):
            assert_refused(log_in(stranger(number), email, WRONG), "invalid_credentials")
        assert mails(owner) == [("many_wrong_passwords", email)]

    @pytest.mark.long
    def test_a_user_who_gets_in_is_not_counted_as_an_attack(self, client, account, owner):
        for _ in range(3):
            log_in(client)
        assert seconds_used(owner, f"log_in_unnoticed:{name_of(EMAIL)}") <= 0

    @pytest.mark.long
    def test_what_is_given_back_is_locked_in_the_order_of_what_is_charged(
        self, database, make, owner
    ):
        """In another order, simultaneous log-ins of one user deadlock, and one ends with 503."""
        for key in ("second", "first", *map(str, range(500))):
            owner.execute("INSERT INTO rate_limits VALUES (%s, now())", (key,))
        for way in ("nestloop", "mergejoin"):  # whatever the planner chooses for such a small table
            make.conn.execute(f"SET enable_{way} = off")
        given = {"keys": ["first", "second"], "worths": [timedelta(seconds=1)] * 2}
        with ThreadPoolExecutor(1) as threads, database.connect() as other:
            with owner.transaction():
                owner.execute("SELECT FROM rate_limits WHERE key = 'first' FOR UPDATE")
                refunded = threads.submit(queries.rate_limits.refund, make.conn, **given)
                wait_until_blocked(other, 1)
                free = other.execute(
                    "SELECT key FROM rate_limits WHERE key = 'second' FOR UPDATE SKIP LOCKED"
                ).fetchall()
            assert refunded.result() == 2
        assert free == [("second",)]

    def test_wrong_access_tokens_are_limited(self, client, account, owner):
        used = "INSERT INTO rate_limits VALUES (%s, now() + interval '600 seconds')"
        owner.execute(used, ("bad_credentials:127.0.0.1",))
        assert me(client, "x").status_code == 429
        assert account.client.get("/api/auth/me").status_code == 200

    @pytest.mark.long
    def test_an_address_of_ipv6_is_counted_by_its_network(self, app, account):
        for number in range(5):
            assert log_in(at(app, f"2001:db8:0:1::{number}"), password=WRONG).status_code == 401
        assert log_in(at(app, "2001:db8:0:1:ffff::")).status_code == 429
        assert log_in(at(app, "2001:db8:0:2::")).status_code == 200

    @pytest.mark.long
    def test_a_header_does_not_make_another_address(self, client, account):
        for number in range(6):
            answer = client.post(
                "/api/auth/login",
                json={"email": EMAIL, "password": WRONG},
                headers={"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": ELSEWHERE},
            )
        assert answer.status_code == 429
