"""Mints, as the logs of a contract tell of them: `BatchMinted(address indexed minter, address
indexed promptAuthor, uint256 indexed startTokenId, uint256 quantity, uint256 totalPaid)`.

A log is read wherever it comes from: a node's `eth_getLogs`, whose numbers are hexadecimal, or a
message of a provider, which may put the block, the transaction and the contract elsewhere and write
numbers as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

# What the database holds.
MOST_TOKENS: Final = 10_000
_LAST: Final = 2**63 - 1
_LAST_INDEX: Final = 2**31 - 1
_LAST_SECOND: Final = 4_102_444_800  # the year 2100

_WORD: Final = re.compile(r"0x[0-9a-f]{64}")
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")
_TWO_WORDS: Final = re.compile(r"0x[0-9a-f]{128,100000}")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DECIMAL: Final = re.compile(r"[0-9]{1,78}")


class NotAMint(ValueError):
    """A log is none of a mint, or is not whole."""


class Place(NamedTuple):
    """Where in the chain a log is. `taken_back` if it no longer is there."""

    contract: str
    tx_hash: str
    log_index: int
    block_number: int
    block_hash: str
    block_time: datetime | None
    taken_back: bool


class Mint(NamedTuple):
    """A mint of `quantity` tokens from `start_token_id` on, for an author. Hashes and addresses are
    in lower case. What only the log says is None if the contract told of the tokens instead."""

    tx_hash: str | None
    log_index: int | None
    block_number: int
    block_hash: str
    block_time: datetime | None
    minter: str | None
    author: str
    start_token_id: int
    quantity: int
    total_paid: int | None

    @property
    def end(self) -> int:
        """The number after its last token."""
        return self.start_token_id + self.quantity


def place_of(
    log: Mapping[str, Any],
    block: Mapping[str, Any] | None = None,
    transaction: Mapping[str, Any] | None = None,
) -> Place:
    """Where a log is, from itself or from what it is in. Raises `NotAMint`."""
    block = block or _inner(log, "block")
    transaction = transaction or _inner(log, "transaction")
    seconds = number_of(_first(log.get("blockTimestamp"), block.get("timestamp")))
    return Place(
        contract=_text(_ADDRESS, log.get("address"), _inner(log, "account").get("address")),
        tx_hash=_text(_WORD, log.get("transactionHash"), transaction.get("hash")),
        log_index=_number(_LAST_INDEX, log.get("logIndex"), log.get("index")),
        block_number=_number(_LAST, log.get("blockNumber"), block.get("number")),
        block_hash=_text(_WORD, log.get("blockHash"), block.get("hash")),
        block_time=datetime.fromtimestamp(seconds, UTC)
        if seconds is not None and seconds < _LAST_SECOND
        else None,
        taken_back=log.get("removed") is True,
    )


def mint_of(log: Mapping[str, Any], place: Place, topic: str) -> Mint:
    """What a log says was minted; `topic` is that of mints. Raises `NotAMint`."""
    topics = log.get("topics")
    if not isinstance(topics, list) or len(topics) != 4 or _text(_WORD, topics[0]) != topic:
        raise NotAMint("not the event of a mint")
    data = _text(_TWO_WORDS, log.get("data"))
    start_token_id = int(_text(_WORD, topics[3]), 16)
    quantity, total_paid = int(data[2:66], 16), int(data[66:130], 16)
    if not 1 <= quantity <= MOST_TOKENS or start_token_id + quantity > _LAST:
        raise NotAMint("impossible numbers of tokens")
    return Mint(
        tx_hash=place.tx_hash,
        log_index=place.log_index,
        block_number=place.block_number,
        block_hash=place.block_hash,
        block_time=place.block_time,
        minter=_address_in(topics[1]),
        author=_address_in(topics[2]),
        start_token_id=start_token_id,
        quantity=quantity,
        total_paid=total_paid,
    )


def number_of(value: object) -> int | None:
    """A number that is not negative, as JSON's or in text, hexadecimal or not; None if it is
    none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    if isinstance(value, str):
        if _HEXADECIMAL.fullmatch(value):
            return int(value, 16)
        if _DECIMAL.fullmatch(value):
            return int(value)
    return None


def address_of(value: object) -> str | None:
    """An address in lower case; None if it is none."""
    found = value.lower() if isinstance(value, str) else ""
    return found if _ADDRESS.fullmatch(found) else None


def hash_of(value: object) -> str | None:
    """The hash of a transaction or a block in lower case; None if it is none."""
    found = value.lower() if isinstance(value, str) else ""
    return found if _WORD.fullmatch(found) else None


def _inner(log: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = log.get(name)
    return found if isinstance(found, Mapping) else {}


def _first(*values: object) -> object:
    return next((value for value in values if value is not None), None)


def _text(form: re.Pattern[str], *values: object) -> str:
    value = _first(*values)
    found = value.lower() if isinstance(value, str) else ""
    if not form.fullmatch(found):
        raise NotAMint("something is missing")
    return found


def _number(most: int, *values: object) -> int:
    found = number_of(_first(*values))
    if found is None or found > most:
        raise NotAMint("a number is missing")
    return found


def _address_in(topic: object) -> str:
    word = _text(_WORD, topic)
    if int(word[2:26], 16):
        raise NotAMint("not an address")
    return f"0x{word[26:]}"
