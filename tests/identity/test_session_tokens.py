"""Refresh tokens, tickets and CSRF tokens."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import uuid4

import pytest

from webapp.identity.keyring import Keyring
from webapp.identity.session_tokens import (
    RefreshToken,
    csrf_token,
    is_csrf_token,
    new_ticket,
    session_of_ticket,
)

KEYRING = Keyring("a secret of 32 characters or more, for tests")
OTHERS = Keyring("somebody else's secret, for tests as well")


def made(generation=0, session_id=None, keyring=KEYRING):
    return RefreshToken.make(keyring, session_id or uuid4(), generation)


@pytest.mark.parametrize("generation", [0, 1, 255, 256, 2**30 - 1])
def test_a_token_reads_as_it_was_made(generation):
    token = made(generation)
    read = RefreshToken.read(str(token))
    assert read == token
    assert read.is_genuine(KEYRING)


@pytest.mark.parametrize("generation", [2**30, 2**31, 2**32 - 1])
def test_a_generation_that_nobody_reaches_is_invalid(generation):
    assert RefreshToken.read(str(made(generation))) is None


def test_a_generation_has_one_token_and_each_its_own():
    session_id = uuid4()
    assert str(made(1, session_id)) == str(made(1, session_id))
    assert len({made(generation, session_id).mac for generation in range(50)}) == 50


def test_a_token_of_another_key_has_the_form_and_is_not_genuine():
    assert not RefreshToken.read(str(made(keyring=OTHERS))).is_genuine(KEYRING)


def test_a_token_of_a_former_key_is_genuine():
    turned = Keyring("a newer secret, of 32 characters or more", ["x" * 32])
    assert made(keyring=Keyring("x" * 32)).is_genuine(turned)


@pytest.mark.parametrize(
    "change",
    [{"generation": 1}, {"session_id": uuid4()}, {"mac": bytes(32)}],
    ids=lambda c: next(iter(c)),
)
def test_a_token_that_was_changed_is_not_genuine(change):
    token = made()
    told = {"session_id": token.session_id, "generation": 0, "mac": token.mac} | change
    assert not RefreshToken(**told).is_genuine(KEYRING)


def respelt(text):
    """Other ways to write the same bytes in base64."""
    data = text.removeprefix("cfr_")
    padded = data + "=" * (-len(data) % 4)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = last[last.index(data[-1]) ^ 1]
    return {
        "padded": f"cfr_{padded}",
        "white space": f"cfr_{data} ",
        "a line end": f"cfr_{data}\n",
        "noise inside": f"cfr_{data[:5]}!{data[5:]}",
        "the bits that are not read": f"cfr_{data[:-1]}{other}",
        "the plain alphabet": "cfr_" + data.replace("-", "+").replace("_", "/") + "=",
        "no beginning": data,
        "the beginning twice": f"cfr_cfr_{data}",
        "another beginning": f"cft_{data}",
        "upper case": f"CFR_{data}",
    }


@pytest.mark.parametrize("how", respelt(str(made())).keys())
def test_a_token_has_one_spelling(how):
    assert RefreshToken.read(respelt(str(made()))[how]) is None


@pytest.mark.parametrize(
    "text",
    ["", "cfr_", "cfr_x", "cfr_====", "cfr_é", "cfr_\udcff", "\0", "x" * 10_000, "cfr_" + "A" * 68],
    ids=["empty", "head", "short", "pads", "accent", "surrogate", "nul", "long", "short by one"],
)
def test_what_does_not_have_the_form_is_no_token(text):
    assert RefreshToken.read(text) is None
    assert session_of_ticket(text) is None


def test_a_ticket_names_its_session_and_is_new_each_time():
    session_id = uuid4()
    first, second = new_ticket(session_id), new_ticket(session_id)
    assert session_of_ticket(first) == session_of_ticket(second) == session_id
    assert first != second


def test_a_ticket_is_no_refresh_token_and_a_refresh_token_no_ticket():
    assert RefreshToken.read(new_ticket(uuid4())) is None
    assert session_of_ticket(str(made())) is None
    shortened = urlsafe_b64decode(str(made()).removeprefix("cfr_") + "==")[:48]
    assert RefreshToken.read("cfr_" + urlsafe_b64encode(shortened).decode()) is None


def test_a_csrf_token_is_of_one_session():
    session_id = uuid4()
    token = csrf_token(KEYRING, session_id)
    assert is_csrf_token(KEYRING, session_id, token)
    assert not is_csrf_token(KEYRING, uuid4(), token)
    assert not is_csrf_token(OTHERS, session_id, token)
    assert is_csrf_token(
        Keyring("new " * 10, ["a secret of 32 characters or more, for tests"]), session_id, token
    )


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 43, "=" * 43], ids=ascii)
def test_a_guess_is_no_csrf_token(token):
    assert not is_csrf_token(KEYRING, uuid4(), token)


def test_a_csrf_token_is_no_part_of_the_refresh_token():
    token = made()
    assert csrf_token(KEYRING, token.session_id) not in str(token)
    assert not is_csrf_token(KEYRING, token.session_id, urlsafe_b64encode(token.mac).decode()[:43])
