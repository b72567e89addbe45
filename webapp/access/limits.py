"""Rate limits, counted in the database across all processes.

An allowance is a bucket: it allows so many uses at once and refills evenly over its period. In the
database it is one time (`migrations/0013-rate-limits.sql`). Limits that guard a secret are charged
for each use. Ordinary requests are charged in advance, a fiftieth of the allowance at a time, so
that most of them cost no round trip; a process may hold that much.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import psycopg
from flask import g

from sql import queries
from webapp.http import client_address, db, outages
from webapp.http.errors import Problem
from webapp.http.installed import Installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask, Response

    from sql.connection import Connection
    from webapp.settings import Settings

_IN_ADVANCE: Final = 50
_MOST_KEPT: Final = 10_000

# How much more a whole IPv6 /48 may do than one client in it: several people may share it.
_CLIENTS_OF_A_SITE: Final = 4


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` uses at once, refilled within `seconds`."""

    name: str
    most: int
    seconds: float

    @property
    def worth(self) -> float:
        """Seconds until one use is refilled."""
        return self.seconds / self.most

    def key(self, *parts: object) -> str:
        """The key of somebody's allowance."""
        return ":".join([self.name, *map(str, parts)])


@dataclass(frozen=True, slots=True)
class Standing:
    """An allowance after a charge: how many uses are left, how many seconds until it is full, and,
    if it was not enough, how many until the next use."""

    limit: Limit
    left: int
    full_in: float
    wait: float = 0.0

    def headers(self) -> dict[str, str]:
        """The headers that tell a client."""
        told = {
            "RateLimit-Limit": str(self.limit.most),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(math.ceil(self.full_in)),
            "RateLimit-Policy": f"{self.limit.most};w={math.ceil(self.limit.seconds)}",
        }
        return told | ({"Retry-After": str(math.ceil(self.wait))} if self.wait else {})


# For one client that is not signed in.
SIGN_INS: Final = Limit("sign_ins", 60, 60)
BAD_CREDENTIALS: Final = Limit("bad_credentials", 100, 600)

_allowances: Final[Installed[Allowances]] = Installed("allowances")


def install(app: Flask, settings: Settings) -> None:
    """Give the app its counters, and every limited response its headers."""
    _allowances.install(
        app, Allowances(reads=settings.rate_limit_reads, writes=settings.rate_limit_writes)
    )

    @app.after_request
    def tell(response: Response) -> Response:
        standing: Standing | None = g.get("standing")
        if standing is not None and "RateLimit-Limit" not in response.headers:
            response.headers.extend(standing.headers())
        return response


def count_request(user: object, *, writes: bool) -> None:
    """Count a user's request. Raises Problem 429."""
    allowances = _allowances()
    limit = allowances.writes if writes else allowances.reads
    if limit is not None:
        g.standing = standing = allowances.take(limit, limit.key(user))
        if standing.wait:
            raise too_many(standing)


def of_client(limit: Limit, *parts: object) -> list[tuple[Limit, str]]:
    """What to charge for the client of this request: its own allowance and, for IPv6, that of its
    /48, whose holder would otherwise have 65,536 allowances."""
    charges = [(limit, limit.key(*parts, client_address.network()))]
    site = client_address.site()
    if site is not None:
        charges.append(
            (replace(limit, most=limit.most * _CLIENTS_OF_A_SITE), limit.key(*parts, site))
        )
    return charges


def charge(conn: Connection, *charges: tuple[Limit, str]) -> None:
    """Charge one use of each allowance, or of none: raises Problem 429 if one is used up."""
    with conn.transaction():
        standing = _charge(conn, charges)
        if standing is not None:
            raise too_many(standing)


def try_charge(conn: Connection, *charges: tuple[Limit, str]) -> bool:
    """Charge one use of each allowance, or of none; return whether there was enough."""
    try:
        charge(conn, *charges)
    except Problem:
        return False
    return True


def is_charged(conn: Connection, key: str) -> bool:
    """Whether anything of an allowance is in use."""
    return _used(conn, [key]).get(key, 0.0) > 0


def reserve(conn: Connection, limit: Limit, key: str, *, ahead: int) -> timedelta:
    """Charge one use of an allowance, even if it is used up, and return the wait until its turn.
    Raises Problem 429 if `ahead` windows of it are already reserved."""
    windows = 1 + ahead
    longer = replace(limit, most=limit.most * windows, seconds=limit.seconds * windows)
    charge(conn, (longer, key))
    used = _used(conn, [key]).get(key, 0.0)
    return timedelta(seconds=max(0.0, used - limit.seconds))


