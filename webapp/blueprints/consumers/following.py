"""Positions in the changes of a workspace, and what comes after one.

A position is a transaction and an event in it. It is only handed out, and only moves, as far as
changes are complete, so nothing is ever added before it (`migrations/…-changes.sql`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sql import queries
from webapp.http.answers import as_cursor, read_cursor
from webapp.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sql.connection import Connection

    Row = dict[str, Any]

# How many changes one page reads to find those that were asked for.
_MOST_READ: Final = 1000

_LAST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Position:
    """After an event of a transaction, in one life of the database. As text, it is what clients
    send back."""

    feed: UUID
    txid: int
    id: int

    @classmethod
    def read(cls, text: str) -> Position:
        """The position in a text. Raises ValueError."""
        feed, txid, event_id = text.split(".")
        if not (txid.isascii() and txid.isdigit() and event_id.isascii() and event_id.isdigit()):
            raise ValueError(text)
        if max(int(txid), int(event_id)) > _LAST:
            raise ValueError(text)
        return cls(UUID(feed), int(txid), int(event_id))

    def __str__(self) -> str:
        return f"{self.feed.hex}.{self.txid}.{self.id}"

    @property
    def cursor(self) -> str:
        """The position as clients see it."""
        return as_cursor(str(self)) or ""


@dataclass(frozen=True, slots=True)
class Head:
    """How far changes are complete."""

    feed: UUID
    until: int
    not_begun: int
    pruned_to: int | None

    @classmethod
    def read(cls, conn: Connection) -> Head:
        """The head as it is now."""
        row = queries.changes.head(conn)
        pruned_to = row["pruned_to"]
        return cls(
            row["feed"],
            int(row["until"]),
            int(row["not_begun"]),
            None if pruned_to is None else int(pruned_to),
        )

    @property
    def now(self) -> Position:
        """After everything that is complete."""
        return Position(self.feed, self.until, 0)

    def position(self, since: str | None) -> Position:
        """The position that a client sent: `now`, or the oldest if it sent none. Raises Problem 400
        `invalid_cursor`, and 410 `cursor_expired` if something after it is gone."""
        if since == "now":
            return self.now
        position = read_cursor(since, Position.read)
        if position is None:
            return Position(self.feed, 0, 0)
        if not self.knows(position):
            raise Problem(
                410,
                "cursor_expired",
                "Changes after this cursor are no longer kept. Take a new one with since=now, then "
                "read everything again.",
            )
        return position

    def knows(self, position: Position) -> bool:
        """Whether everything after a position is still there."""
        is_pruned = self.pruned_to is not None and position.txid <= self.pruned_to
        return position.feed == self.feed and position.txid <= self.not_begun and not is_pruned


@dataclass(frozen=True, slots=True)
class Found:
    """Changes, each with the position after it; and where to go on."""

    changes: Sequence[tuple[Row, Position]]
    next: Position
    has_more: bool


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows the changes of a workspace, after which position, and with which `names` of
    events, None: with all."""

    workspace_id: UUID
    user_id: UUID
    after: Position
    names: Sequence[str] | None


def read_after(
    conn: Connection, head: Head, followers: Sequence[Follower], most: int
) -> dict[int, list[Row]]:
    """The rows of up to `most` changes for each follower who has some, by their number."""
    rows = queries.changes.list_after(
        conn,
        numbers=list(range(len(followers))),
        workspace_ids=[each.workspace_id for each in followers],
        user_ids=[each.user_id for each in followers],
        txids=[str(each.after.txid) for each in followers],
        ids=[each.after.id for each in followers],
        names=[None if each.names is None else ",".join(each.names) for each in followers],
        until=str(head.until),
        most=most,
    )
    return {number: list(some) for number, some in groupby(rows, itemgetter("follower"))}


def find(conn: Connection, head: Head, follower: Follower, limit: int) -> Found:
    """Up to `limit` changes. If few of the next thousand have one of the names, it is as many as
    these are, or none."""
    most = _MOST_READ if follower.names else limit + 1
    return found_in(read_after(conn, head, [follower], most).get(0, ()), head, limit, most)


def found_in(rows: Sequence[Row], head: Head, limit: int, most: int) -> Found:
    """What a query found that was asked for `most` rows."""
    changes: list[tuple[Row, Position]] = []
    position, is_full = head.now, False
    for row in rows:
        if len(changes) == limit:
            return Found(changes, changes[-1][1], has_more=True)
        row.pop("follower")
        here = Position(head.feed, int(row.pop("txid")), row["id"])
        if row.pop("is_listed"):
            changes.append((row, here))
        if row.pop("number") == most:
            position, is_full = here, True
    return Found(changes, position, has_more=is_full)
