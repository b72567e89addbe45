"""Secrets and signatures of webhooks, as the Standard Webhooks specification has them
(https://www.standardwebhooks.com)."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from typing import Final

_BEGINNING: Final = "whsec_"


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return _BEGINNING + b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature with one secret; `timestamp` is in seconds."""
    key = b64decode(secret.removeprefix(_BEGINNING))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()
