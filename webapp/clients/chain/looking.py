"""What became of transactions that were sent, looked up for many at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from webapp.clients.chain.node import NodeError, first_error, hexadecimal, ordinal, quantity
from webapp.clients.chain.transactions import PRICE_CALLS, prices_in, receipts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webapp.clients.chain.fees import Prices
    from webapp.clients.chain.node import Node
    from webapp.clients.chain.transactions import Receipt

    # `chain_id`, `keeper`, `nonce`, `tx_hashes` of all that was signed with it, the newest first,
    # `raw` of the newest, and `depth` in blocks.
    Sent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a node knows: its newest block, how many transactions the account has there, and the
    receipt, if there is one.

    `is_deep` if its block is part of the chain and has enough others after it. Without a receipt,
    if the nonce is not used: `is_known` if the node still had one of the transactions, else it was
    given the newest again; and what gas costs.
    """

    head: int
    count: int
    receipt: Receipt | None
    is_deep: bool = False
    is_known: bool = True
    prices: Prices | None = None


def newest_block(node: Node) -> str:
    """The hash of the chain's newest block: its number stays the same when it is replaced by
    another. Raises `NodeError`."""
    block = node.call("eth_getBlockByNumber", "latest", False)
    return hexadecimal(block.get("hash") if isinstance(block, dict) else None, 32)


def look_up(node: Node, sent: Sequence[Sent]) -> list[Found | NodeError]:
    """What became of each. Raises `NodeError` if that is true of all."""
    if not sent:
        return []
    for chain_id in {each["chain_id"] for each in sent}:
        node.expect(chain_id)
    found = _receipts(node, sent)
    found = _deep(node, sent, found)
    return _unmined(node, sent, found)


def _receipts(node: Node, sent: Sequence[Sent]) -> list[Found | NodeError]:
    keepers = sorted({each["keeper"] for each in sent})
    calls: list[tuple[str, list[Any]]] = [("eth_blockNumber", [])]
    calls += [("eth_getTransactionCount", [each, "latest"]) for each in keepers]
    calls += [("eth_getTransactionReceipt", [tx]) for each in sent for tx in each["tx_hashes"]]
    answers = node.batch(calls)
    first_error(answers[: 1 + len(keepers)])
    head = ordinal(answers[0])
    counts = dict(zip(keepers, map(ordinal, answers[1:]), strict=False))
    rest = iter(answers[1 + len(keepers) :])
    found: list[Found | NodeError] = []
    for each in sent:
        own = [next(rest) for _ in each["tx_hashes"]]
        try:
            found.append(Found(head, counts[each["keeper"]], receipts_of(own)))
        except NodeError as error:
            found.append(error)
    return found


def _deep(
    node: Node, sent: Sequence[Sent], found: Sequence[Found | NodeError]
) -> list[Found | NodeError]:
    """Before the depth counts: whether the blocks of receipts are still those of the chain."""
    blocks = sorted(
        {
            each.receipt.block
            for each, asked in zip(found, sent, strict=True)
            if isinstance(each, Found) and each.receipt is not None and _is_below(each, asked)
        }
    )
    if not blocks:
        return list(found)
    answers = node.batch([("eth_getBlockByNumber", [quantity(each), False]) for each in blocks])
    first_error(answers)
    hashes = {
        block: hexadecimal(answer.get("hash"), 32)
        for block, answer in zip(blocks, answers, strict=True)
        if isinstance(answer, dict)
    }
    return [
        _checked(each, hashes) if isinstance(each, Found) and _is_below(each, asked) else each
        for each, asked in zip(found, sent, strict=True)
    ]


def _is_below(found: Found, asked: Sent) -> bool:
    return found.receipt is not None and found.head - found.receipt.block >= asked["depth"]


def _checked(found: Found, hashes: Mapping[int, str]) -> Found:
    assert found.receipt is not None
    known = hashes.get(found.receipt.block)
    if known is None:
        return found  # a node that does not know its own block says nothing about it
    if known == found.receipt.block_hash:
        return replace(found, is_deep=True)
    return replace(found, receipt=None)


def _unmined(
    node: Node, sent: Sequence[Sent], found: Sequence[Found | NodeError]
) -> list[Found | NodeError]:
    """Of those in no block: whether the node has them; those that it has not, it is given again."""
    waiting = {
        index: sent[index]
        for index, each in enumerate(found)
        if isinstance(each, Found) and each.receipt is None and each.count <= sent[index]["nonce"]
    }
    if not waiting:
        return list(found)
    calls: list[tuple[str, list[Any]]] = list(PRICE_CALLS)
    calls += [
        ("eth_getTransactionByHash", [tx]) for each in waiting.values() for tx in each["tx_hashes"]
    ]
    answers = node.batch(calls)
    prices = prices_in(*answers[: len(PRICE_CALLS)])
    rest = iter(answers[len(PRICE_CALLS) :])
    result = list(found)
    lost = []
    for index, each in waiting.items():
        own = [next(rest) for _ in each["tx_hashes"]]
        is_known = any(own) and not all(isinstance(answer, NodeError) for answer in own)
        if not is_known:
            lost.append(each)
        this = found[index]
        assert isinstance(this, Found)
        result[index] = replace(this, is_known=is_known, prices=prices)
    if lost:
        # Whether it takes them is seen at the next look.
        node.batch([("eth_sendRawTransaction", ["0x" + bytes(each["raw"]).hex()]) for each in lost])
    return result
