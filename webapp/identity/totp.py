"""The second factor: time-based codes (RFC 6238), and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import io
import secrets
import time
from typing import Final

import pyotp

RECOVERY_CODES: Final = 10

_SECONDS: Final = 30
# Steps before and after the current one whose codes are valid: clocks differ, and people type
# slowly.
_WINDOW: Final = 1


def new_secret() -> str:
    """A secret of 160 bits in base32, as authenticator apps expect it."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, account: str) -> str:
    """The `otpauth://` address that an app is set up with."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name="Coffer")


def qr_code(uri: str) -> str:
    """The address as a QR code, in SVG."""
    import segno

    image = io.BytesIO()
    segno.make(uri, micro=False).save(image, kind="svg", scale=4, light="#fff", xmldecl=False)
    return image.getvalue().decode().strip()


def step_of(secret: str, code: str) -> int | None:
    """The time step of a code; None if it is wrong."""
    now = int(time.time()) // _SECONDS
    totp = pyotp.TOTP(secret)
    for step in range(now - _WINDOW, now + _WINDOW + 1):
        if pyotp.utils.strings_equal(totp.at(step * _SECONDS), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, in groups of four letters and digits."""
    return [_grouped(secrets.token_bytes(10)) for _ in range(RECOVERY_CODES)]


def as_recovery_code(typed: str) -> str:
    """A recovery code as we write it, however it was typed."""
    letters = "".join(letter for letter in typed.lower() if letter.isalnum())
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def _grouped(data: bytes) -> str:
    return as_recovery_code(base64.b32encode(data).decode())
