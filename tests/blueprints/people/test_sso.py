"""Single sign-on by OpenID Connect, with a real provider that insists on PKCE."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.blueprints.examples import Examples
from tests.oidc_provider import provider as running_provider
from tests.people import People
from webapp.access.credentials import keyring
from webapp.app import create_app
from webapp.http import db
from webapp.settings.identity import SsoProvider
from webapp.signing_in import single_sign_on

EXAMPLES = Examples(
    words={"provider_name": "nowhere"},
    absent={"provider_name"},
    open={"/api/auth/sso"},
    ways_in={f"/api/auth/sso/<provider_name>/{step}" for step in ("login", "callback")},
)

# They use a real provider.
pytestmark = pytest.mark.processes

HERE = "http://localhost"
CALLBACK = "/api/auth/sso/work/callback"


@pytest.fixture(scope="module")
def provider():
    with running_provider([f"{HERE}{CALLBACK}", f"{HERE}/api/auth/sso/other/callback"]) as running:
        yield running


@pytest.fixture
def make_app(settings, provider, database):
    made = []

    def make(*, sign_up=True, **more):
        known = {
            "issuer": provider.issuer,
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "sign_up": sign_up,
        }
        more.setdefault(
            "sso_providers",
            (SsoProvider(name="work", **known), SsoProvider(name="other", **known)),
        )
        made.append(create_app(replace(settings, public_url=HERE, **more)))
        return made[-1]

    yield make
    for app in made:
        db.pool.of(app).close()
        for client in single_sign_on.clients.of(app).values():
            client.close()


@pytest.fixture
def sso_app(make_app):
    return make_app()


@pytest.fixture
def browser(sso_app):
    return sso_app.test_client()


def begin(browser, name="work", **query):
    """The address that the log-in sends the browser to first."""
    answer = browser.get(f"/api/auth/sso/{name}/login", query_string=query)
    assert answer.status_code == 302
    return answer.headers["Location"]


def log_in(browser, provider, account="ana", **query):
    """A complete log-in of somebody whom the provider knows."""
    return browser.get(come_back(provider.log_in(begin(browser, **query), account)))


def come_back(url):
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def changed(url, **values):
    """A callback's address with other values; None takes one away."""
    parts = urlsplit(url)
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | values
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{parts.path}?{urlencode(kept)}"


def me(app, answer):
    token = answer.json["access_token"]
    client = app.test_client()
    return client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"}).json


def test_the_providers_are_listed(browser):
    assert [each["name"] for each in browser.get("/api/auth/sso").json["items"]] == [
        "work",
        "other",
    ]


def test_a_first_log_in_makes_the_account_and_the_next_one_finds_it(sso_app, browser, provider):
    first = log_in(browser, provider)
    assert first.status_code == 200
    account = me(sso_app, first)
    assert account["email"] == "ana@example.com"
    assert account["is_email_verified"]
    assert not account["has_password"]
    assert account["sso_providers"] == ["work"]
    again = log_in(sso_app.test_client(), provider)
    assert me(sso_app, again)["id"] == account["id"]


def test_an_account_whose_address_is_verified_is_linked_and_its_owner_told(
    sso_app, browser, provider, make, owner
):
    ana = People(sso_app, make, owner).person("ana")
    account = me(sso_app, log_in(browser, provider))
    assert account["id"] == str(ana.id)
    assert account["has_password"]
    told = owner.execute("SELECT template, recipient FROM mails").fetchall()
    assert told == [("provider_linked", "ana@example.com")]
    actions = owner.execute("SELECT action FROM audit_log ORDER BY id").fetchall()
    assert actions == [("sso.linked",), ("login.succeeded",)]


def test_an_account_whose_address_is_not_verified_is_not_touched(
    sso_app, browser, provider, make, owner
):
    People(sso_app, make, owner).person("ana", verified=False)
    answer = log_in(browser, provider)
    assert (answer.status_code, answer.json["code"]) == (409, "account_not_verified")
    assert owner.execute("SELECT count(*) FROM identities").fetchone() == (0,)


