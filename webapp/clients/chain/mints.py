"""Reads the mints of a contract from a node, a stretch of blocks at a time.

A node may be behind, may change its mind, and may answer in part without saying so. So each look
checks that the last block that was read still is what it was, that the numbers of tokens have no
gap, and that the contract's next token is the one after the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from webapp.clients.chain.abi import MINTED, NEXT_TOKEN_ID, PROMPT_AUTHOR, call_data
from webapp.clients.chain.node import NodeError, first_error, hexadecimal, number, ordinal, quantity
from webapp.rules.tokens.mint_logs import MOST_TOKENS as MOST_OF_MINT
from webapp.rules.tokens.mint_logs import Mint, NotAMint, mint_of, place_of
from webapp.rules.tokens.stretch import MOST_TOKENS, Gap, Known, cut, gaps, gone, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webapp.clients.chain.node import Call, Node

# Nodes that share an address differ by some blocks.
_USUAL_LAG: Final = 16
# Blocks of which every node still knows what contracts said in them.
_STATES_KEPT: Final = 64
# How often the blocks of one look are halved, before the next look.
_HALVINGS: Final = 3
# Receipts that are asked for at once.
_RECEIPTS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a contract was read up to: blocks before `next_block`, of which the last had
    `block_hash`, if that is known.

    The next look begins at `from_block`, which is lower if there is a doubt. Blocks before that had
    the tokens before `next_token_id`, if that is known. `known` are the mints from there on; if
    `knows_all` is false, there are more. With `asks_contract`, tokens of which the node gives no
    log are taken from the contract.
    """

    chain_id: int
    contract: str
    from_block: int
    next_block: int
    block_hash: str | None
    next_token_id: int | None
    known: Sequence[Known]
    knows_all: bool = True
    asks_contract: bool = False


class Quiet(NamedTuple):
    """There is no new block."""


class Forked(NamedTuple):
    """The last block that was read is not in the chain any more."""


class Filled(NamedTuple):
    """Mints of which only the contract told; the stretch is still to be read."""

    mints: list[Mint]
    block_number: int


class Stretch(NamedTuple):
    """What the blocks up to `last_block` say: the mints in them, and the ids of known ones that are
    not. `head` is the newest block that the chain has."""

    last_block: int
    block_hash: str
    next_token_id: int | None
    head: int
    mints: list[Mint]
    gone: list[str]


class AnsweredInPart(NodeError):
    """The node does not tell of tokens that there must be."""


class _Block(NamedTuple):
    number: int
    hash: str


