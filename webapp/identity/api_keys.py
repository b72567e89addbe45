"""API keys: random, shown once, stored as a hash, valid for a year at most."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final, NamedTuple

from webapp.identity.keyring import digest

BEGINNING: Final = "cfk_"

# What no key may do: losing a key must not mean losing the account, or a workspace.
NEVER: Final = frozenset({"account:manage", "workspace:delete", "workspace:service_keys:manage"})

# What only persons may do: it concerns what is theirs alone, even in a shared workspace.
OF_PERSONS: Final = frozenset(
    {
        "workspace:connections:manage",
        "workspace:inboxes:manage",
        "workspace:tasks:read",
        "workspace:tasks:write",
    }
)

# The default and the maximum lifetime of a key.
USUAL_LIFETIME: Final = timedelta(days=90)
LONGEST_LIFETIME: Final = timedelta(days=366)

_PREFIX: Final = len(BEGINNING) + 6


class NewKey(NamedTuple):
    """A key, the part of it that may be shown again, and what is stored."""

    secret: str
    prefix: str
    secret_hash: bytes


def new_api_key() -> NewKey:
    """A key of 32 random bytes."""
    secret = BEGINNING + secrets.token_urlsafe(32)
    return NewKey(secret, secret[:_PREFIX], digest(secret))
