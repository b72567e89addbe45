"""Refreshing, listing sessions and logging out, and attacks on them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.people.signing_in import (
    WRONG,
    actions,
    assert_refused,
    log_in,
    logged_in,
    me,
    refresh,
)
from tests.identity.test_access_tokens import ATTACKS, MALFORMED_HEADERS, Forge
from tests.people import PASSWORD
from webapp.access.credentials import access_tokens, keyring
from webapp.identity.access_tokens import AccessTokens
from webapp.identity.session_tokens import RefreshToken, csrf_token, new_ticket
from webapp.schemas.people.sessions import SessionPage, Tokens

EXAMPLES = Examples(
    things={
        "session_id": lambda place: place.people.session(
            {"id": place.owner.id, "workspace_id": place.owner.workspace_id}
        )
    },
    personal={"session_id"},
    ways_in={"/api/auth/refresh", "/api/auth/logout"},
    not_kept={"/api/auth/logout-everywhere"},
)


@pytest.fixture
def account(people):
    """Ana, who has an account."""
    return people.person("ana")


def session_of(refresh_token):
    return RefreshToken.read(refresh_token).session_id


def status_of(owner, session_id):
    query = "SELECT status, end_reason FROM sessions WHERE id = %s"
    return owner.execute(query, (session_id,)).fetchone()


def age(owner, seconds, column="refreshed_at"):
    owner.execute(f"UPDATE sessions SET {column} = {column} - make_interval(secs => {seconds})")


@pytest.mark.usefixtures("account")
class TestRefresh:
    def test_it_gives_the_next_tokens(self, client, account, owner):
        first = logged_in(client)
        answer = refresh(client, first["refresh_token"])
        assert answer.status_code == 200
        assert Tokens().load(answer.json)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json["refresh_token"] != first["refresh_token"]
        assert me(client, answer.json["access_token"]).status_code == 200
        assert refresh(client, answer.json["refresh_token"]).status_code == 200

    @pytest.mark.long
    def test_a_lost_answer_is_given_again(self, client, account, owner):
        first = logged_in(client)["refresh_token"]
        second = refresh(client, first).json["refresh_token"]
        age(owner, 9)
        for _ in range(3):
            assert refresh(client, first).json["refresh_token"] == second
        assert refresh(client, second).status_code == 200

    @pytest.mark.long
    def test_after_ten_seconds_a_spent_token_ends_the_session(self, client, account, owner, logged):
        first = logged_in(client)
        second = refresh(client, first["refresh_token"]).json
        age(owner, 11)
        assert_refused(refresh(client, first["refresh_token"]), "refresh_token_reused")
        assert_refused(refresh(client, second["refresh_token"]), "invalid_refresh_token")
        assert_refused(me(client, second["access_token"]), "unauthenticated")
        session_id = session_of(first["refresh_token"])
        assert status_of(owner, session_id) == ("ended", "token_reused")
        (entry,) = owner.execute(
            "SELECT user_id, details FROM audit_log WHERE action = 'session.token_reused'"
        ).fetchall()
        assert entry == (account.id, {"session_id": str(session_id)})

    @pytest.mark.long
    def test_giving_it_again_does_not_begin_the_ten_seconds_anew(self, client, account, owner):
        first = logged_in(client)["refresh_token"]
        refresh(client, first)
        for _ in range(2):
            age(owner, 6)
            answer = refresh(client, first)
        assert_refused(answer, "refresh_token_reused")

    @pytest.mark.long
    def test_an_older_token_ends_the_session_at_once(self, client, account, owner):
        first = logged_in(client)["refresh_token"]
        second = refresh(client, first).json["refresh_token"]
        third = refresh(client, second).json["refresh_token"]
        assert_refused(refresh(client, first), "refresh_token_reused")
        assert_refused(refresh(client, third), "invalid_refresh_token")
        assert_refused(refresh(client, second), "invalid_refresh_token")
        assert actions(owner).count("session.token_reused") == 1

    @pytest.mark.long
    def test_a_reuse_ends_no_other_session(self, client, account, owner):
        first, other = logged_in(client), logged_in(client)
        refresh(client, first["refresh_token"])
        age(owner, 11)
        refresh(client, first["refresh_token"])
        assert me(client, other["access_token"]).status_code == 200
        assert refresh(client, other["refresh_token"]).status_code == 200

    @pytest.mark.long
    def test_twenty_at_once_make_one_next_token(self, app, client, account, owner):
        first = logged_in(client)["refresh_token"]
        barrier = Barrier(20, timeout=60)

        def send(_):
            barrier.wait()
            return refresh(app.test_client(), first)

        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(send, range(20)))
        assert {answer.status_code for answer in answers} == {200}
        (second,) = {answer.json["refresh_token"] for answer in answers}
        assert RefreshToken.read(second).generation == 1
        third = refresh(client, second)
        assert third.status_code == 200
        age(owner, 11)
        assert_refused(refresh(client, first), "refresh_token_reused")
        assert_refused(refresh(client, third.json["refresh_token"]), "invalid_refresh_token")

    @pytest.mark.long
    def test_of_two_generations_at_once_no_two_branches_live(self, app, client, account, owner):
        tokens = [logged_in(client)["refresh_token"]]
        tokens.append(refresh(client, tokens[0]).json["refresh_token"])
        with ThreadPoolExecutor(10) as threads:
            answers = list(
                threads.map(
                    lambda number: refresh(app.test_client(), tokens[number % 2]), range(10)
                )
            )
        assert {answer.status_code for answer in answers} <= {200, 401}
        # This ends the session, unless one of the ten late requests has already done so.
        assert refresh(client, tokens[0]).status_code == 401
        assert status_of(owner, session_of(tokens[0])) == ("ended", "token_reused")
        given = {answer.json["refresh_token"] for answer in answers if answer.status_code == 200}
        assert all(refresh(app.test_client(), each).status_code == 401 for each in given)

    @pytest.mark.long
    @pytest.mark.parametrize("generation", [0, 1, 2, 1_000, 2**31, 2**32 - 2])
    def test_a_forged_token_does_not_end_the_session(self, client, account, owner, generation):
        first = logged_in(client)
        second = refresh(client, first["refresh_token"]).json
        session_id = session_of(first["refresh_token"])
        forged = str(RefreshToken(session_id, generation, b"x" * 32))
        age(owner, 60)
        assert_refused(refresh(client, forged), "invalid_refresh_token")
        assert me(client, second["access_token"]).status_code == 200
        assert refresh(client, second["refresh_token"]).status_code == 200

    def test_a_forged_token_of_the_last_generation_is_refused(self, client, account):
        forged = str(RefreshToken(account.session_id, 2**32 - 1, b"x" * 32))
        assert_refused(refresh(client, forged), "invalid_refresh_token")

    def test_a_genuine_token_that_was_never_given_out_is_refused_and_ends_nothing(
        self, app, client, account
    ):
        first = logged_in(client)
        token = RefreshToken.read(first["refresh_token"])
        later = RefreshToken.make(keyring.of(app), token.session_id, 5)
        assert_refused(refresh(client, str(later)), "invalid_refresh_token")
        assert refresh(client, first["refresh_token"]).status_code == 200

    @pytest.mark.parametrize(
        "token", ["x", "cfr_", "cfr_" + "A" * 70, "cfr_\u00e9", "x" * 200, "cfk_x"], ids=ascii
    )
    def test_what_is_no_token_is_refused(self, client, account, token):
        assert_refused(refresh(client, token), "invalid_refresh_token")

    def test_no_token_is_refused(self, client, account):
        assert_refused(client.post("/api/auth/refresh", json={}), "invalid_refresh_token")

    def test_other_secrets_are_no_refresh_tokens(self, client, account, people):
        given = logged_in(client)
        _, key = people.key(account, [])
        for token in (key, new_ticket(session_of(given["refresh_token"]))):
            assert_refused(refresh(client, token), "invalid_refresh_token")
        answer = refresh(client, given["access_token"])
        assert answer.status_code in (401, 422)

    def test_a_session_lasts_a_year_however_often_it_is_refreshed(self, client, account, owner):
        token = logged_in(client)["refresh_token"]
        age(owner, 364 * 86_400, "created_at")
        token = refresh(client, token).json["refresh_token"]
        (over,) = owner.execute(
            "SELECT bool_and(expires_at <= created_at + interval '1 year') FROM sessions"
            " WHERE id = %s",
            (session_of(token),),
        ).fetchone()
        assert over
        age(owner, 3 * 86_400, "created_at")
        age(owner, 3 * 86_400, "expires_at")
        assert_refused(refresh(client, token), "invalid_refresh_token")

    def test_a_disabled_user_gets_no_next_tokens(self, client, account, owner):
        first = logged_in(client)["refresh_token"]
        second = refresh(client, first).json["refresh_token"]
        owner.execute("UPDATE users SET disabled_at = now()")
        assert_refused(refresh(client, second), "invalid_refresh_token")
        assert_refused(refresh(client, first), "invalid_refresh_token")

    def test_a_session_that_was_not_refreshed_for_long_is_over(self, client, account, owner):
        first = logged_in(client)["refresh_token"]
        age(owner, 31 * 86_400, "expires_at")
        assert_refused(refresh(client, first), "invalid_refresh_token")

    def test_each_refresh_makes_the_session_last_longer(self, client, account, owner, settings):
        first = logged_in(client)["refresh_token"]
        age(owner, 86_400, "expires_at")
        refresh(client, first)
        (left,) = owner.execute(
            "SELECT expires_at - now() > make_interval(days => %s, mins => -5) FROM sessions"
            " WHERE id = %s",
            (settings.session_days, session_of(first)),
        ).fetchone()
        assert left


@pytest.mark.usefixtures("account")
class TestCookie:
    @pytest.fixture
    def browser(self, app, account):
        """Ana's browser, which logged in with the cookie; `csrf` is what her page knows."""
        client = app.test_client()
        answer = log_in(client, cookie=True)
        client.csrf = answer.json["csrf_token"]
        client.answer = answer
        client.access_token = answer.json["access_token"]
        return client

    def send(self, browser, path="refresh", csrf=None, **headers):
        headers["X-CSRF-Token"] = browser.csrf if csrf is None else csrf
        return browser.post(f"/api/auth/{path}", json={}, headers=headers)

    def test_the_refresh_token_is_where_no_script_reads_it(self, browser):
        refresh_cookie, csrf_cookie = browser.answer.headers.getlist("Set-Cookie")
        assert browser.answer.json["refresh_token"] is None
        parts = {part.strip() for part in refresh_cookie.split(";")[1:]}
        assert {"HttpOnly", "SameSite=Strict", "Path=/api/auth"} <= parts
        assert not any(part.startswith("Domain") for part in parts)
        token = browser.get_cookie("coffer_refresh", path="/api/auth").value
        assert RefreshToken.read(token)
        assert token not in browser.answer.text
        assert "SameSite=Strict" in csrf_cookie
        assert token not in csrf_cookie

    @pytest.mark.long
    def test_over_https_it_goes_nowhere_else(self, make_app, account):
        client = make_app(public_url="https://coffer.example").test_client()
        cookies = log_in(client, cookie=True).headers.getlist("Set-Cookie")
        assert len(cookies) == 2
        assert all("; Secure" in cookie for cookie in cookies)

    def test_it_refreshes(self, browser, owner):
        before = browser.get_cookie("coffer_refresh", path="/api/auth").value
        answer = self.send(browser)
        assert answer.status_code == 200
        assert answer.json["refresh_token"] is None
        assert answer.json["csrf_token"] == browser.csrf
        after = browser.get_cookie("coffer_refresh", path="/api/auth").value
        assert RefreshToken.read(after).generation == RefreshToken.read(before).generation + 1
        assert me(browser, answer.json["access_token"]).status_code == 200

    @pytest.mark.parametrize("path", ["refresh", "logout"])
    @pytest.mark.parametrize("csrf", ["", "x", "é", "A" * 43], ids=ascii)
    def test_without_the_csrf_token_it_does_nothing(self, browser, owner, path, csrf):
        answer = self.send(browser, path, csrf.encode().decode("latin-1"))
        assert_refused(answer, "csrf_token_missing", 403)
        assert me(browser, browser.access_token).status_code == 200
        assert self.send(browser).status_code == 200

    def test_without_the_header_it_does_nothing(self, browser):
        answer = browser.post("/api/auth/refresh", json={})
        assert_refused(answer, "csrf_token_missing", 403)

    def test_the_csrf_token_of_another_session_is_refused(self, app, browser):
        other = logged_in(app.test_client(), cookie=True)["csrf_token"]
        assert_refused(self.send(browser, csrf=other), "csrf_token_missing", 403)

    def test_the_csrf_cookie_is_no_substitute_for_the_header(self, browser):
        browser.set_cookie("X-CSRF-Token", browser.csrf)
        answer = browser.post("/api/auth/refresh", json={"refresh_token": None})
        assert_refused(answer, "csrf_token_missing", 403)

    @pytest.mark.parametrize("path", ["refresh", "logout"])
    @pytest.mark.parametrize(
        "origin",
        [
            *(
                "https://evil.example",
                "null",
                "",
                "http://localhost:8081",
                "https://localhost:8080",
            ),
            *("http://localhost:8080.evil.example", "http://evil.example@localhost:8080", "*"),
        ],
    )
    def test_from_another_sites_page_it_does_nothing(self, browser, path, origin):
        answer = self.send(browser, path, Origin=origin)
        assert_refused(answer, "foreign_origin", 403)
        assert self.send(browser).status_code == 200

    @pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:8080"])
    def test_from_our_own_page_it_works(self, browser, origin):
        assert self.send(browser, Origin=origin).status_code == 200

    def test_a_spent_cookie_ends_the_session_too(self, browser, owner):
        spent = browser.get_cookie("coffer_refresh", path="/api/auth").value
        assert self.send(browser).status_code == 200
        age(owner, 11)
        browser.set_cookie("coffer_refresh", spent, path="/api/auth")
        assert_refused(self.send(browser), "refresh_token_reused")

    @pytest.mark.parametrize("value", ["", "x", "cfr_", "cfr_" + "A" * 71])
    def test_a_cookie_that_is_no_token_is_refused(self, client, value):
        client.set_cookie("coffer_refresh", value, path="/api/auth")
        answer = client.post("/api/auth/refresh", json={})
        assert answer.status_code in (401, 403)

    def test_logging_out_ends_the_session_and_takes_the_cookies_back(self, browser):
        answer = self.send(browser, "logout")
        assert answer.status_code == 204
        assert browser.get_cookie("coffer_refresh", path="/api/auth") is None
        assert browser.get_cookie("coffer_csrf") is None
        assert me(browser, browser.access_token).status_code == 401

    def test_another_sites_page_cannot_take_the_cookies_away(self, client):
        """A browser sends no cookies with another site's post, but keeps those that it gets."""
        answer = client.post(
            "/api/auth/logout",
            data="{}",
            content_type="application/json",
            headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        )
        assert "Set-Cookie" not in answer.headers

    def test_it_is_no_access_token(self, browser):
        """The cookie is good for nothing else."""
        assert browser.get("/api/auth/me").status_code == 401
        token = browser.get_cookie("coffer_refresh", path="/api/auth").value
        assert me(browser, token).status_code == 401

    def test_the_body_cannot_have_the_refresh_token_of_a_cookie_shown(self, browser):
        token = browser.get_cookie("coffer_refresh", path="/api/auth").value
        answer = refresh(browser, token)
        assert answer.status_code == 200
        assert answer.json["refresh_token"] is None