@pytest.mark.parametrize("account", ["ben", "cleo"])
def test_an_address_that_the_provider_has_not_confirmed_makes_and_links_nothing(
    sso_app, browser, provider, make, owner, account
):
    People(sso_app, make, owner).person(account)
    answer = log_in(browser, provider, account)
    assert (answer.status_code, answer.json["code"]) == (403, "sso_email_not_verified")
    assert owner.execute("SELECT count(*) FROM identities").fetchone() == (0,)


def test_where_nobody_new_is_wanted_a_stranger_is_refused_and_a_user_let_in(
    make_app, provider, make, owner
):
    app = make_app(sign_up=False)
    refused = log_in(app.test_client(), provider)
    assert (refused.status_code, refused.json["code"]) == (403, "registration_closed")
    People(app, make, owner).person("ana")
    assert log_in(app.test_client(), provider).status_code == 200


def test_a_user_is_one_person_at_each_provider(sso_app, browser, provider, make, owner):
    log_in(browser, provider)
    owner.execute("UPDATE identities SET subject = 'somebody else'")
    answer = log_in(sso_app.test_client(), provider)
    assert (answer.status_code, answer.json["code"]) == (409, "sso_already_linked")


def test_a_disabled_user_is_refused(sso_app, browser, provider, owner):
    log_in(browser, provider)
    owner.execute("UPDATE users SET disabled_at = now()")
    answer = log_in(sso_app.test_client(), provider)
    assert (answer.status_code, answer.json["code"]) == (403, "account_disabled")


def test_the_second_factor_is_asked_for_here_too(sso_app, browser, provider, owner):
    log_in(browser, provider)
    owner.execute(
        "INSERT INTO totp (user_id, secret, confirmed_at) SELECT id, '', now() FROM users"
    )
    answer = log_in(sso_app.test_client(), provider)
    assert answer.status_code == 202
    assert answer.json["totp_required"]


@pytest.mark.parametrize(
    "tampered",
    [
        {"state": "x"},
        {"state": None},
        {"state": ""},
        {"code": None},
        {"iss": "https://evil.example"},
    ],
    ids=str,
)
def test_a_tampered_callback_is_a_clean_error(browser, provider, owner, tampered):
    url = provider.log_in(begin(browser), "ana")
    answer = browser.get(changed(url, **tampered))
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_sso_state")
    assert owner.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_a_tampered_code_is_a_clean_error(browser, provider, owner):
    url = provider.log_in(begin(browser), "ana")
    answer = browser.get(changed(url, code="x" * 40))
    assert (answer.status_code, answer.json["code"]) == (400, "sso_failed")
    assert owner.execute("SELECT count(*) FROM users").fetchone() == (0,)
    assert owner.execute("SELECT action FROM audit_log").fetchall() == [("sso.failed",)]


@pytest.mark.parametrize("part", ["nonce", "code_verifier"])
def test_a_tampered_memory_of_the_browser_is_a_clean_error(sso_app, browser, provider, part):
    import orjson

    url = provider.log_in(begin(browser), "ana")
    keys = keyring.of(sso_app)
    cookie = browser.get_cookie("coffer_sso", path="/api/auth/sso")
    kept = orjson.loads(keys.decrypt("sso log-ins", cookie.value.encode()))
    kept[part] = "x" * 43
    forged = keys.encrypt("sso log-ins", orjson.dumps(kept)).decode()
    browser.set_cookie("coffer_sso", forged, path="/api/auth/sso")
    answer = browser.get(come_back(url))
    assert answer.json["code"] == "sso_failed"
    assert answer.status_code in (400, 502)


@pytest.mark.parametrize("cookie", [None, "", "x", "gAAAAA" + "x" * 80], ids=repr)
def test_a_callback_in_another_browser_is_refused(sso_app, browser, provider, cookie):
    url = provider.log_in(begin(browser), "ana")
    other = sso_app.test_client()
    if cookie is not None:
        other.set_cookie("coffer_sso", cookie, path="/api/auth/sso")
    answer = other.get(come_back(url))
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_sso_state")


def test_a_callback_for_another_provider_than_the_one_begun_with_is_refused(browser, provider):
    url = provider.log_in(begin(browser), "ana")
    answer = browser.get(come_back(url).replace("/work/", "/other/"))
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_sso_state")


