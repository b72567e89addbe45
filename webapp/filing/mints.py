"""Mints on their way into the database, whoever tells of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.chain import abi

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sql.connection import Connection
    from webapp.rules.tokens.mint_logs import Mint

    Row = dict[str, Any]

_checksum = lru_cache(4096)(abi.checksum)


def row_of(mint: Mint, collection_id: UUID, source: str) -> Row:
    """A mint as the queries take it. `source` is who tells of it: `webhook`, `chain` or
    `contract`."""
    return {
        **mint._asdict(),
        "collection_id": str(collection_id),
        "author": _checksum(mint.author),
        "minter": mint.minter and _checksum(mint.minter),
        # JSON's numbers are not read exactly by everybody.
        "total_paid": None if mint.total_paid is None else str(mint.total_paid),
        "block_time": mint.block_time and mint.block_time.isoformat(),
        "source": source,
    }


def take(conn: Connection, rows: Iterable[Row]) -> Row:
    """Record mints with their authors and tokens, in the open transaction; what `mint_events.take`
    returns. Any number may do this at once, and none of them is refused."""
    mints = Jsonb(list(rows))
    queries.mint_events.meet_authors(conn, mints=mints)
    taken: Row = queries.mint_events.take(conn, mints=mints)
    return taken
