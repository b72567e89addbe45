"""Time-based codes and recovery codes."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest

from webapp.identity import totp

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # from RFC 6238's test vectors

# From RFC 6238, appendix B, for SHA-1, cut to six digits.
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.fixture
def at(monkeypatch):
    """Sets the clock that codes are based on."""
    return lambda seconds: monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: seconds))


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items(), ids=str)
def test_the_codes_are_those_of_the_standard(at, seconds, code):
    at(seconds)
    assert totp.step_of(SECRET, code) == seconds // 30


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("seconds", [1761436800, 1761440400, 1761444000, 1743296400, 1762063200])
def test_the_codes_are_the_same_in_every_time_zone(at, monkeypatch, zone, seconds):
    right = pyotp.HOTP(SECRET).at(seconds // 30)
    monkeypatch.setitem(os.environ, "TZ", zone)
    time.tzset()
    try:
        at(seconds)
        assert totp.step_of(SECRET, right) == seconds // 30
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("steps", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_the_step_before_and_after_are_good_and_no_others(at, steps, is_good):
    now = 1_700_000_010
    at(now)
    step = now // 30 + steps
    assert totp.step_of(SECRET, pyotp.HOTP(SECRET).at(step)) == (step if is_good else None)


@pytest.mark.parametrize(
    "code",
    ["", "0", "000000", "28708", "2870820", "287082 ", "-87082", "abcdef", "²²²²²²", "é" * 6],
)
def test_what_is_no_code_is_wrong(at, code):
    at(59)
    assert totp.step_of(SECRET, code) is None


def test_a_secret_is_of_160_bits_and_new_each_time():
    secrets = {totp.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(pyotp.TOTP(secret).byte_secret()) == 20 for secret in secrets)


@pytest.mark.parametrize("account", ["ana@example.com", "a&b=c?d#e@example.com", "ä:/@example.com"])
def test_the_uri_is_what_apps_read(account):
    parts = urlsplit(totp.provisioning_uri(SECRET, account))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path).removeprefix("/Coffer:") == account
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["Coffer"]}
    assert not parts.fragment


def test_the_picture_is_an_svg_without_script():
    picture = totp.qr_code(totp.provisioning_uri(SECRET, "<script>&@example.com"))
    root = ET.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert SECRET not in picture


@pytest.mark.long
def test_the_longest_address_fits_the_picture():
    assert totp.qr_code(totp.provisioning_uri(SECRET, "ä" * 254)).startswith("<svg")


def test_recovery_codes_are_ten_of_eighty_bits():
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert not {*codes} & {*totp.new_recovery_codes()}


@pytest.mark.parametrize(
    "type_",
    [
        str.upper,
        str.title,
        lambda c: c.replace("-", ""),
        lambda c: c.replace("-", " "),
        lambda c: f" {c}\t",
        "  ".join,
        lambda c: c.replace("-", "–"),
    ],
    ids=["upper", "title", "no dashes", "spaces", "around", "wide", "long dashes"],
)
def test_a_recovery_code_is_read_however_it_is_typed(type_):
    code = totp.new_recovery_codes()[0]
    assert totp.as_recovery_code(type_(code)) == code
