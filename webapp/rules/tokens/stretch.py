"""What a stretch of the chain says about the mints that are known.

The tokens of a contract have consecutive numbers, so its logs check each other: what is between two
of them, or below the number that the contract says is next, was minted too, and a node has not told
of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


def cut(mints: Sequence[Mint], most: int = MOST_TOKENS) -> list[Mint]:
    """The first of them, of whole blocks, with at most so many tokens if a block has no more."""
    taken: list[Mint] = []
    tokens = 0
    for index, each in enumerate(mints):
        if tokens + each.quantity > most:
            rest_begins = mints[index].block_number
            whole = [mint for mint in taken if mint.block_number < rest_begins]
            if whole:
                return whole
        tokens += each.quantity
        taken.append(each)
        if tokens > most and _ends_block(mints, index):
            return taken
    return taken


def _ends_block(mints: Sequence[Mint], index: int) -> bool:
    return index + 1 == len(mints) or mints[index + 1].block_number > mints[index].block_number


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
