"""The keys for all secrets, and what a change of SECRET_KEY does."""

from __future__ import annotations

from uuid import UUID

import pytest

from webapp.identity.keyring import Keyring, Unreadable, digest
from webapp.mails.tokens import mail_tokens

OLD = "the old secret, of 32 characters or more"
NEW = "the new secret, of 32 characters or more"
ROW = UUID("0190f0e0-0000-7000-8000-000000000000")


def test_each_purpose_has_a_key_of_its_own():
    keyring = Keyring(OLD)
    assert len({keyring.keys(purpose)[0] for purpose in ("a", "b", "a b", "")}) == 4
    assert all(len(key) == 32 for key in keyring.keys("a"))


def test_no_key_is_the_secret_itself():
    assert Keyring("x" * 32).keys("x") != [b"x" * 32]


def test_the_same_secret_gives_the_same_keys_in_every_process():
    assert Keyring(OLD).keys("a") == Keyring(OLD).keys("a")
    assert Keyring(OLD).keys("a") != Keyring(NEW).keys("a")


def test_what_was_made_by_a_former_key_stays_good():
    old, turned = Keyring(OLD), Keyring(NEW, [OLD])
    assert turned.is_mac("a", b"x", old.mac("a", b"x"))
    assert turned.decrypt("a", old.encrypt("a", b"x")) == b"x"


def test_what_is_made_anew_is_by_the_present_key():
    turned, new = Keyring(NEW, [OLD]), Keyring(NEW)
    assert turned.mac("a", b"x") == new.mac("a", b"x")
    assert new.decrypt("a", turned.encrypt("a", b"x")) == b"x"


def test_what_was_made_by_a_key_that_is_forgotten_is_bad():
    old, new = Keyring(OLD), Keyring(NEW)
    assert not new.is_mac("a", b"x", old.mac("a", b"x"))
    with pytest.raises(Unreadable):
        new.decrypt("a", old.encrypt("a", b"x"))


def test_what_was_made_for_one_purpose_is_bad_for_another():
    keyring = Keyring(OLD)
    assert not keyring.is_mac("b", b"x", keyring.mac("a", b"x"))
    with pytest.raises(Unreadable):
        keyring.decrypt("b", keyring.encrypt("a", b"x"))


@pytest.mark.parametrize("mac", [b"", b"x", b"\0" * 32, b"\0" * 64], ids=["none", "1", "32", "64"])
def test_a_guess_is_no_mac(mac):
    assert not Keyring(OLD).is_mac("a", b"x", mac)


@pytest.mark.parametrize("place", [0, 1, 12, -40, -1])
def test_what_was_changed_is_unreadable(place):
    keyring = Keyring(OLD)
    sealed = bytearray(keyring.encrypt("a", b"a secret"))
    sealed[place] ^= 4
    with pytest.raises(Unreadable):
        keyring.decrypt("a", bytes(sealed))


@pytest.mark.parametrize("data", [b"", b"x", b"\xff" * 100, b"gAAAAA=="], ids=str)
def test_what_is_garbage_is_unreadable(data):
    with pytest.raises(Unreadable):
        Keyring(OLD).decrypt("a", data)


def test_what_is_too_old_is_unreadable(monkeypatch):
    keyring = Keyring(OLD)
    sealed = keyring.encrypt("a", b"x")
    assert keyring.decrypt("a", sealed, seconds=60) == b"x"
    monkeypatch.setattr("time.time", lambda: 4e9)
    with pytest.raises(Unreadable):
        keyring.decrypt("a", sealed, seconds=60)


def test_only_what_a_former_key_encrypted_is_renewed():
    former, present = Keyring(OLD), Keyring(NEW, [OLD])
    assert present.renewed("a", present.encrypt("a", b"x")) is None
    renewed = present.renewed("a", former.encrypt("a", b"x"))
    assert Keyring(NEW).decrypt("a", renewed) == b"x"
    with pytest.raises(Unreadable):
        present.renewed("b", former.encrypt("a", b"x"))


def test_the_same_twice_is_not_sealed_the_same():
    keyring = Keyring(OLD)
    assert keyring.encrypt("a", b"x") != keyring.encrypt("a", b"x")


def test_a_keyring_shows_no_secret():
    keyring = Keyring(OLD, [NEW])
    assert not any(secret in f"{keyring!r} {keyring}" for secret in (OLD, NEW))


def test_a_digest_is_not_what_it_was_made_of():
    assert len(digest("token")) == 32
    assert b"token" not in digest("token")
    assert digest("token") != digest("Token")


def test_a_mail_token_is_of_one_row_and_one_purpose():
    keyring = Keyring(OLD)
    purposes = ("registration", "password_reset", "invitation")
    assert len({mail_tokens(keyring, purpose, ROW)[0] for purpose in purposes}) == 3
    assert mail_tokens(Keyring(NEW, [OLD]), "invitation", ROW) == [
        *mail_tokens(Keyring(NEW), "invitation", ROW),
        *mail_tokens(keyring, "invitation", ROW),
    ]