def refund(conn: Connection, *charges: tuple[Limit, str]) -> None:
    """Give back a charge for an attempt that was right."""
    queries.rate_limits.refund(
        conn,
        keys=[key for _, key in charges],
        worths=[timedelta(seconds=limit.worth) for limit, _ in charges],
    )


def too_many(standing: Standing) -> Problem:
    """The refusal, with the time to try again."""
    seconds = math.ceil(standing.wait)
    span = "a second" if seconds == 1 else f"{seconds} seconds"
    return Problem(
        429,
        "rate_limited",
        f"Too many requests of this kind; try again in {span}.",
        headers=standing.headers(),
    )


def _charge(conn: Connection, charges: Sequence[tuple[Limit, str]]) -> Standing | None:
    """Charge what there is room for; return the worst of those that were not enough."""
    charged = _put(conn, charges, uses=1)
    refused = [(limit, key) for limit, key in charges if key not in charged]
    if not refused:
        return None
    used = _used(conn, [key for _, key in refused])
    return max(
        (_used_up(limit, used.get(key, 0.0)) for limit, key in refused), key=lambda each: each.wait
    )


def _put(conn: Connection, charges: Sequence[tuple[Limit, str]], *, uses: int) -> dict[str, float]:
    """The allowances that were enough, each with its used seconds."""
    rows: list[dict[str, Any]] = queries.rate_limits.charge(
        conn,
        keys=[key for _, key in charges],
        worths=[timedelta(seconds=limit.worth * uses) for limit, _ in charges],
        windows=[timedelta(seconds=limit.seconds) for limit, _ in charges],
    )
    return {row["key"]: row["used"] for row in rows}


def _used(conn: Connection, keys: list[str]) -> dict[str, float]:
    rows: list[dict[str, Any]] = queries.rate_limits.used(conn, keys=keys)
    return {row["key"]: row["used"] for row in rows}


def _used_up(limit: Limit, used: float) -> Standing:
    """The standing of an allowance that was not enough."""
    return Standing(limit, 0, used, max(used + limit.worth - limit.seconds, 1.0))


@dataclass(slots=True)
class _Held:
    """Uses charged in advance, and until when they are valid."""

    uses: int
    used: float
    charged_at: float


class Allowances:
    """The uses that this process holds in advance. Thread-safe."""

    def __init__(self, *, reads: int, writes: int) -> None:
        """Requests a minute; 0 for no limit."""
        self.reads = Limit("reads", reads, 60) if reads else None
        self.writes = Limit("writes", writes, 60) if writes else None
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = Lock()

    def take(self, limit: Limit, key: str) -> Standing:
        """One use of an allowance."""
        now = time.monotonic()
        with self._lock:
            held = self._held.get(key)
            if held is not None and held.uses and now < held.charged_at + limit.seconds:
                held.uses -= 1
                return self._standing(limit, held, now)
        return self._charge(limit, key, now)

    def _charge(self, limit: Limit, key: str, now: float) -> Standing:
        in_advance = max(1, limit.most // _IN_ADVANCE)
        try:
            with db.connection() as conn:
                for uses in dict.fromkeys((in_advance, 1)):
                    charged = _put(conn, [(limit, key)], uses=uses)
                    if charged:
                        return self._keep(limit, key, _Held(uses - 1, charged[key], now))
                return _used_up(limit, _used(conn, [key]).get(key, 0.0))
        except psycopg.Error as error:
            # If counting fails, let the request through: reads should still be answered.
            if not outages.takes_no_changes(error):
                raise
            return self._keep(limit, key, _Held(in_advance - 1, 0.0, now))

    def _keep(self, limit: Limit, key: str, held: _Held) -> Standing:
        with self._lock:
            # Another thread may have charged at the same time: keep what it holds.
            other = self._held.pop(key, None)
            if other is not None and held.charged_at < other.charged_at + limit.seconds:
                held.uses += other.uses
            self._held[key] = held
            if len(self._held) > _MOST_KEPT:
                self._held.popitem(last=False)
            return self._standing(limit, held, held.charged_at)

    @staticmethod
    def _standing(limit: Limit, held: _Held, now: float) -> Standing:
        used = max(0.0, held.used - (now - held.charged_at))
        left = held.uses + math.floor((limit.seconds - used) / limit.worth)
        return Standing(limit, min(left, limit.most), used)
