"""The keys for everything secret, one for each purpose, derived from `SECRET_KEY`.

After a change of SECRET_KEY, the old one is kept in `SECRET_KEYS_FORMER` for a while: what was made
with it stays valid, and new things use the new one.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Sequence


class Unreadable(Exception):
    """The data was not encrypted with one of our keys, or is too old."""


class Keyring:
    """The current secret and the former ones. Its repr reveals none of them."""

    def __init__(self, secret: str, former: Sequence[str] = ()) -> None:
        self._secrets = (secret, *former)

    def keys(self, purpose: str) -> list[bytes]:
        """A 32-byte key for a purpose from each secret, the current one first."""
        return [_derive(secret, purpose) for secret in self._secrets]

    def mac(self, purpose: str, message: bytes) -> bytes:
        """A 32-byte MAC that nobody can compute without the current key."""
        return self.macs(purpose, message)[0]

    def macs(self, purpose: str, message: bytes) -> list[bytes]:
        """The MAC with each key, the current one first."""
        return [hmac.digest(key, message, "sha256") for key in self.keys(purpose)]

    def is_mac(self, purpose: str, message: bytes, mac: bytes) -> bool:
        """Whether the MAC is that of the current key or a former one."""
        return any(hmac.compare_digest(each, mac) for each in self.macs(purpose, message))

    def encrypt(self, purpose: str, data: bytes) -> bytes:
        """The data, encrypted and authenticated."""
        return self._fernet(purpose).encrypt(data)

    def decrypt(self, purpose: str, data: bytes, *, seconds: int | None = None) -> bytes:
        """The decrypted data, if it was encrypted within the last `seconds`, if given. Raises
        Unreadable."""
        try:
            return self._fernet(purpose).decrypt(data, ttl=seconds)
        except InvalidToken:
            raise Unreadable from None

    def renewed(self, purpose: str, data: bytes) -> bytes | None:
        """Data of a former key, encrypted with the current one; None if it already is. Raises
        Unreadable."""
        try:
            Fernet(urlsafe_b64encode(self.keys(purpose)[0])).decrypt(data)
        except InvalidToken:
            return self.encrypt(purpose, self.decrypt(purpose, data))
        return None

    def _fernet(self, purpose: str) -> MultiFernet:
        return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in self.keys(purpose)])


def digest(token: str) -> bytes:
    """The stored hash of a token. A random one needs no slow hash and no salt."""
    return hashlib.sha256(token.encode()).digest()


# Each connection of a user has a key of its own, so there may be many.
@lru_cache(maxsize=1000)
def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"coffer {purpose}".encode()).derive(secret.encode())
