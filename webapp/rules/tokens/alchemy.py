"""What Alchemy's webhooks say, in each of their forms.

GRAPHQL and CUSTOM bring the logs of a block: below it, or below its transactions. They never say
that a log was taken back; the number of the block comes again instead, with another hash. The
activities of addresses and NFTs, and mined transactions, have other logs or none: they are hints at
a block that may have a mint. A message may also be a heartbeat without logs, or an error. One log
that cannot be read spoils no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from webapp.rules.tokens.mint_logs import (
    Mint,
    NotAMint,
    Place,
    address_of,
    hash_of,
    mint_of,
    number_of,
    place_of,
)

# The tokens that one message may bring, so that a transaction stays short. The watcher of the chain
# brings what is beyond.
MOST_TOKENS: Final = 5_000
# Logs and activities that are looked at.
_MOST: Final = 20_000
_LAST: Final = 2**63 - 1
_NOBODY: Final = "0x" + "0" * 40

# The chains of Alchemy's networks. Messages about one that is not here are taken as they come.
_CHAINS: Final = {
    "ETH_MAINNET": 1,
    "OPT_MAINNET": 10,
    "MATIC_MAINNET": 137,
    "BASE_MAINNET": 8453,
    "ARB_MAINNET": 42161,
    "MATIC_AMOY": 80002,
    "BASE_SEPOLIA": 84532,
    "ARB_SEPOLIA": 421614,
    "ETH_SEPOLIA": 11155111,
    "OPT_SEPOLIA": 11155420,
}


class Told(NamedTuple):
    """A mint of a contract."""

    contract: str
    mint: Mint


class Hint(NamedTuple):
    """A block in which a contract may have minted, or from which a log was taken back: then without
    a transaction. `token_id` is of a token that was minted in it, if that is said."""

    contract: str
    block_number: int
    tx_hash: str | None = None
    token_id: int | None = None


@dataclass(slots=True)
class Message:
    """What one message says. `ignored` counts what is neither a mint nor a hint; `error` is what
    Alchemy says is wrong."""

    chain_id: int | None = None
    mints: list[Told] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    ignored: int = 0
    error: str | None = None

    @property
    def contracts(self) -> set[str]:
        """The contracts that it is about."""
        return {each.contract for each in self.mints} | {each.contract for each in self.hints}


def read(body: Mapping[str, Any], topic: str) -> Message:
    """What a message says; `topic` is that of mints."""
    event = _mapping(body.get("event"))
    message = Message(chain_id=_CHAINS.get(str(event.get("network"))))
    if isinstance(event.get("error"), str):
        message.error = event["error"][:300]
    tokens = 0
    for number, (log, block, transaction) in enumerate(_logs(event)):
        read_one = _read_log(log, block, transaction, topic) if number < _MOST else None
        if isinstance(read_one, Told):
            tokens += read_one.mint.quantity
            if tokens <= MOST_TOKENS:
                message.mints.append(read_one)
            else:
                message.hints.append(Hint(read_one.contract, read_one.mint.block_number))
        elif read_one is not None:
            message.hints.append(read_one)
        else:
            message.ignored += 1
    for number, hints in enumerate(_hints(event)):
        message.hints += hints if number < _MOST else []
        message.ignored += not hints
    return message


def _read_log(
    log: Mapping[str, Any], block: Mapping[str, Any], transaction: Mapping[str, Any], topic: str
) -> Told | Hint | None:
    try:
        place = place_of(log, block, transaction)
        if place.taken_back:
            return Hint(place.contract, place.block_number)
        if number_of(transaction.get("status")) == 0:
            return None
        return Told(place.contract, mint_of(log, place, topic))
    except NotAMint:
        return None


def _logs(
    event: Mapping[str, Any],
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    """Each log, with the block and the transaction that it is in."""
    data = _mapping(event.get("data"))
    block = _mapping(data.get("block"))
    for log in (*_list(block.get("logs")), *_list(data.get("logs")), *_list(event.get("logs"))):
        yield _mapping(log), block, _mapping(_mapping(log).get("transaction"))
    for each in _list(block.get("transactions")):
        transaction = _mapping(each)
        for log in _list(transaction.get("logs")):
            yield _mapping(log), block, transaction


def _hints(event: Mapping[str, Any]) -> Iterator[list[Hint]]:
    """What each activity, and a mined transaction, hints at."""
    for each in _list(event.get("activity")):
        yield list(_of_activity(_mapping(each)))
    if isinstance(event.get("transaction"), Mapping):
        transaction = event["transaction"]
        yield list(
            _at(
                transaction.get("to"),
                transaction.get("blockNumber"),
                transaction.get("hash"),
                is_taken_back=event.get("removed") is True,
            )
        )


def _of_activity(activity: Mapping[str, Any]) -> Iterator[Hint]:
    log = _mapping(activity.get("log"))
    try:
        place: Place | None = place_of(log)
    except NotAMint:
        place = None
    if place is not None and place.taken_back:
        yield Hint(place.contract, place.block_number)
        return
    token_id = number_of(activity.get("erc721TokenId"))
    is_mint = address_of(activity.get("fromAddress")) == _NOBODY
    raw = _mapping(activity.get("rawContract"))
    contract = address_of(activity.get("contractAddress")) or address_of(raw.get("address"))
    where = (activity.get("blockNum"), activity.get("hash"))
    if contract is not None and (is_mint or token_id is None):
        yield from _at(contract, *where, token_id=token_id)
    elif contract is None:
        yield from _at(activity.get("toAddress"), *where)


def _at(
    contract: object,
    block: object,
    transaction: object,
    *,
    token_id: int | None = None,
    is_taken_back: bool = False,
) -> Iterator[Hint]:
    address, number = address_of(contract), number_of(block)
    if address is None or number is None or number > _LAST:
        return
    if is_taken_back:
        yield Hint(address, number)
    elif (tx_hash := hash_of(transaction)) is not None:
        yield Hint(address, number, tx_hash, token_id if (token_id or 0) <= _LAST else None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
