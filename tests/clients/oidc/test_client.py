"""A log-in at a real provider, and what a fake one could try."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey

from tests.clients.oidc.oidc_server import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    OidcServer,
    Reply,
    key_for,
    oidc_server,
    segment,
    sign,
)
from tests.oidc_provider import RunningProvider, provider
from webapp.clients.http.client import ANSWER_LIMIT
from webapp.clients.oidc import kept
from webapp.clients.oidc.client import Client
from webapp.clients.oidc.contract import Identity, OidcError, Provider, Request
from webapp.clients.oidc.discovery import metadata_from
from webapp.failure import Failure

CALLBACK = "http://127.0.0.1:8999/callback"
CODE, NONCE, VERIFIER = "code-0123456789", "nonce-0123456789", "verifier-0123456789" * 3


def asked_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def failure(act: Callable[[], object], code: str) -> str:
    """The message of the OidcError that `act` raises, which betrays nothing."""
    with pytest.raises(OidcError) as caught:
        act()
    error = caught.value
    assert isinstance(error, Failure)
    assert error.code == code, error
    assert error.permanent == (code != "provider_unavailable")
    for text in (str(error), repr(error), str(error.__cause__)):
        for secret in (CODE, NONCE, VERIFIER, CLIENT_SECRET, ACCESS_TOKEN):
            assert secret not in text
        assert len(text) < 400
        assert text.isprintable()
    return str(error)


# --- a real provider ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[RunningProvider]:
    with provider([CALLBACK, f"{CALLBACK}/other"]) as started:
        yield started


@pytest.fixture
def real(running: RunningProvider) -> Iterator[Client]:
    settings = Provider("Test", running.issuer, running.client_id, running.client_secret)
    client = Client(settings, allow_http=True)
    yield client
    client.close()


def finish_real(client: Client, request: Request, callback: str, **changes: str) -> Identity:
    values = {
        "redirect_uri": CALLBACK,
        "code": asked_of(callback)["code"],
        "nonce": request.nonce,
        "code_verifier": request.code_verifier,
    }
    return client.finish(**(values | changes))


@pytest.mark.parametrize(
    ("account", "identity"),
    [
        ("ana", Identity("1001", "ana@example.com", True, "Ana Lima")),
        ("ben", Identity("1002", "ben@example.com", False, "Ben")),
        ("cleo", Identity("1003", None, False, None)),
    ],
)
@pytest.mark.processes
def test_a_log_in_says_who_it_is(
    real: Client, running: RunningProvider, account: str, identity: Identity
) -> None:
    request = real.begin(CALLBACK)
    callback = running.log_in(request.url, account)
    assert callback.startswith(f"{CALLBACK}?")
    assert asked_of(callback)["state"] == request.state
    assert real.requires_iss()
    assert asked_of(callback)["iss"] == real.issuer
    assert finish_real(real, request, callback) == identity


@pytest.mark.processes
def test_who_leaves_the_log_in_page_comes_back_with_an_error(
    real: Client, running: RunningProvider
) -> None:
    request = real.begin(CALLBACK)
    answer = asked_of(running.refuse(request.url))
    assert answer["error"] == "access_denied"
    assert answer["state"] == request.state
    assert "code" not in answer


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": VERIFIER}, "provider_refused"),
        ({"code_verifier": ""}, "provider_refused"),
        ({"code": CODE}, "provider_refused"),
        ({"redirect_uri": f"{CALLBACK}/other"}, "provider_refused"),
        ({"nonce": NONCE}, "invalid_response"),
    ],
    ids=["verifier", "no-verifier", "code", "redirect-uri", "nonce"],
)
@pytest.mark.processes
def test_a_log_in_with_something_of_another_one_fails(
    real: Client, running: RunningProvider, changes: dict[str, str], code: str
) -> None:
    request = real.begin(CALLBACK)
    callback = running.log_in(request.url, "ana")
    failure(lambda: finish_real(real, request, callback, **changes), code)


@pytest.mark.processes
def test_a_code_is_good_for_one_log_in(real: Client, running: RunningProvider) -> None:
    request = real.begin(CALLBACK)
    callback = running.log_in(request.url, "ana")
    finish_real(real, request, callback)
    said = failure(lambda: finish_real(real, request, callback), "provider_refused")
    assert "invalid_grant" in said


@pytest.mark.processes
def test_a_wrong_client_secret_is_refused(running: RunningProvider) -> None:
    client = Client(
        Provider("Test", running.issuer, running.client_id, CLIENT_SECRET), allow_http=True
    )
    request = client.begin(CALLBACK)
    callback = running.log_in(request.url, "ana")
    assert "invalid_client" in failure(
        lambda: finish_real(client, request, callback), "provider_refused"
    )
    client.close()


# --- a made-up one --------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[OidcServer]:
    with oidc_server() as started:
        yield started


def client_of(server: OidcServer, **options: Any) -> Client:
    settings = Provider("Test", server.issuer, CLIENT_ID, CLIENT_SECRET)
    return Client(settings, **({"allow_http": True} | options))


@pytest.fixture
def client(server: OidcServer) -> Iterator[Client]:
    made = client_of(server)
    yield made
    made.close()


@pytest.fixture
def hasty(server: OidcServer) -> Iterator[Client]:
    made = client_of(server, timeout=0.3)
    yield made
    made.close()


def finish(client: Client) -> Identity:
    return client.finish(redirect_uri=CALLBACK, code=CODE, nonce=NONCE, code_verifier=VERIFIER)


def log_in(client: Client, server: OidcServer, **claims: Any) -> Identity:
    server.id_token = sign(server.claims(NONCE, **claims), server.key)
    return finish(client)


ANA = Identity("1001", "ana@example.com", True, "Ana Lima")


def test_a_log_in_asks_for_a_code_with_pkce(client: Client, server: OidcServer) -> None:
    server.document["authorization_endpoint"] += "?tenant=7"
    request, other = client.begin(CALLBACK), client.begin(CALLBACK)
    digest = hashlib.sha256(request.code_verifier.encode()).digest()
    assert request.url.startswith(f"{server.issuer}/authorize?tenant=7&")
    assert asked_of(request.url) == {
        "tenant": "7",
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "openid email profile",
        "state": request.state,
        "nonce": request.nonce,
        "code_challenge": segment(digest),
        "code_challenge_method": "S256",
    }
    made_up = [(one.state, one.nonce, one.code_verifier) for one in (request, other)]
    assert len({value for values in made_up for value in values}) == 6
    assert all(len(value) >= 43 for values in made_up for value in values)
    assert len(request.code_verifier) <= 128


def test_secrets_are_in_no_representation(client: Client, server: OidcServer) -> None:
    request = client.begin(CALLBACK)
    settings = Provider("Test", server.issuer, CLIENT_ID, CLIENT_SECRET)
    assert request.code_verifier not in repr(request)
    assert CLIENT_SECRET not in repr(settings) + repr(client)


def test_discovery_and_keys_are_read_once(client: Client, server: OidcServer) -> None:
    for _ in range(3):
        client.begin(CALLBACK)
        assert log_in(client, server) == ANA
    assert len(server.asked("discovery")) == 1
    assert len(server.asked("keys")) == 1


def test_discovery_and_keys_are_read_again_in_time(
    client: Client, server: OidcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_KEPT", 0.0)
    log_in(client, server)
    log_in(client, server)
    assert len(server.asked("keys")) == 2


@pytest.mark.parametrize(
    ("methods", "in_body"),
    [
        (None, False),
        (["client_secret_post", "client_secret_basic"], False),
        (["private_key_jwt", "client_secret_post"], True),
    ],
    ids=["default", "basic", "post"],
)
def test_the_secret_is_sent_the_way_the_provider_takes_it(
    client: Client, server: OidcServer, methods: list[str] | None, in_body: bool
) -> None:
    if methods is not None:
        server.document["token_endpoint_auth_methods_supported"] = methods
    log_in(client, server)
    (request,) = server.asked("token")
    form = {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    if in_body:
        form |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        assert "Authorization" not in request.headers
    else:
        pair = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        assert pair == f"{CLIENT_ID}:{CLIENT_SECRET.replace('/', '%2F')}"
    assert request.form == form


@pytest.mark.parametrize("promise", [True, False, None, "true", 1], ids=repr)
def test_whether_callbacks_name_the_issuer(
    client: Client, server: OidcServer, promise: object
) -> None:
    server.document["authorization_response_iss_parameter_supported"] = promise
    assert client.requires_iss() is (promise is True)


def test_an_issuer_may_end_in_a_slash_and_has_to_be_named_so(server: OidcServer) -> None:
    settings = Provider("Test", f"{server.issuer}/", CLIENT_ID, CLIENT_SECRET)
    client = Client(settings, allow_http=True)
    server.document["issuer"] = f"{server.issuer}/"
    assert client.begin(CALLBACK).url.startswith(server.issuer)
    failure(lambda: log_in(client, server), "invalid_response")
    assert log_in(client, server, iss=f"{server.issuer}/") == ANA
    client.close()


def test_cookies_are_not_kept(client: Client, server: OidcServer) -> None:
    body = {"keys": server.published}
    server.replies["keys"] = Reply(body=body, headers={"Set-Cookie": "user=ana; Path=/"})
    log_in(client, server)
    log_in(client, server, email=None)
    assert not any("Cookie" in request.headers for request in server.requests)


# --- the ID token ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "algorithm",
    [
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        *("ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448"),
    ],
)
def test_a_token_is_checked_with_the_algorithm_of_its_key(
    client: Client, server: OidcServer, algorithm: str
) -> None:
    kind = "RS256" if algorithm[0] in "RP" else algorithm
    key = key_for(kind, "two")
    server.published.append(key.as_dict(private=False))
    server.id_token = sign(server.claims(NONCE), key, algorithm)
    assert finish(client) == ANA


def signed_with_nothing(server: OidcServer) -> str:
    return f"{segment({'alg': 'none', 'kid': 'one'})}.{segment(server.claims(NONCE))}."


def signed_with_the_public_key(server: OidcServer) -> str:
    key = key_for("RS256", "public")
    server.published.append(key.as_dict(private=False))
    start = f"{segment({'alg': 'HS256', 'kid': 'public'})}.{segment(server.claims(NONCE))}"
    assert isinstance(key, RSAKey)
    public = key.as_pem(private=False)
    return f"{start}.{segment(hmac.digest(public, start.encode(), 'sha256'))}"


def signed_with_a_published_secret(server: OidcServer) -> str:
    secret = b"0123456789abcdef0123456789abcdef"
    server.published.append({"kty": "oct", "kid": "oct", "k": segment(secret)})
    start = f"{segment({'alg': 'HS256', 'kid': 'oct'})}.{segment(server.claims(NONCE))}"
    return f"{start}.{segment(hmac.digest(secret, start.encode(), 'sha256'))}"


def signed_with_a_key_of_its_own(server: OidcServer) -> str:
    own = key_for("ES256", "mine")
    return sign(server.claims(NONCE), own, kid="one", jwk=own.as_dict(private=False))


def signed_with_an_algorithm_the_key_is_not_for(server: OidcServer) -> str:
    key = key_for("RS256", "two")
    server.published.append(key.as_dict(private=False) | {"alg": "PS256"})
    return sign(server.claims(NONCE), key, "RS256")


def signed_with_a_key_for_encryption(server: OidcServer) -> str:
    server.published = [server.key.as_dict(private=False) | {"use": "enc"}]
    return sign(server.claims(NONCE), server.key)


def signed_with_a_short_key(server: OidcServer) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        key = RSAKey.generate_key(1024, {"kid": "short"})
    server.published.append(key.as_dict(private=False))
    return sign(server.claims(NONCE), key, "RS256")


def signed_without_an_id_by_one_of_two(server: OidcServer) -> str:
    server.published.append(key_for("ES256", "two").as_dict(private=False))
    return sign(server.claims(NONCE), server.key, kid=None)


def changed(server: OidcServer) -> str:
    header, _, signature = sign(server.claims(NONCE), server.key).split(".")
    return f"{header}.{segment(server.claims(NONCE, sub='1002'))}.{signature}"


def with_an_unknown_critical_parameter(server: OidcServer) -> str:
    return sign(server.claims(NONCE), server.key, crit=["novelty"], novelty=1)


@pytest.mark.parametrize(
    "forge",
    [
        signed_with_nothing,
        signed_with_the_public_key,
        signed_with_a_published_secret,
        signed_with_a_key_of_its_own,
        signed_with_an_algorithm_the_key_is_not_for,
        signed_with_a_key_for_encryption,
        signed_with_a_short_key,
        signed_without_an_id_by_one_of_two,
        changed,
        with_an_unknown_critical_parameter,
    ],
)
def test_a_token_the_provider_did_not_sign_is_refused(
    client: Client, server: OidcServer, forge: Callable[[OidcServer], str]
) -> None:
    server.id_token = forge(server)
    failure(lambda: finish(client), "invalid_response")


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("claims", "wrong"),
    [
        ({"exp": -HOUR}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "never"}, "exp"),
        ({"exp": True}, "exp"),
        ({"iat": HOUR}, "iat"),
        ({"iat": None}, "iat"),
        ({"nbf": HOUR}, "nbf"),
        ({"iss": "https://other.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"iss": ["https://other.example"]}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": {CLIENT_ID: 1}}, "aud"),
        ({"aud": f"{CLIENT_ID} another"}, "aud"),
        ({"aud": [CLIENT_ID, "another"]}, "azp"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "azp"),
        ({"azp": "another"}, "azp"),
        ({"azp": [CLIENT_ID]}, "azp"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": [NONCE]}, "nonce"),
        ({"nonce": "\ud800"}, "nonce"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 1001}, "sub"),
        ({"sub": "x" * 256}, "sub"),
        ({"sub": "a\0b"}, "sub"),
        ({"sub": "\ud800"}, "sub"),
    ],
    ids=lambda value: json.dumps(value, default=str)[:60] if isinstance(value, dict) else "",
)
def test_a_token_whose_claims_do_not_hold_is_refused(
    client: Client, server: OidcServer, claims: dict[str, Any], wrong: str
) -> None:
    assert f"({wrong})" in failure(lambda: log_in(client, server, **claims), "invalid_response")
    assert not server.asked("userinfo")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": timedelta(seconds=-20), "iat": timedelta(seconds=20)},
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID},
        {"azp": CLIENT_ID},
        {"sub": "x" * 255},
    ],
    ids=["clocks-differ", "list", "several", "azp", "longest-sub"],
)
def test_a_token_whose_claims_just_hold_is_good(
    client: Client, server: OidcServer, claims: dict[str, Any]
) -> None:
    assert log_in(client, server, **claims).email == "ana@example.com"


@pytest.mark.parametrize(
    "token",
    [
        *(None, 5, [], {}, "", ".", "..", "a.b.c", "a.b.c.d.e", "é.é.é", "\ud800", "[].[].[]"),
        f"{segment([])}.{segment({})}.",
        f"{segment(['alg'])}.{segment({})}.",
        f"{segment('alg')}.{segment({})}.",
        f"{segment({'alg': []})}.{segment({})}.",
        f"{segment({'alg': {}})}.{segment({})}.",
        f"{segment({'alg': 'ES256', 'kid': {}})}.{segment({})}.",
        f"{segment({'alg': 'ES256', 'kid': None})}.{segment({})}.",
        f"{segment({'alg': 'ES256', 'crit': 5})}.{segment({})}.",
        f"{segment({'alg': 'ES256', 'b64': False})}.{segment({})}.",
        f"{segment(b'[' * 3000)}.{segment({})}.",
        f"{segment(b'9' * 3000)}.{segment({})}.",
        f"{segment({'alg': 'ES256', 'x': 'x' * 9000})}.{segment({})}.",
        "x" * 500_000,
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_is_no_token_is_refused(client: Client, server: OidcServer, token: object) -> None:
    server.id_token = token
    failure(lambda: finish(client), "invalid_response")


@pytest.mark.parametrize(
    "payload",
    [b"[]", b"5", b"null", b"", b"\xff", b"[" * 90_000, b'{"exp": NaN}', b'{"exp": 1e999}'],
    ids=lambda value: ascii(value)[:20],
)
def test_a_signed_token_of_an_odd_shape_is_refused(
    client: Client, server: OidcServer, payload: bytes
) -> None:
    server.id_token = sign(payload, server.key)
    failure(lambda: finish(client), "invalid_response")


# --- keys -----------------------------------------------------------------------------------


def test_keys_that_changed_are_read_again(client: Client, server: OidcServer) -> None:
    log_in(client, server)
    server.key = key_for("ES256", "next")
    server.published = [server.key.as_dict(private=False)]
    assert log_in(client, server) == ANA
    assert len(server.asked("keys")) == 2
    server.id_token = sign(server.claims(NONCE), key_for("ES256"))
    failure(lambda: finish(client), "invalid_response")  # the old one no longer counts


def test_a_key_nobody_publishes_is_looked_for_once(client: Client, server: OidcServer) -> None:
    server.key = key_for("ES256", "stranger")
    for _ in range(3):
        assert "does not publish" in failure(lambda: log_in(client, server), "invalid_response")
    assert len(server.asked("keys")) == 2  # at first, and again in case they changed


def test_a_key_nobody_publishes_is_looked_for_again_later(
    client: Client, server: OidcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_SEARCH_PAUSE", 0.0)
    server.key = key_for("ES256", "stranger")
    failure(lambda: log_in(client, server), "invalid_response")
    server.published.append(server.key.as_dict(private=False))
    assert log_in(client, server) == ANA


def test_a_single_key_needs_no_id(client: Client, server: OidcServer) -> None:
    server.published = [
        {name: value for name, value in server.published[0].items() if name != "kid"},
        key_for("RS256", "two").as_dict(private=False),
    ]
    server.id_token = sign(server.claims(NONCE), server.key, kid=None)
    assert finish(client) == ANA


ODD_KEYS: list[Any] = [
    *(None, 5, "key", [], {}, {"kty": 5}, {"kty": []}, {"kty": "new"}, {"kty": "RSA"}),
    {"kty": "RSA", "n": 5, "e": "AQAB"},
    {"kty": "RSA", "n": "é", "e": "AQAB"},
    {"kty": "RSA", "n": "\ud800", "e": "AQAB"},
    {"kty": "RSA", "n": "A" * 342, "e": "AQAB"},
    {"kty": "RSA", "n": "_" * 342, "e": ""},
    {"kty": "RSA", "n": "_" * 342, "e": "AAAA"},
    {"kty": "RSA", "n": "_" * 9000, "e": "AQAB"},
    {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
    {"kty": "EC", "crv": "P-257", "x": "AAAA", "y": "AAAA"},
    {"kty": "EC", "crv": [], "x": "AAAA", "y": "AAAA"},
    {"kty": "EC", "crv": "Ed25519", "x": "AAAA", "y": "AAAA"},
    {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
    {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
    {"kty": "OKP", "crv": "P-256", "x": "AAAA"},
    {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "use": [], "alg": {}, "kid": {}},
]


def test_keys_of_odd_shapes_do_not_spoil_the_good_one(client: Client, server: OidcServer) -> None:
    server.published = [*ODD_KEYS, *server.published]
    assert log_in(client, server) == ANA


@pytest.mark.parametrize("odd", ODD_KEYS, ids=lambda value: ascii(value)[:50])
def test_a_key_of_an_odd_shape_signs_nothing(
    client: Client, server: OidcServer, odd: object
) -> None:
    server.published = [odd]
    failure(lambda: log_in(client, server), "invalid_response")


# --- who logs in ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claimed", "verified"),
    [(True, True), ("true", True), (False, False), (None, False), (1, False), ("True", False)],
    ids=repr,
)
@pytest.mark.parametrize("where", ["id_token", "userinfo"])
def test_an_address_is_verified_where_the_provider_says_just_that(
    client: Client, server: OidcServer, claimed: object, verified: bool, where: str
) -> None:
    if where == "id_token":
        identity = log_in(client, server, email_verified=claimed)
        assert not server.asked("userinfo")
    else:
        server.userinfo |= {"email_verified": claimed}
        identity = log_in(client, server, email=None)
        (request,) = server.asked("userinfo")
        assert request.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
    assert identity == Identity("1001", "ana@example.com", verified, "Ana Lima")


def test_one_document_does_not_verify_the_address_of_another(
    client: Client, server: OidcServer
) -> None:
    assert not log_in(client, server, email=None, email_verified=True).email_verified


@pytest.mark.parametrize(
    "email",
    [5, [], "", "nobody", "a@b\0", "a b@example.com", "\ud800@example.com", "a@" + "b" * 253],
    ids=lambda value: ascii(value)[:20],
)
def test_what_is_no_address_is_none(client: Client, server: OidcServer, email: object) -> None:
    server.userinfo = {"sub": "1001", "email": email, "email_verified": True}
    identity = log_in(client, server, email=None)
    assert identity.email is None
    assert not identity.email_verified


def test_without_a_userinfo_endpoint_there_may_be_no_address(
    client: Client, server: OidcServer
) -> None:
    del server.document["userinfo_endpoint"]
    assert log_in(client, server, email=None) == Identity("1001", None, False, "Ana Lima")


@pytest.mark.parametrize(
    ("name", "kept"),
    [(5, None), ("", None), (" \n", None), ("Ana\0\nLima ", "Ana  Lima"), ("x" * 300, "x" * 200)],
    ids=["number", "empty", "blank", "unprintable", "long"],
)
def test_a_name_is_fit_to_be_shown(
    client: Client, server: OidcServer, name: object, kept: str | None
) -> None:
    assert log_in(client, server, name=name).name == kept


@pytest.mark.parametrize(
    "userinfo",
    [
        {"sub": "1002", "email": "ben@example.com"},
        {"email": "ben@example.com"},
        {"sub": ["1001"], "email": "ben@example.com"},
        [],
        b"not json",
    ],
    ids=["another", "nobody", "list", "no-object", "no-json"],
)
def test_what_userinfo_says_of_somebody_else_is_refused(
    client: Client, server: OidcServer, userinfo: object
) -> None:
    server.replies["userinfo"] = Reply(body=userinfo)
    failure(lambda: log_in(client, server, email=None), "invalid_response")


@pytest.mark.parametrize("token", [None, 5, "", "a b", "a\r\nX: y", "é"], ids=ascii)
def test_an_access_token_that_no_header_can_hold_is_not_sent(
    client: Client, server: OidcServer, token: object
) -> None:
    id_token = sign(server.claims(NONCE, email=None), server.key)
    server.replies["token"] = Reply(body={"access_token": token, "id_token": id_token})
    failure(lambda: finish(client), "invalid_response")
    assert not server.asked("userinfo")


# --- discovery ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://other.example"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"token_endpoint": 5},
        {"jwks_uri": ["https://x.example"]},
        {"userinfo_endpoint": ""},
        {"token_endpoint": "/token"},
        {"token_endpoint": "https:///token"},
        {"token_endpoint": "https://me:secret@x.example/"},
        {"token_endpoint": "https://x.example:99999/"},
        {"token_endpoint": "https://[::1/"},
        {"token_endpoint": "ftp://x.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://x.example/#fragment"},
        {"authorization_endpoint": "https://x.example/\r\nSet-Cookie: a=b"},
        {"authorization_endpoint": "https://é.example/"},
        {"authorization_endpoint": "https://x.example/" + "x" * 2048},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        {"token_endpoint_auth_methods_supported": []},
    ],
    ids=lambda value: ascii(value)[1:70],
)
def test_a_discovery_document_that_will_not_do_is_refused(
    client: Client, server: OidcServer, change: dict[str, Any]
) -> None:
    server.document |= change
    failure(lambda: client.begin(CALLBACK), "invalid_response")


def test_the_issuer_with_a_slash_more_is_another_one(client: Client, server: OidcServer) -> None:
    server.document["issuer"] += "/"
    assert "issuer" in failure(lambda: client.begin(CALLBACK), "invalid_response")


def test_plain_http_is_not_spoken_unless_allowed(server: OidcServer) -> None:
    client = client_of(server, allow_http=False)
    assert "https" in failure(lambda: client.begin(CALLBACK), "invalid_response")
    assert server.requests == []
    client.close()


@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"]
)
def test_no_endpoint_of_a_secure_issuer_may_be_plain(name: str) -> None:
    issuer = "https://id.example"
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    document = {"issuer": issuer} | {each: f"{issuer}/{each}" for each in names}
    provider = Provider("Test", issuer, CLIENT_ID, CLIENT_SECRET)
    metadata_from(document, provider, allow_http=False)
    plain = document | {name: "http://id.example/"}
    assert name in failure(
        lambda: metadata_from(plain, provider, allow_http=False), "invalid_response"
    )


# --- answers --------------------------------------------------------------------------------

ANSWERS = ["discovery", "token", "keys", "userinfo"]


def ask_for_everything(client: Client, server: OidcServer) -> Identity:
    return log_in(client, server, email=None)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b"9" * 5000, b'{"a"', b"NaN"),
        *(b"null", b"5", b'"text"', b"[]", b"{}"),
    ],
    ids=lambda value: ascii(value)[:12],
)
def test_an_answer_of_an_odd_shape_is_refused(
    client: Client, server: OidcServer, name: str, body: bytes
) -> None:
    server.replies[name] = Reply(body=body)
    failure(lambda: ask_for_everything(client, server), "invalid_response")


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("status", [201, 204, 301, 302, 303, 307, 308])
def test_redirects_are_not_followed_nor_other_successes_believed(
    client: Client, server: OidcServer, name: str, status: int
) -> None:
    server.replies[name] = Reply(status, b"", {"Location": f"{server.issuer}/elsewhere"})
    failure(lambda: ask_for_everything(client, server), "invalid_response")
    assert not server.asked("/elsewhere")


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_above_one_megabyte_is_given_up(
    client: Client, server: OidcServer, name: str
) -> None:
    server.replies[name] = Reply(body=b" " * (ANSWER_LIMIT + 1))
    assert "more than 1 MB" in failure(
        lambda: ask_for_everything(client, server), "invalid_response"
    )


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "provider_refused"),
        (401, "provider_refused"),
        (404, "provider_refused"),
        (408, "provider_unavailable"),
        (429, "provider_unavailable"),
        (500, "provider_unavailable"),
        (503, "provider_unavailable"),
    ],
)
def test_a_status_tells_a_refusal_from_a_difficulty(
    client: Client, server: OidcServer, name: str, status: int, code: str
) -> None:
    server.replies[name] = Reply(status, b"<h1>No</h1>")
    assert f"HTTP {status}" in failure(lambda: ask_for_everything(client, server), code)


@pytest.mark.parametrize(
    "error",
    [
        {"error": "invalid_grant", "error_description": "x" * 100_000},
        {"error": "invalid_grant", "error_description": "a\nb\0c\x1b[31md\u202ee"},
        {"error": f"invalid_grant {CODE}", "error_description": f"{VERIFIER} {CLIENT_SECRET}"},
        {"error": "invalid_grant", "error_description": CLIENT_SECRET.replace("/", "%2F")},
        {"error": "invalid_grant", "error_description": ["odd"]},
    ],
    ids=["long", "unprintable", "repeats-secrets", "repeats-encoded", "odd"],
)
def test_what_a_provider_says_about_an_error_is_quoted_with_care(
    client: Client, server: OidcServer, error: dict[str, Any]
) -> None:
    server.replies["token"] = Reply(400, error)
    said = failure(lambda: finish(client), "provider_refused")
    assert "invalid_grant" in said
    assert CLIENT_SECRET.replace("/", "%2F") not in said
    assert len(said) < 300


@pytest.mark.long
@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("how", [Reply(hang=True), Reply(drip=0.5)], ids=["hangs", "drips"])
def test_a_provider_that_is_too_slow_is_left(
    hasty: Client, server: OidcServer, name: str, how: Reply
) -> None:
    server.replies[name] = how
    started = time.monotonic()
    said = failure(lambda: ask_for_everything(hasty, server), "provider_unavailable")
    # Dripping takes at least half a minute for the head alone; the margin is for a busy machine.
    assert time.monotonic() - started < 20
    assert "in time" in said


def test_a_provider_that_hangs_is_asked_by_one_thread(
    hasty: Client, server: OidcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_FAILURE_PAUSE", 600.0)
    server.replies["discovery"] = Reply(hang=True)
    with ThreadPoolExecutor(8) as threads:
        begun = [threads.submit(hasty.begin, CALLBACK) for _ in range(16)]
    for one in begun:
        failure(one.result, "provider_unavailable")
    assert len(server.asked("discovery")) <= 1  # none if the machine is too busy to connect


def test_a_provider_that_comes_back_is_asked_again(
    client: Client, server: OidcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_FAILURE_PAUSE", 0.0)
    server.replies["discovery"] = Reply(503)
    failure(lambda: client.begin(CALLBACK), "provider_unavailable")
    server.replies.clear()
    assert log_in(client, server) == ANA


def test_an_answer_that_breaks_off_is_temporary(client: Client, server: OidcServer) -> None:
    server.replies["token"] = Reply(body={}, promised=10)
    failure(lambda: finish(client), "provider_unavailable")


def test_a_provider_that_is_down_is_temporary() -> None:
    with oidc_server() as server:
        client = client_of(server)
    said = failure(lambda: client.begin(CALLBACK), "provider_unavailable")
    assert "ConnectionRefusedError" in said
    client.close()


def test_a_name_nobody_has_is_temporary() -> None:
    settings = Provider("Test", "http://a..b.invalid", CLIENT_ID, CLIENT_SECRET)
    client = Client(settings, allow_http=True)
    failure(lambda: client.begin(CALLBACK), "provider_unavailable")
    client.close()


def test_log_ins_of_many_threads_do_not_mix(client: Client, server: OidcServer) -> None:
    server.id_token = sign(server.claims(NONCE), server.key)
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(finish, client) for _ in range(40)]
        begun = [threads.submit(client.begin, CALLBACK) for _ in range(40)]
    assert {one.result() for one in found} == {ANA}
    assert len({one.result().state for one in begun}) == 40
    assert len(server.asked("keys")) == 1