@pytest.mark.usefixtures("account")
class TestLogOut:
    @pytest.mark.long
    def test_by_the_access_token(self, client, account, owner):
        given = logged_in(client)
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        assert client.post("/api/auth/logout", json={}, headers=bearer).status_code == 204
        assert me(client, given["access_token"]).status_code == 401
        assert_refused(refresh(client, given["refresh_token"]), "invalid_refresh_token")
        assert actions(owner) == ["login.succeeded", "session.logged_out"]

    @pytest.mark.long
    def test_by_the_refresh_token(self, client, account):
        given = logged_in(client)
        body = {"refresh_token": given["refresh_token"]}
        assert client.post("/api/auth/logout", json=body).status_code == 204
        assert me(client, given["access_token"]).status_code == 401

    def test_twice_is_no_error(self, client, account, owner):
        body = {"refresh_token": logged_in(client)["refresh_token"]}
        for _ in range(2):
            assert client.post("/api/auth/logout", json=body).status_code == 204
        assert actions(owner).count("session.logged_out") == 1

    @pytest.mark.parametrize("mac", [b"x" * 32, bytes(32)])
    def test_a_forged_token_ends_nothing(self, client, account, mac):
        forged = str(RefreshToken(account.session_id, 0, mac))
        body = {"refresh_token": forged}
        assert client.post("/api/auth/logout", json=body).status_code == 204
        assert account.client.get("/api/auth/me").status_code == 200

    @pytest.mark.parametrize("attack", ["alg none", "wrong key", "wrong issuer"])
    def test_a_forged_access_token_ends_nothing(self, app, client, account, attack):
        given = logged_in(client)["access_token"]
        forged = ATTACKS[attack](forge_of(app, given))
        headers = {"Authorization": f"Bearer {forged}"}
        assert client.post("/api/auth/logout", json={}, headers=headers).status_code == 204
        assert me(client, given).status_code == 200

    def test_an_access_token_that_has_expired_still_ends_its_session(self, app, client, account):
        given = logged_in(client)["access_token"]
        expired = ATTACKS["expired"](forge_of(app, given))
        headers = {"Authorization": f"Bearer {expired}"}
        assert client.post("/api/auth/logout", json={}, headers=headers).status_code == 204
        assert me(client, given).status_code == 401

    @pytest.mark.long
    def test_everywhere_ends_every_session_of_the_user_and_no_others(self, client, account, people):
        bob = people.person("bob")
        tokens = [logged_in(client) for _ in range(3)]
        answer = account.client.post("/api/auth/logout-everywhere", json={})
        assert (answer.status_code, answer.json) == (
            200,
            {"ended": 4, "revoked_api_keys": 0, "api_keys_left": 0},
        )
        for each in tokens:
            assert me(client, each["access_token"]).status_code == 401
            assert refresh(client, each["refresh_token"]).status_code == 401
        assert account.client.get("/api/auth/me").status_code == 401
        assert bob.client.get("/api/auth/me").status_code == 200