class MintReader:
    """Reads mints from `node`, which gives the logs of at most `blocks` blocks at once. Thread-safe
    as the node is."""

    def __init__(self, node: Node, blocks: int) -> None:
        self._node = node
        self._declared = self._blocks = blocks

    def look(self, at: Position) -> Quiet | Forked | Filled | Stretch:
        """Read on. Raises `NodeError`, and `AnsweredInPart` if the node must be asked again."""
        self._node.expect(at.chain_id)
        head = _block(self._node.call("eth_getBlockByNumber", "latest", False))
        if head.number < at.from_block:
            return _at_the_end(at, head)
        for halvings in range(_HALVINGS + 1):
            last = self._last_block(at, head)
            try:
                wanted = _questions(at, last, head)
                answers = dict(zip(wanted, self._node.batch(list(wanted.values())), strict=True))
                first_error([answers["logs"]])
                self._blocks = min(self._declared, self._blocks * 2)
                break
            except NodeError as error:
                # It has just told of its head, so that it is these blocks that are too many.
                if last == at.from_block or error.retry_after or halvings == _HALVINGS:
                    raise
                self._blocks = max(1, (last - at.from_block + 1) // 2)
        return self._read(at, head, answers)

    def _last_block(self, at: Position, head: _Block) -> int:
        last = min(head.number, at.from_block + self._blocks - 1)
        if not at.knows_all:
            last = min(last, at.known[-1].block_number - 1)
        return max(last, at.from_block)

    def _read(
        self, at: Position, head: _Block, answers: Mapping[str, Any]
    ) -> Forked | Filled | Stretch:
        end = _block(answers["end"])
        if at.block_hash is not None and _block(answers["before"]).hash != at.block_hash:
            return Forked()
        mints = in_order(_mints_in(answers["logs"], at, end))
        following = _next_token_id(answers.get("next"))
        taken, until = _cut(mints, end, following)
        missing = gaps(taken, at.known, at.next_token_id, until.next_token_id)
        if missing or gone(at.known, taken, until.block.number):
            mints = in_order([*mints, *self._ask_again(at, mints, end)])
            taken, until = _cut(mints, end, following)
            missing = gaps(taken, at.known, at.next_token_id, until.next_token_id)
        if missing and at.asks_contract:
            return self._ask_contract(at, missing, until, head)
        if missing:
            raise AnsweredInPart(
                "The chain's node answered in part: it has no logs of some tokens from"
                f" {missing[0].first} to {missing[-1].end - 1}."
            )
        return Stretch(
            last_block=until.block.number,
            block_hash=until.block.hash,
            next_token_id=until.next_token_id or _end_of(at, taken),
            head=head.number,
            mints=taken,
            gone=gone(at.known, taken, until.block.number),
        )

    def _ask_again(self, at: Position, mints: Sequence[Mint], end: _Block) -> list[Mint]:
        """The mints of the same blocks, asked for in halves; and, of those that somebody else told
        of, those that the node has the receipts of."""
        middle = (at.from_block + end.number) // 2
        halves = [(at.from_block, middle), (middle + 1, end.number)]
        calls = [_logs(at.contract, *half) for half in halves if half[0] <= half[1]]
        there = {(each.tx_hash, each.log_index) for each in mints}
        told = {
            each.tx_hash
            for each in at.known
            if each.tx_hash and (each.tx_hash, each.log_index) not in there
        }
        receipts = [("eth_getTransactionReceipt", (each,)) for each in sorted(told)[:_RECEIPTS]]
        answers = self._node.batch([*calls, *receipts])
        found: list[Mint] = []
        for logs in answers[: len(calls)]:
            if not isinstance(logs, NodeError):
                found += _mints_in(logs, at, end)
        for receipt in answers[len(calls) :]:
            if isinstance(receipt, dict):
                found += _mints_in(receipt.get("logs"), at, end)
        return found

    def _ask_contract(
        self, at: Position, missing: Sequence[Gap], until: _End, head: _Block
    ) -> Filled:
        """Mints of the missing tokens, as the contract knows them."""
        is_old = head.number - until.block.number > _STATES_KEPT
        block = "latest" if is_old else quantity(until.block.number)
        every = chain.from_iterable(range(gap.first, gap.end) for gap in missing)
        numbers = list(islice(every, MOST_TOKENS))
        answers = self._node.batch(
            [
                ("eth_call", ({"to": at.contract, "data": call_data(PROMPT_AUTHOR, each)}, block))
                for each in numbers
            ]
        )
        first_error(answers)
        authors = [hexadecimal(each, 32) for each in answers]
        if not all(int(each, 16) for each in authors):
            raise AnsweredInPart(
                "The chain's node contradicts itself: the contract has no author of tokens that it"
                " has given out."
            )
        tokens = [
            (each, f"0x{author[-40:]}") for each, author in zip(numbers, authors, strict=True)
        ]
        return Filled(_runs(tokens, until.block), until.block.number)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a stretch ends, with the contract's next token there, if it is known."""

    block: _Block
    next_token_id: int | None


def _at_the_end(at: Position, head: _Block) -> Quiet | Forked:
    last = at.next_block - 1
    if head.number < last - _USUAL_LAG:
        raise NodeError(
            f"The chain's node is behind, or of another chain: it is at block {head.number},"
            f" and block {last} had been read."
        )
    is_other = head.number == last and at.block_hash not in (None, head.hash)
    return Forked() if is_other else Quiet()


def _questions(at: Position, last: int, head: _Block) -> dict[str, Call]:
    """The logs of the blocks up to the last; that block, and the one that was read last; and, where
    every node must know, what the contract's next token was."""
    block = quantity(last)
    calls: dict[str, Call] = {
        "logs": _logs(at.contract, at.from_block, last),
        "end": ("eth_getBlockByNumber", (block, False)),
    }
    if at.block_hash is not None:
        before = quantity(at.next_block - 1)
        calls["before"] = ("eth_getBlockByNumber", (before, False))
    if head.number - last <= _STATES_KEPT:
        calls["next"] = ("eth_call", ({"to": at.contract, "data": NEXT_TOKEN_ID}, block))
    return calls


def _logs(contract: str, first: int, last: int) -> Call:
    wanted = {
        "address": contract,
        "topics": [MINTED],
        "fromBlock": quantity(first),
        "toBlock": quantity(last),
    }
    return "eth_getLogs", (wanted,)


def _mints_in(logs: object, at: Position, end: _Block) -> Iterable[Mint]:
    """The mints among logs of the contract. Raises `NodeError` if they are not what was asked
    for."""
    if not isinstance(logs, list):
        raise NodeError("The chain's node sent something else than logs.")
    for log in logs:
        try:
            place = place_of(log)
            mint = mint_of(log, place, MINTED)
        except (NotAMint, AttributeError):
            continue
        if place.taken_back or place.contract != at.contract.lower():
            continue
        if not at.from_block <= place.block_number <= end.number:
            continue
        if place.block_number == end.number and place.block_hash != end.hash:
            raise NodeError("The chain changed while it was read.")
        yield mint


def _cut(mints: Sequence[Mint], end: _Block, next_token_id: int | None) -> tuple[list[Mint], _End]:
    taken = cut(mints)
    if len(taken) == len(mints):
        return taken, _End(end, next_token_id)
    last = taken[-1]
    return taken, _End(_Block(last.block_number, last.block_hash), None)


def _end_of(at: Position, mints: Sequence[Mint]) -> int | None:
    """The number after the last token that is known; None if none is."""
    told = [each.start_token_id + each.quantity for each in at.known if each.source == "contract"]
    return max([at.next_token_id or 0, *told, *(each.end for each in mints)]) or None


def _runs(tokens: Iterable[tuple[int, str]], block: _Block) -> list[Mint]:
    """Mints of consecutive tokens of one author each."""
    found: list[Mint] = []
    for token_id, author in tokens:
        last = found[-1] if found else None
        if last and (last.end, last.author) == (token_id, author) and last.quantity < MOST_OF_MINT:
            found[-1] = last._replace(quantity=last.quantity + 1)
        else:
            found.append(
                Mint(None, None, block.number, block.hash, None, None, author, token_id, 1, None)
            )
    return found


def _next_token_id(answer: object) -> int | None:
    """What a contract says; None if it says nothing, or the node does not know. Raises `NodeError`
    if there cannot be so many tokens."""
    try:
        number(answer)
    except NodeError:
        return None
    return ordinal(answer)


def _block(answer: object) -> _Block:
    if isinstance(answer, NodeError):
        raise answer
    if not isinstance(answer, dict):
        raise NodeError("The chain's node does not know a block that it has told of.")
    return _Block(ordinal(answer.get("number")), hexadecimal(answer.get("hash"), 32))
