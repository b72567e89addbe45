"""Access tokens: only our own, only of this kind, only for a while."""

from __future__ import annotations

import base64
import hmac
import json
import time
from uuid import uuid4

import pytest

from webapp.identity.access_tokens import AccessTokens, InvalidAccessToken
from webapp.identity.keyring import Keyring

ISSUER = "https://coffer.example"
SECRET = "a secret for these tests, long enough for anybody"
PURPOSE = "access tokens"


def encoded(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def signed(key, header, claims, hash_name="sha256"):
    said = f"{encoded(header)}.{encoded(claims)}"
    return f"{said}.{encoded(hmac.digest(key, said.encode(), hash_name))}"


class Forge:
    """A good token taken apart, and the key that signed it."""

    def __init__(self, key, token):
        self.key = key
        self.token = token
        self.parts = token.split(".")
        self.header, self.claims = map(decoded, self.parts[:2])

    def sign(self, key=None, hash_name="sha256", header=None, **claims):
        """Another token signed with the key; None removes a claim."""
        changed = {name: said for name, said in (self.claims | claims).items() if said is not None}
        return signed(key or self.key, header or self.header, changed, hash_name)

    def with_header(self, **changes):
        header = {name: said for name, said in (self.header | changes).items() if said is not None}
        return self.sign(header=header)

    def raw_header(self, header):
        return f"{encoded(header)}.{self.parts[1]}.{self.parts[2]}"

    def unsigned(self, algorithm, signature=""):
        return f"{encoded(self.header | {'alg': algorithm})}.{self.parts[1]}.{signature}"

    def later(self, seconds):
        return int(time.time()) + seconds


KEY_OF_ATTACKER = b"k" * 32

ATTACKS = {
    "alg none": lambda forge: forge.unsigned("none"),
    "alg None": lambda forge: forge.unsigned("None"),
    "alg none with a signature": lambda forge: forge.unsigned("none", forge.parts[2]),
    "no signature": lambda forge: forge.token.rpartition(".")[0] + ".",
    "two parts": lambda forge: forge.token.rpartition(".")[0],
    "four parts": lambda forge: f"{forge.token}.x",
    "five parts": lambda forge: f"{forge.token}.x.x",
    "wrong key": lambda forge: forge.sign(KEY_OF_ATTACKER),
    "empty key": lambda forge: forge.sign(key=b"\0"),
    "the kid as the key": lambda forge: forge.sign(forge.header["kid"].encode()),
    "HS512": lambda forge: forge.sign(hash_name="sha512", header=forge.header | {"alg": "HS512"}),
    "HS384": lambda forge: forge.sign(hash_name="sha384", header=forge.header | {"alg": "HS384"}),
    "RS256 in the header": lambda forge: forge.with_header(alg="RS256"),
    "no alg": lambda forge: forge.with_header(alg=None),
    "alg a list": lambda forge: forge.with_header(alg=["HS256"]),
    "expired": lambda forge: forge.sign(exp=forge.later(-10)),
    "expiry missing": lambda forge: forge.sign(exp=None),
    "expiry a word": lambda forge: forge.sign(exp="never"),
    "not yet valid": lambda forge: forge.sign(nbf=forge.later(60)),
    "nbf missing": lambda forge: forge.sign(nbf=None),
    "iat missing": lambda forge: forge.sign(iat=None),
    "wrong audience": lambda forge: forge.sign(aud="another"),
    "audience missing": lambda forge: forge.sign(aud=None),
    "wrong issuer": lambda forge: forge.sign(iss="https://evil.example"),
    "issuer missing": lambda forge: forge.sign(iss=None),
    "tampered payload": lambda forge: ".".join(
        (forge.parts[0], encoded(forge.claims | {"sid": str(uuid4())}), forge.parts[2])
    ),
    "tampered header": lambda forge: forge.raw_header(forge.header | {"x": 1}),
    "unknown kid": lambda forge: forge.with_header(kid="0" * 16),
    "missing kid": lambda forge: forge.with_header(kid=None),
    "kid a path": lambda forge: forge.with_header(kid="../../../../dev/null"),
    "kid a list": lambda forge: forge.with_header(kid=["x"]),
    "kid an object": lambda forge: forge.with_header(kid={"x": 1}),
    "kid a number": lambda forge: forge.with_header(kid=1),
    "key in the header": lambda forge: forge.sign(
        KEY_OF_ATTACKER,
        header={
            **forge.header,
            "jwk": {"kty": "oct", "k": encoded(KEY_OF_ATTACKER)},
            "jku": "https://evil.example/keys",
        },
    ),
    "unknown crit": lambda forge: forge.with_header(crit=["x"], x=1),
    "typ JWT": lambda forge: forge.with_header(typ="JWT"),
    "typ of another kind": lambda forge: forge.with_header(typ="reset+jwt"),
    "typ missing": lambda forge: forge.with_header(typ=None),
    "sid no UUID": lambda forge: forge.sign(sid="1; DROP TABLE sessions"),
    "sid missing": lambda forge: forge.sign(sid=None),
    "sid a number": lambda forge: forge.sign(sid=1),
    "sid a list": lambda forge: forge.sign(sid=[forge.claims["sid"]]),
    "sid empty": lambda forge: forge.sign(sid=""),
    "payload a list": lambda forge: signed(forge.key, forge.header, [forge.claims]),
    "payload no JSON": lambda forge: signed(forge.key, forge.header, b"\xff{"),
    "header no JSON": lambda forge: forge.raw_header(b"{"),
    "header no UTF-8": lambda forge: forge.raw_header(b"\xff\xfe"),
    "header a number": lambda forge: forge.raw_header(1),
    "header null": lambda forge: forge.raw_header(None),
    "nothing": lambda forge: "x",
    "dots": lambda forge: "..",
    "very long": lambda forge: forge.sign(x="x" * 5_000),
    "long of dots": lambda forge: "." * 1_999,
    "garbage": lambda forge: "\xff\xfe\x80é!" * 20,
    "another purpose": lambda forge: forge.sign(Keyring(SECRET).keys("refresh tokens")[0]),
}

# Headers that can be decoded, but are not what a header has to be.
MALFORMED_HEADERS = {
    "header a list": lambda forge: forge.raw_header(["alg", "kid"]),
    "header a string": lambda forge: forge.raw_header("alg"),
    "header of a thousand lists": lambda forge: f"{encoded(b'[' * 1_450)}.x.x",
}


@pytest.fixture
def keyring():
    return Keyring(SECRET)


@pytest.fixture
def tokens(keyring):
    return AccessTokens(keyring, issuer=ISSUER, seconds=900)


@pytest.fixture
def forge(keyring, tokens):
    return Forge(keyring.keys(PURPOSE)[0], tokens.issue(uuid4(), uuid4()))


def test_a_token_names_its_session(tokens):
    session_id = uuid4()
    assert tokens.read(tokens.issue(uuid4(), session_id)) == session_id


def test_what_is_signed_here_as_we_sign_it_is_taken(tokens, forge):
    assert str(tokens.read(forge.sign())) == forge.claims["sid"]


def test_a_token_tells_who_and_which_session_and_nothing_else(forge):
    assert forge.header.keys() == {"alg", "typ", "kid"}
    assert forge.claims.keys() == {"iss", "aud", "sub", "sid", "iat", "nbf", "exp"}
    assert forge.claims["exp"] - forge.claims["iat"] == 900


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_what_is_not_our_token_is_refused(tokens, forge, attack):
    with pytest.raises(InvalidAccessToken):
        tokens.read(attack(forge))


@pytest.mark.parametrize("attack", MALFORMED_HEADERS.values(), ids=MALFORMED_HEADERS.keys())
def test_what_has_no_header_is_refused(tokens, forge, attack):
    with pytest.raises(InvalidAccessToken):
        tokens.read(attack(forge))


@pytest.mark.parametrize("attack", ["expired", "wrong key", "typ JWT", "sid no UUID"])
def test_a_refusal_tells_nothing_of_the_token(tokens, forge, attack):
    token = ATTACKS[attack](forge)
    with pytest.raises(InvalidAccessToken) as refused:
        tokens.read(token)
    said = str(refused.value)
    assert not any(part in said for part in (*token.split("."), forge.claims["sid"], "DROP"))


def test_a_token_issued_with_no_time_left_is_expired(keyring, tokens):
    with pytest.raises(InvalidAccessToken, match="expired"):
        tokens.read(AccessTokens(keyring, issuer=ISSUER, seconds=-60).issue(uuid4(), uuid4()))


def test_a_token_by_a_former_key_is_good_and_new_ones_are_by_the_present_key(tokens):
    old = tokens.issue(uuid4(), session_id := uuid4())
    turned = AccessTokens(Keyring("another " * 5, [SECRET]), issuer=ISSUER, seconds=900)
    assert turned.read(old) == session_id
    new = turned.issue(uuid4(), session_id)
    assert decoded(new.split(".")[0])["kid"] != decoded(old.split(".")[0])["kid"]
    with pytest.raises(InvalidAccessToken):
        tokens.read(new)


def test_a_token_by_a_key_that_is_forgotten_is_refused(tokens):
    old = tokens.issue(uuid4(), uuid4())
    turned = AccessTokens(Keyring("another " * 5), issuer=ISSUER, seconds=900)
    with pytest.raises(InvalidAccessToken):
        turned.read(old)


def test_the_id_of_a_key_does_not_tell_the_key(keyring, forge):
    kid = forge.header["kid"]
    assert kid not in keyring.keys(PURPOSE)[0].hex()
