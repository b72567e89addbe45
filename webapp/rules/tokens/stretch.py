"""What a stretch of the chain says about the mints that are known.

The tokens of a contract have consecutive numbers, so its logs check each other: what is between two
of them, or below the number that the contract says is next, was minted too, and a node has not told
of it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.rules.tokens.mint_logs import Mint

# The tokens of one transaction, which takes about a second then.
MOST_TOKENS: Final = 5_000


class Known(NamedTuple):
    """A mint that is recorded already."""

    id: str
    tx_hash: str | None
    log_index: int | None
    block_number: int
    block_hash: str
    start_token_id: int
    quantity: int
    source: str


class Gap(NamedTuple):
    """Tokens of which nobody told, from `first` to before `end`."""

    first: int
    end: int


def in_order(mints: Iterable[Mint]) -> list[Mint]:
    """Mints as the chain has them, each once."""
    by_log = {(each.tx_hash, each.log_index): each for each in mints}
    return sorted(by_log.values(), key=lambda each: (each.block_number, each.log_index or 0))


def cut(mints: Iterable[Mint]) -> list[Mint]:
    """The first of them, of whole blocks, with no more than MOST_TOKENS tokens unless one block has
    more."""
    taken: list[Mint] = []
    tokens = 0
    for _, of_block in groupby(mints, lambda each: each.block_number):
        block = list(of_block)
        tokens += sum(each.quantity for each in block)
        if taken and tokens > MOST_TOKENS:
            break
        taken += block
    return taken


def gaps(
    mints: Iterable[Mint], known: Iterable[Known], begin: int | None, end: int | None
) -> list[Gap]:
    """The tokens of which nobody told, from `begin` to before `end`, or from the first to the last
    of which somebody did. Where the contract told of them, as the known mints say, that counts."""
    spans = sorted(
        [
            *((each.start_token_id, each.end) for each in mints),
            *(
                (each.start_token_id, each.start_token_id + each.quantity)
                for each in known
                if each.source == "contract"
            ),
        ]
    )
    found: list[Gap] = []
    at = begin
    for first, after in spans:
        if at is not None and first > at:
            found.append(Gap(at, first))
        at = after if at is None else max(at, after)
    if at is not None and end is not None and end > at:
        found.append(Gap(at, end))
    return found


def gone(known: Iterable[Known], mints: Iterable[Mint], last_block: int) -> list[str]:
    """The ids of the mints that were known up to a block, and of which the chain says nothing any
    more. One of which the contract told has no log to be missed."""
    there = {(each.tx_hash, each.log_index) for each in mints}
    return [
        each.id
        for each in known
        if each.source != "contract"
        and each.block_number <= last_block
        and (each.tx_hash, each.log_index) not in there
    ]
