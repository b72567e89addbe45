"""Ids and handles that are generated before their row exists."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime


def new_id() -> UUID:
    """A UUIDv7, like those of the database: later ones sort later."""
    milliseconds = time.time_ns() // 1_000_000
    chance = secrets.randbits(74)
    high, low = chance >> 62, chance & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


def first_id_of(moment: datetime) -> UUID:
    """The lowest id that may be made at a time, or later."""
    return UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def new_handle() -> str:
    """The handle of a user who has not chosen one."""
    return f"user-{secrets.token_hex(6)}"


def new_service_handle() -> str:
    """The handle of a service."""
    return f"service-{secrets.token_hex(8)}"
