"""API keys: random, shown once, kept as a hash, good for a year at most."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final, NamedTuple

from webapp.identity.keyring import digest

BEGINNING: Final = "cfk_"

# What no key may do: a program that lost its key must not lose the account with it.
NEVER: Final = frozenset({"account:manage"})

# How long a key is good where nobody says how long, and at most.
USUAL_LIFETIME: Final = timedelta(days=90)
LONGEST_LIFETIME: Final = timedelta(days=366)

_PREFIX: Final = len(BEGINNING) + 6


class NewKey(NamedTuple):
    """A key, what of it may be shown again, and what is kept."""

    secret: str
    prefix: str
    secret_hash: bytes


def new_api_key() -> NewKey:
    """A key of 32 random bytes."""
    secret = BEGINNING + secrets.token_urlsafe(32)
    return NewKey(secret, secret[:_PREFIX], digest(secret))