@pytest.mark.usefixtures("account")
class TestList:
    def test_one_sees_ones_own_without_any_secret(self, client, account, people):
        people.person("bob")
        client.environ_base["HTTP_USER_AGENT"] = "a browser"
        given = logged_in(client, cookie=False)
        page = account.client.get("/api/auth/sessions")
        assert SessionPage().load(page.json)
        assert len(page.json["items"]) == 2
        (current,) = [each for each in page.json["items"] if each["is_current"]]
        assert current["id"] == str(account.session_id)
        (other,) = [each for each in page.json["items"] if not each["is_current"]]
        assert (other["method"], other["user_agent"], other["address"]) == (
            *("password", "a browser", "127.0.0.1"),
        )
        assert given["refresh_token"] not in page.text
        assert "hash" not in page.text

    @pytest.mark.long
    def test_the_newest_is_first(self, client, account):
        for _ in range(10):
            logged_in(client)
        listed = account.client.get("/api/auth/sessions").json["items"]
        times = [each["created_at"] for each in listed if not each["is_current"]]
        assert times == sorted(times, reverse=True)

    @pytest.mark.long
    def test_pages_have_each_once(self, client, account):
        for _ in range(4):
            logged_in(client)
        seen, cursor = [], None
        for _ in range(3):
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = account.client.get("/api/auth/sessions", query_string=query).json
            seen += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
        assert len(set(seen)) == len(seen) == 5
        assert cursor is None

    @pytest.mark.long
    def test_one_is_ended_with_the_very_next_request(self, client, account):
        given = logged_in(client)
        session_id = session_of(given["refresh_token"])
        assert me(client, given["access_token"]).status_code == 200
        assert account.client.delete(f"/api/auth/sessions/{session_id}").status_code == 204
        assert me(client, given["access_token"]).status_code == 401
        assert account.client.delete(f"/api/auth/sessions/{session_id}").status_code == 404

    def test_anothers_is_not_there(self, account, people):
        bob = people.person("bob")
        for session_id in (bob.session_id, uuid4()):
            answer = account.client.delete(f"/api/auth/sessions/{session_id}")
            assert_refused(answer, "not_found", 404)
        assert bob.client.get("/api/auth/me").status_code == 200


