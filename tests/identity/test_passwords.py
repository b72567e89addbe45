"""Passwords: how they are kept, compared and judged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from webapp.identity.passwords import Passwords, weakness

CHEAP = {"memory_kib": 64, "time_cost": 1, "parallelism": 1}
PASSWORD = "a garden fence of oak"


@pytest.fixture(scope="module")
def passwords():
    return Passwords(**CHEAP)


def test_a_hash_is_argon2id_with_the_parameters_and_a_salt_of_its_own(passwords):
    first, second = passwords.hash(PASSWORD), passwords.hash(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert first != second
    assert PASSWORD not in first


def test_the_password_is_right_and_no_other_is(passwords):
    kept = passwords.hash(PASSWORD)
    assert passwords.verify(kept, PASSWORD)
    for wrong in ("", PASSWORD.upper(), f"{PASSWORD} ", PASSWORD[:-1], f"{PASSWORD}\0", kept):
        assert not passwords.verify(kept, wrong)


def test_where_none_is_kept_no_password_is_right(passwords):
    for guess in ("", PASSWORD, "None", "null"):
        assert passwords.verify(None, guess) is False


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$", "!", "$2b$12$abcdefghijklmnopqrstuv"])
def test_what_is_no_hash_fits_no_password(passwords, kept):
    assert passwords.verify(kept, PASSWORD) is False


def test_every_character_of_a_long_password_counts(passwords):
    kept = passwords.hash("é" * 199 + "a")
    assert passwords.verify(kept, "é" * 199 + "a")
    assert not passwords.verify(kept, "é" * 199 + "b")


def test_what_keyboards_send_in_two_forms_is_one_password(passwords):
    assert passwords.verify(passwords.hash("caf\u00e9 au lait"), "cafe\u0301 au lait")


@pytest.mark.parametrize("change", CHEAP.keys())
def test_a_hash_by_other_parameters_is_outdated_and_still_good(passwords, change):
    other = Passwords(**CHEAP | {change: CHEAP[change] * 2})
    kept = passwords.hash(PASSWORD)
    assert not passwords.is_outdated(kept)
    assert other.is_outdated(kept)
    assert other.verify(kept, PASSWORD)


def test_forty_at_once_are_all_judged(passwords):
    kept = passwords.hash(PASSWORD)
    with ThreadPoolExecutor(20) as threads:
        given = [kept, None] * 20
        found = list(threads.map(lambda each: passwords.verify(each, PASSWORD), given))
    assert found == [True, False] * 20


@pytest.mark.long
@pytest.mark.parametrize(
    "password",
    [
        *("password123", "1234567890", "qwertyuiop", "aaaaaaaaaa", "Passw0rd!!", "iloveyou123"),
        *("abcdefghij", "a" * 64, "2001-01-01"),
    ],
)
def test_what_everybody_would_try_is_weak(password):
    assert weakness(password, ()).startswith("Too easy to guess.")


@pytest.mark.parametrize(
    "password", ["anastasia.kovac", "example.com1", "Anastasia.Kovac@example.com", "Kovac2024"]
)
def test_what_is_known_of_the_owner_is_weak(password):
    assert weakness(password, ("anastasia.kovac@example.com", "Kovac")) is not None


@pytest.mark.parametrize(
    "password", [PASSWORD, "x7#Lq0vv!2mT", "παράθυρο στον κήπο", "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵"]
)
def test_what_nobody_would_guess_is_taken(password):
    assert weakness(password, ("ana@example.com", None, "")) is None


@pytest.mark.long
@pytest.mark.parametrize(
    "password",
    ["İ" * 12, "ß" * 200, "\u0130stanbul1453", "²²²²²²²²²²", "١٢٣٤٥٦٧٨٩٠", "\0" * 10, "😀" * 200],
    ids=ascii,
)
def test_any_characters_are_judged(password):
    said = weakness(password, ("İ@example.com", "ß", password))
    assert said is None or said.startswith("Too easy")


def test_a_refusal_does_not_repeat_the_password():
    assert "qwertyuiop" not in weakness("qwertyuiop", ())
