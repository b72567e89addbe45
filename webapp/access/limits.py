"""How often who may do what, counted in the database for all processes together.

An allowance is a bucket: so many uses at once, filled again evenly over its time. In the database
it is one time (`migrations/0013-rate-limits.sql`). What guards a secret is charged for each use.
Ordinary requests are charged in advance, a fiftieth of the allowance at a time, so that most of
them cost no round trip; a process may hold that much.
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

# How much more a whole /48 of IPv6 may do than one client in it: several people may live there.
_CLIENTS_OF_A_SITE: Final = 4


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` uses at once, filled again within `seconds`."""

    name: str
    most: int
    seconds: float

    @property
    def worth(self) -> float:
        """Seconds in which one use is filled again."""
        return self.seconds / self.most

    def key(self, *parts: object) -> str:
        """The allowance of somebody."""
        return ":".join([self.name, *map(str, parts)])


@dataclass(frozen=True, slots=True)
class Standing:
    """An allowance after a charge: how many uses are left, how many seconds until it is full, and
    until there is one more where it was not enough."""

    limit: Limit
    left: int
    full_in: float
    wait: float = 0.0

    def headers(self) -> dict[str, str]:
        """What a client is told of it."""
        told = {
            "RateLimit-Limit": str(self.limit.most),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(math.ceil(self.full_in)),
            "RateLimit-Policy": f"{self.limit.most};w={math.ceil(self.limit.seconds)}",
        }
        return told | ({"Retry-After": str(math.ceil(self.wait))} if self.wait else {})


# What one client may do that has not signed in.
SIGN_INS: Final = Limit("sign_ins", 60, 60)
BAD_CREDENTIALS: Final = Limit("bad_credentials", 100, 600)

_allowances: Final[Installed[Allowances]] = Installed("allowances")


def install(app: Flask, settings: Settings) -> None:
    """Give the app its counters, and every limited answer its headers."""
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
    """One more request of a user's. Raises Problem 429."""
    allowances = _allowances()
    limit = allowances.writes if writes else allowances.reads
    if limit is not None:
        g.standing = standing = allowances.take(limit, limit.key(user))
        if standing.wait:
            raise too_many(standing)


def of_client(limit: Limit, *parts: object) -> list[tuple[Limit, str]]:
    """What to charge for the client of this request: its own allowance, and with IPv6 also that of
    the /48 around it, or else its holder would have 65,536 allowances."""
    charges = [(limit, limit.key(*parts, client_address.network()))]
    site = client_address.site()
    if site is not None:
        charges.append(
            (replace(limit, most=limit.most * _CLIENTS_OF_A_SITE), limit.key(*parts, site))
        )
    return charges


def charge(conn: Connection, *charges: tuple[Limit, str]) -> None:
    """One use of each allowance, or of none: raises Problem 429 where one is used up."""
    with conn.transaction():
        standing = _charge(conn, charges)
        if standing is not None:
            raise too_many(standing)


def try_charge(conn: Connection, *charges: tuple[Limit, str]) -> bool:
    """One use of each allowance, or of none; whether there was enough."""
    try:
        charge(conn, *charges)
    except Problem:
        return False
    return True


def reserve(conn: Connection, limit: Limit, key: str, *, ahead: int) -> timedelta:
    """One use of an allowance, also of one that is used up: in how long its turn comes. Raises
    Problem 429 where those that wait have taken `ahead` windows of it in advance."""
    windows = 1 + ahead
    longer = replace(limit, most=limit.most * windows, seconds=limit.seconds * windows)
    charge(conn, (longer, key))
    used = _used(conn, [key]).get(key, 0.0)
    return timedelta(seconds=max(0.0, used - limit.seconds))


def refund(conn: Connection, *charges: tuple[Limit, str]) -> None:
    """What was charged turned out well."""
    queries.rate_limits.refund(
        conn,
        keys=[key for _, key in charges],
        worths=[timedelta(seconds=limit.worth) for limit, _ in charges],
    )


def too_many(standing: Standing) -> Problem:
    """The refusal, with when to try again."""
    seconds = math.ceil(standing.wait)
    return Problem(
        429,
        "rate_limited",
        f"Too many requests of this kind; try again in {seconds} seconds.",
        headers=standing.headers(),
    )


def _charge(conn: Connection, charges: Sequence[tuple[Limit, str]]) -> Standing | None:
    """Charge what there is room for; the worst of those of which there was not enough."""
    charged = _put(conn, charges, uses=1)
    refused = [(limit, key) for limit, key in charges if key not in charged]
    if not refused:
        return None
    used = _used(conn, [key for _, key in refused])
    return max(
        (_used_up(limit, used.get(key, 0.0)) for limit, key in refused), key=lambda each: each.wait
    )


def _put(conn: Connection, charges: Sequence[tuple[Limit, str]], *, uses: int) -> dict[str, float]:
    """The allowances of which there was enough, each with the seconds of it that are used."""
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
    """How an allowance stands of which there was not enough."""
    return Standing(limit, 0, used, max(used + limit.worth - limit.seconds, 1.0))


@dataclass(slots=True)
class _Held:
    """Uses that were charged in advance, and until when they are good."""

    uses: int
    used: float
    charged_at: float


class Allowances:
    """The uses that this process holds in advance. Safe for threads."""

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
            # What cannot be counted is let through: whoever only reads is to have their answer.
            if not outages.takes_no_changes(error):
                raise
            return self._keep(limit, key, _Held(in_advance - 1, 0.0, now))

    def _keep(self, limit: Limit, key: str, held: _Held) -> Standing:
        with self._lock:
            # Another thread may have charged at the same moment: what it holds is not lost.
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
