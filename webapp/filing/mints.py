"""Mints on their way into the database, whoever tells of them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from webapp.clients.chain import abi

if TYPE_CHECKING:
    from uuid import UUID

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
