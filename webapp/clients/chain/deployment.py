"""Finds out from a node what must be known of a contract before it is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

from webapp.clients.chain.abi import NEXT_TOKEN_ID
from webapp.clients.chain.node import NodeError, hexadecimal, number, quantity

if TYPE_CHECKING:
    from webapp.clients.chain.node import Node

_NO_CODE: Final = "0x"


class Deployment(NamedTuple):
    """A contract's chain, the block to read it from, and the first token to be found there; None if
    the node does not know."""

    chain_id: int
    start_block: int
    first_token_id: int | None

    @classmethod
    def find(cls, node: Node, contract: str, start_block: int | None) -> Self:
        """Look at a contract, to be read from a block on, or from that in which it was made. Raises
        `NodeError`."""
        chain_id = number(node.call("eth_chainId"))
        head = number(node.call("eth_blockNumber"))
        if _code(node, contract, head) == _NO_CODE:
            raise NodeError(
                f"There is no contract at {contract} on chain {chain_id}.", permanent=True
            )
        if start_block is None:
            start_block = _made_in(node, contract, head)
            before = start_block
        else:
            if start_block > head:
                raise NodeError(f"The chain only has blocks up to {head} as yet.", permanent=True)
            before = max(start_block - 1, 0)
        return cls(chain_id, start_block, _next_token_id(node, contract, before))


def _made_in(node: Node, contract: str, head: int) -> int:
    """The block in which a contract was made, by halving."""
    low, high = 0, head
    while low < high:
        middle = (low + high) // 2
        try:
            is_there = _code(node, contract, middle) != _NO_CODE
        except NodeError as error:
            if error.code is None:
                raise
            raise NodeError(
                "The chain's node does not know about old blocks, so it cannot say when the"
                " contract was made: name a block to begin at, with --start-block.",
                permanent=True,
            ) from None
        low, high = (low, middle) if is_there else (middle + 1, high)
    return low


def _code(node: Node, contract: str, block: int) -> str:
    return hexadecimal(node.call("eth_getCode", contract, quantity(block)))


def _next_token_id(node: Node, contract: str, block: int) -> int | None:
    """What the contract says; None if it says nothing, was not there yet, or nobody knows."""
    asked = {"to": contract, "data": NEXT_TOKEN_ID}
    try:
        answer = node.call("eth_call", asked, quantity(block))
    except NodeError as error:
        if error.code is None:
            raise
        return None
    try:
        return number(answer)
    except NodeError:
        return None