def forge_of(app, token):
    return Forge(keyring.of(app).keys("access tokens")[0], token)


@pytest.mark.usefixtures("account")
class TestAccessTokens:
    @pytest.mark.parametrize(
        "attack",
        [*ATTACKS.values(), *MALFORMED_HEADERS.values()],
        ids=[*ATTACKS, *MALFORMED_HEADERS],
    )
    def test_what_is_not_our_token_is_401(self, app, client, account, attack):
        token = access_tokens.of(app).issue(account.id, account.session_id)
        answer = me(client, attack(forge_of(app, token)))
        assert_refused(answer, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert str(account.session_id) not in answer.text
        assert me(client, token).status_code == 200

    @pytest.mark.parametrize(
        "header",
        [
            *("", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer\tx", "Token x"),
            *("Bearer null", "Bearer undefined", "Bearer cfk_", "Bearer cfk_" + "x" * 5_000),
        ],
        ids=lambda header: repr(header[:20]),
    )
    def test_what_is_no_bearer_token_is_401(self, client, account, header):
        answer = client.get("/api/auth/me", headers={"Authorization": header})
        assert_refused(answer, "unauthenticated")

    def test_a_wrong_token_is_not_made_good_by_another_header(self, client, account):
        headers = {"Authorization": "Bearer x", "X-Dev-User-Id": "ana"}
        assert client.get("/api/auth/me", headers=headers).status_code == 401

    @pytest.mark.long
    def test_other_secrets_are_no_access_tokens(self, client, account):
        given = logged_in(client, cookie=False)
        session_id = session_of(given["refresh_token"])
        for token in (given["refresh_token"], new_ticket(session_id), str(session_id)):
            assert_refused(me(client, token), "unauthenticated")

    def test_a_token_of_a_session_that_waits_for_its_second_step_is_refused(
        self, client, account, owner
    ):
        waiting = uuid4()
        owner.execute(
            "INSERT INTO sessions (id, user_id, workspace_id, status, token_hash, method,"
            " has_cookie, expires_at) VALUES (%s, %s, %s, 'awaiting_totp', '', 'password', false,"
            " now() + interval '1 hour')",
            (waiting, account.id, account.workspace_id),
        )
        token = access_tokens.of(client.application).issue(account.id, waiting)
        assert_refused(me(client, token), "unauthenticated")

    def test_a_token_of_no_session_is_refused(self, app, client, account):
        token = access_tokens.of(app).issue(account.id, uuid4())
        assert_refused(me(client, token), "unauthenticated")

    def test_the_session_says_who_it_is_whatever_the_token_says(self, app, client, account, people):
        bob = people.person("bob", admin=True)
        token = access_tokens.of(app).issue(bob.id, account.session_id)
        assert me(client, token).json["id"] == str(account.id)

    def test_a_token_that_expired_is_refused_though_its_session_lives(self, app, client, account):
        expired = AccessTokens(keyring.of(app), issuer="http://localhost:8080", seconds=-10).issue(
            account.id, account.session_id
        )
        answer = me(client, expired)
        assert_refused(answer, "unauthenticated")
        assert "expired" in answer.json["detail"]
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]

    def test_a_token_of_another_server_with_the_same_secret_is_refused(self, app, client, account):
        token = AccessTokens(keyring.of(app), issuer="http://elsewhere.example", seconds=900).issue(
            account.id, account.session_id
        )
        assert_refused(me(client, token), "unauthenticated")

    def test_disabling_a_user_holds_from_the_very_next_request(self, account, owner):
        assert account.client.get("/api/auth/me").status_code == 200
        owner.execute("UPDATE users SET disabled_at = now()")
        assert account.client.get("/api/auth/me").status_code == 401
        owner.execute("UPDATE users SET disabled_at = NULL")
        assert account.client.get("/api/auth/me").status_code == 200

    def test_a_session_that_is_past_is_over_for_access_tokens_too(self, account, owner):
        age(owner, 2 * 86_400, "expires_at")
        assert account.client.get("/api/auth/me").status_code == 401


@pytest.mark.usefixtures("account")
class TestAnotherSecret:
    @pytest.fixture
    def turn(self, make_app):
        secret = "another secret of 32 characters"
        return lambda *former: make_app(secret_key=secret, secret_keys_former=former).test_client()

    @pytest.mark.long
    def test_what_was_given_out_before_stays_good(self, client, account, turn, settings):
        given = logged_in(client)
        after = turn(settings.secret_key)
        assert me(after, given["access_token"]).status_code == 200
        new = refresh(after, given["refresh_token"])
        assert new.status_code == 200
        assert me(after, new.json["access_token"]).status_code == 200
        assert refresh(after, new.json["refresh_token"]).status_code == 200

    @pytest.mark.long
    def test_a_cookie_and_its_csrf_token_stay_good(self, client, account, turn, settings):
        csrf = logged_in(client, cookie=True)["csrf_token"]
        after = turn(settings.secret_key)
        token = client.get_cookie("coffer_refresh", path="/api/auth").value
        after.set_cookie("coffer_refresh", token, path="/api/auth")
        answer = after.post("/api/auth/refresh", json={}, headers={"X-CSRF-Token": csrf})
        assert answer.status_code == 200

    @pytest.mark.long
    def test_a_spent_token_by_the_former_key_still_ends_its_session(
        self, client, account, turn, settings, owner
    ):
        first = logged_in(client)["refresh_token"]
        refresh(client, first)
        age(owner, 11)
        assert_refused(refresh(turn(settings.secret_key), first), "refresh_token_reused")
        assert status_of(owner, session_of(first)) == ("ended", "token_reused")

    @pytest.mark.long
    def test_an_answer_that_got_lost_while_the_secret_changed_is_given_again(
        self, client, account, turn, settings
    ):
        first = logged_in(client)["refresh_token"]
        second = refresh(client, first).json["refresh_token"]
        again = refresh(turn(settings.secret_key), first)
        assert again.status_code == 200
        assert again.json["refresh_token"] == second

    @pytest.mark.long
    def test_without_the_former_secret_old_access_tokens_are_bad(self, client, account, turn):
        given = logged_in(client)
        assert_refused(me(turn(), given["access_token"]), "unauthenticated")


@pytest.mark.long
def test_no_secret_is_logged_or_in_history(client, account, owner, logged):
    given = logged_in(client)
    second = refresh(client, given["refresh_token"]).json
    me(client, second["access_token"])
    me(client, second["access_token"] + "x")
    refresh(client, given["refresh_token"][:-2] + "AA")
    log_in(client, password=WRONG)
    secrets = [
        PASSWORD,
        WRONG,
        csrf_token(keyring.of(client.application), session_of(given["refresh_token"])),
    ]
    secrets += [
        each[name] for each in (given, second) for name in ("access_token", "refresh_token")
    ]
    rows = owner.execute("SELECT e::text FROM events e UNION ALL SELECT a::text FROM audit_log a")
    kept = "".join(row[0] for row in rows)
    assert logged
    assert not any(secret in str(logged) + kept for secret in secrets)
