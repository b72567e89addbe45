"""The keys that everything secret is made with, each for one purpose, out of `SECRET_KEY`.

Whoever changes SECRET_KEY keeps the one before in `SECRET_KEYS_FORMER` for a while: what was made
with it stays good, and what is made from then on uses the new one.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Sequence


class Unreadable(Exception):
    """What is to be decrypted was not encrypted by a key of ours, or is too old."""


class Keyring:
    """The present secret and the former ones. Its repr tells none of them."""

    def __init__(self, secret: str, former: Sequence[str] = ()) -> None:
        self._secrets = (secret, *former)

    def keys(self, purpose: str) -> list[bytes]:
        """A key of 32 bytes for a purpose from each secret, the present one first."""
        return [_derive(secret, purpose) for secret in self._secrets]

    def mac(self, purpose: str, message: bytes) -> bytes:
        """32 bytes that nobody without the present key can tell."""
        return self.macs(purpose, message)[0]

    def macs(self, purpose: str, message: bytes) -> list[bytes]:
        """The same by each key, the present one first."""
        return [hmac.digest(key, message, "sha256") for key in self.keys(purpose)]

    def is_mac(self, purpose: str, message: bytes, mac: bytes) -> bool:
        """Whether the bytes are those that the present key or a former one gives."""
        return any(hmac.compare_digest(each, mac) for each in self.macs(purpose, message))

    def encrypt(self, purpose: str, data: bytes) -> bytes:
        """The data as nobody else can read or change it."""
        return self._fernet(purpose).encrypt(data)

    def decrypt(self, purpose: str, data: bytes, *, seconds: int | None = None) -> bytes:
        """What was encrypted, within the last `seconds` if they are given. Raises Unreadable."""
        try:
            return self._fernet(purpose).decrypt(data, ttl=seconds)
        except InvalidToken:
            raise Unreadable from None

    def renewed(self, purpose: str, data: bytes) -> bytes | None:
        """What a former key encrypted, by the present one; None where that did already. Raises
        Unreadable."""
        try:
            Fernet(urlsafe_b64encode(self.keys(purpose)[0])).decrypt(data)
        except InvalidToken:
            return self.encrypt(purpose, self.decrypt(purpose, data))
        return None

    def _fernet(self, purpose: str) -> MultiFernet:
        return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in self.keys(purpose)])


def digest(token: str) -> bytes:
    """What is kept of a token. One that is random needs no slow hash and no salt."""
    return hashlib.sha256(token.encode()).digest()


@cache
def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"coffer {purpose}".encode()).derive(secret.encode())