def test_what_the_browser_remembers_is_good_for_one_callback(sso_app, browser, provider, owner):
    """Even though the provider gives a new code to everybody who opens the same address."""
    url = begin(browser)
    codes = [come_back(provider.log_in(url, "ana")) for _ in range(2)]
    kept = browser.get_cookie("coffer_sso", path="/api/auth/sso").value
    assert browser.get(codes[0]).status_code == 200
    browser.set_cookie("coffer_sso", kept, path="/api/auth/sso")
    answer = browser.get(codes[1])
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_sso_state")
    assert owner.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
    refused = owner.execute("SELECT details FROM audit_log WHERE action = 'sso.failed'").fetchall()
    assert refused == [({"provider": "work", "reason": "invalid_sso_state"},)]


def test_of_several_callbacks_at_once_one_signs_in(sso_app, browser, provider, owner):
    url = begin(browser)
    codes = [come_back(provider.log_in(url, "ana")) for _ in range(4)]
    kept = browser.get_cookie("coffer_sso", path="/api/auth/sso").value
    together = Barrier(4, timeout=30)

    def finish(code):
        tab = sso_app.test_client()
        tab.set_cookie("coffer_sso", kept, path="/api/auth/sso")
        together.wait()
        return tab.get(code).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(finish, codes)) == [200, 400, 400, 400]
    assert owner.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


def test_a_callback_works_once(browser, provider):
    url = come_back(provider.log_in(begin(browser), "ana"))
    assert browser.get(url).status_code == 200
    assert browser.get(url).status_code == 400


def test_a_refusal_by_the_provider_is_a_clean_error(browser, provider):
    answer = browser.get(come_back(provider.refuse(begin(browser))))
    assert (answer.status_code, answer.json["code"]) == (403, "sso_refused")
    assert "access_denied" not in answer.text


def test_a_page_of_ours_gets_the_session_as_a_cookie(make_app, provider):
    app = make_app(app_url="https://app.example.com", cors_origins=("https://two.example.com",))
    browser = app.test_client()
    page = "https://app.example.com/in?x=1#old"
    answer = log_in(browser, provider, return_to=page)
    assert answer.status_code == 303
    to, _, fragment = answer.headers["Location"].partition("#")
    assert to == "https://app.example.com/in?x=1"
    csrf = fragment.removeprefix("csrf_token=")
    refreshed = browser.post("/api/auth/refresh", json={}, headers={"X-CSRF-Token": csrf})
    assert refreshed.status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example.com/",
        "https://app.example.com.evil.example/",
        "https://app.example.com@evil.example/",
        "//app.example.com/",
        "javascript:alert(1)",
        "http://app.example.com/",
    ],
)
def test_another_page_gets_nothing(make_app, page):
    app = make_app(app_url="https://app.example.com")
    answer = app.test_client().get("/api/auth/sso/work/login", query_string={"return_to": page})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")


def test_an_unknown_provider_is_404(browser):
    assert browser.get("/api/auth/sso/nowhere/login").status_code == 404
    assert browser.get("/api/auth/sso/nowhere/callback").status_code == 404


def test_a_provider_that_is_away_is_a_clean_error(make_app):
    away = SsoProvider(
        name="work", issuer="http://127.0.0.1:1", client_id="x", client_secret="x", sign_up=True
    )
    answer = make_app(sso_providers=(away,)).test_client().get("/api/auth/sso/work/login")
    assert (answer.status_code, answer.json["code"]) == (502, "sso_failed")
    assert answer.json["reason"] == "provider_unavailable"


def test_two_first_log_ins_at_once_make_one_account(sso_app, provider, owner):
    browsers = [sso_app.test_client() for _ in range(4)]
    urls = [come_back(provider.log_in(begin(each), "ana")) for each in browsers]
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(lambda pair: pair[0].get(pair[1]), zip(browsers, urls, strict=True))
        )
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert any(answer.status_code == 200 for answer in answers)
    assert owner.execute("SELECT count(*) FROM users").fetchone() == (1,)
    assert owner.execute("SELECT count(*) FROM identities").fetchone() == (1,)
