"""Passwords: hashed with Argon2, and refused if they are easy to guess."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST: Final = 10
LONGEST: Final = 200

# Concurrent hashes in one process: each uses the memory set in the settings.
_AT_ONCE: Final = 4

# zxcvbn's time grows with the square of the length, and what is longer is not weak.
_JUDGED: Final = 64
_WEAK: Final = 2


class Passwords:
    """Hashes and compares, with the parameters of the settings."""

    def __init__(self, *, memory_kib: int, time_cost: int, parallelism: int) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism
        )
        self._turn = threading.BoundedSemaphore(_AT_ONCE)
        # Compared with if there is no hash to compare with.
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """The hash to store, which includes its parameters and its salt."""
        with self._turn:
            return self._hasher.hash(_normal(password))

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether the password is right. It takes as long if there is no hash to compare with."""
        with self._turn:
            try:
                self._hasher.verify(kept or self._nobodys, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than the current ones."""
        return self._hasher.check_needs_rehash(kept)


def weakness(password: str, about: Sequence[str | None]) -> str | None:
    """Why a password is too easy to guess, None if it is not; `about` is what is known about its
    owner."""
    from zxcvbn import zxcvbn

    known = [part for word in about if word for part in (word, *word.split("@"))]
    found = zxcvbn(password[:_JUDGED], user_inputs=known)
    if found["score"] >= _WEAK:
        return None
    said: str = found["feedback"]["warning"] or "It would be among the first guesses."
    return f"Too easy to guess. {said}"


def _normal(password: str) -> str:
    """One normal form of what keyboards send in several."""
    return unicodedata.normalize("NFC", password)
