"""Transactions of an account: what they cost, sending them, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from webapp.clients.chain.fees import Prices
from webapp.clients.chain.node import NodeError, first_error, hexadecimal, number, ordinal, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webapp.clients.chain.node import Node

# What is left above an estimate of the gas, because state may change until a transaction is mined.
_GAS_BUFFER: Final = (6, 5)

# What nodes say, in lower case and without spaces; each kind of node has words of its own.
_KNOWN: Final = ("alreadyknown", "alreadyimported", "knowntransaction", "alreadyinthe")
_SPENT: Final = ("noncetoolow", "oldnonce", "noncehasalreadybeenused")
_TOO_CHEAP: Final = ("underpriced", "lessthanblockbasefee", "feetoolow", "replacementnotallowed")
_NO_MONEY: Final = ("insufficientfunds", "exceedsaccountbalance", "exceedsbalance")

Sending = Literal["taken", "known", "spent", "too_cheap", "no_money"]


@dataclass(frozen=True, slots=True)
class Standing:
    """An account: its balance in wei, how many transactions it has in the newest block, with those
    that wait, and in a block so deep that it stays; and that newest block."""

    balance: int
    latest: int
    pending: int
    deep: int
    head: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction that is in a block. `logs` are of its first topic and the
    contract, in lower case."""

    tx_hash: str
    block: int
    block_hash: str
    succeeded: bool
    gas_used: int
    price: int
    logs: frozenset[tuple[str, str]]


def prices(node: Node) -> Prices:
    """What gas costs at present. Raises `NodeError`."""
    return prices_in(*node.batch(PRICE_CALLS))


PRICE_CALLS: Final[tuple[tuple[str, list[Any]], ...]] = (
    ("eth_getBlockByNumber", ["latest", False]),
    ("eth_maxPriorityFeePerGas", []),
)


def prices_in(block: Any, tip: Any) -> Prices:
    """The prices in the answers to `PRICE_CALLS`. Raises `NodeError`."""
    if isinstance(block, NodeError):
        raise block
    if not isinstance(block, dict) or block.get("baseFeePerGas") is None:
        raise NodeError("The chain's node knows no base fee: chains without one are not supported.")
    if isinstance(tip, NodeError):
        if not tip.permanent:
            raise tip
        tip = "0x0"  # it recommends none
    return Prices(number(block["baseFeePerGas"]), number(tip))


def standing(node: Node, address: str, depth: int) -> Standing:
    """How an account stands; `depth` blocks make a block deep. Raises `NodeError`."""
    head = ordinal(node.call("eth_blockNumber"))
    blocks = ("latest", "pending", quantity(max(head - depth, 0)))
    answers = node.batch(
        [
            ("eth_getBalance", [address, "latest"]),
            *(("eth_getTransactionCount", [address, block]) for block in blocks),
        ]
    )
    first_error(answers)
    balance = number(answers[0])
    latest, pending, deep = map(ordinal, answers[1:])
    return Standing(balance, latest, pending, deep, head)


def gas_for(node: Node, sender: str, to: str, data: str) -> int:
    """The gas that a call takes, and a fifth more. Raises `NodeError`, with what the contract said
    if it refuses."""
    call = {"from": sender, "to": to, "data": data}
    many, of = _GAS_BUFFER
    return ordinal(node.call("eth_estimateGas", call)) * many // of


def send(node: Node, raw: bytes) -> Sending:
    """Give the node a signed transaction, which it may have already. Raises `NodeError` if it is
    not clear whether the node will keep it."""
    try:
        node.call("eth_sendRawTransaction", "0x" + raw.hex())
    except NodeError as error:
        found = sending_of(error)
        if found is None:
            raise
        return found
    return "taken"


def sending_of(error: NodeError) -> Sending | None:
    """What an error says about a transaction that was sent; None if it says nothing."""
    if error.code is None:
        return None
    said = "".join(str(error).lower().replace("_", " ").split())
    meanings: tuple[tuple[Sending, tuple[str, ...]], ...] = (
        ("known", _KNOWN),
        ("spent", _SPENT),
        ("too_cheap", _TOO_CHEAP),
        ("no_money", _NO_MONEY),
    )
    return next((each for each, words in meanings if any(word in said for word in words)), None)


def receipt_in(answer: Any) -> Receipt | None:
    """A receipt as a node gives it; None if the transaction is in no block. Raises `NodeError`."""
    if answer is None or (isinstance(answer, dict) and answer.get("blockHash") is None):
        return None
    if not isinstance(answer, dict):
        raise NodeError("The chain's node sent something else than a receipt.")
    return Receipt(
        tx_hash=hexadecimal(answer.get("transactionHash"), 32),
        block=ordinal(answer.get("blockNumber")),
        block_hash=hexadecimal(answer["blockHash"], 32),
        succeeded=number(answer.get("status")) == 1,
        gas_used=ordinal(answer.get("gasUsed")),
        price=number(answer.get("effectiveGasPrice")),
        logs=frozenset(_logs_in(answer.get("logs") or [])),
    )


def _logs_in(logs: Any) -> Iterator[tuple[str, str]]:
    """The first topic and the contract of each log. Raises `NodeError`."""
    if not isinstance(logs, list):
        raise NodeError("The chain's node sent something else than logs.")
    for each in logs:
        said = each if isinstance(each, dict) else {}
        topics = said.get("topics")
        if topics and isinstance(topics, list):
            yield hexadecimal(topics[0], 32), hexadecimal(said.get("address"), 20)


def receipts_of(answers: Sequence[Any]) -> Receipt | None:
    """The one receipt among the answers for all transactions with one nonce. Raises
    `NodeError`."""
    first_error(answers)
    return next((found for found in map(receipt_in, answers) if found), None)
