"""Handling of dead letters: selection, in batches, locked against other operators.

Each batch is one transaction, so that a crash undoes the current batch and keeps the finished ones.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

import click
import psycopg

from sql import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from workers.engine.kind import Kind

    # Handles letters in the transaction that locks them; returns how many ended how.
    Handle = Callable[[Connection, Sequence[int]], Counter[str]]

# Letters in one transaction.
BATCH: Final = 100


def choose(conn: Connection, ids: Sequence[int], kind: str | None) -> dict[str, list[int]]:
    """The ids of the selected letters, by kind: only current ones, so that work that dies again is
    not retried forever."""
    if not ids:
        names = kinds(conn) if kind is None else [kind]
        found = {name: queries.dead_letters.ids(conn, kind=name) for name in names}
        return {name: some for name, some in found.items() if some}
    chosen: dict[str, list[int]] = {}
    for letter in queries.dead_letters.read(conn, ids=list(ids)):
        chosen.setdefault(letter["kind"], []).append(letter["id"])
    there = {each for some in chosen.values() for each in some}
    if missing := ", ".join(str(each) for each in dict.fromkeys(ids) if each not in there):
        said = f"there is no dead letter {missing}"
        if not there:
            raise click.ClickException(said)
        click.echo(said, err=True)
    return chosen


def kinds(conn: Connection) -> list[str]:
    """The kinds that have letters."""
    return [row["kind"] for row in queries.dead_letters.kinds(conn)]


def carry_out(
    conn: Connection, verb: str, chosen: Sequence[tuple[Handle, Sequence[int]]]
) -> Counter[str]:
    """Handle letters batch by batch, and print the counts at the end, even if it was
    interrupted."""
    counts: Counter[str] = Counter()
    total = sum(len(ids) for _, ids in chosen)
    hidden = not sys.stdout.isatty()
    try:
        with click.progressbar(length=total, label=verb, hidden=hidden) as bar:
            for handle, ids in chosen:
                for first in range(0, len(ids), BATCH):
                    batch = ids[first : first + BATCH]
                    counts += _handle(conn, handle, batch)
                    counts["seen"] += len(batch)
                    bar.update(len(batch))
    finally:
        others = counts["seen"] - counts["done"] - counts["unwanted"] - counts["failed"]
        rest = {
            "no longer needed it": counts["unwanted"],
            "failed": counts["failed"],
            "gone, or held by another operator": others,
            "left": total - counts["seen"],
        }
        told = [f"{number:,} {how}" for how, number in rest.items() if number]
        click.echo("; ".join([f"{verb} {counts['done']:,} of {total:,}", *told]))
    return counts


def _handle(conn: Connection, handle: Handle, ids: Sequence[int]) -> Counter[str]:
    with conn.transaction():
        queries.requests.identify(conn, actor="operator", request_id="", traceparent="")
        return handle(conn, [row["id"] for row in queries.dead_letters.hold(conn, ids=list(ids))])


def retry(kind: Kind) -> Handle:
    """How letters of a kind are retried."""
    return _requeue if kind.revive is None else _reviving(kind.revive)


def _requeue(conn: Connection, ids: Sequence[int]) -> Counter[str]:
    return Counter(done=queries.dead_letters.requeue(conn, ids=list(ids)))


def discard(conn: Connection, ids: Sequence[int]) -> Counter[str]:
    """Throw letters away."""
    return Counter(done=queries.dead_letters.discard(conn, ids=list(ids)))


def _reviving(revive: Callable[[Connection, UUID], bool]) -> Handle:
    """Each row by itself: one that the database refuses does not affect the others."""

    def handle(conn: Connection, ids: Sequence[int]) -> Counter[str]:
        ended: Counter[str] = Counter()
        # Read after locking: another operator may have had them until a moment ago.
        for letter in queries.dead_letters.read(conn, ids=list(ids)):
            try:
                with conn.transaction():
                    # For the original request, so that its id finds everything.
                    queries.requests.identify(
                        conn,
                        actor="operator",
                        request_id=letter["request_id"] or "",
                        traceparent=letter["traceparent"] or "",
                    )
                    wanted = revive(conn, letter["subject_id"])
                    was_there = queries.dead_letters.discard(conn, ids=[letter["id"]])
            except psycopg.Error as error:
                if conn.closed:
                    raise
                click.echo(f"{letter['id']}: {error.diag.message_primary}", err=True)
                ended["failed"] += 1
            else:
                ended["done" if wanted else "unwanted"] += 1 if wanted else was_there
        return ended

    return handle
