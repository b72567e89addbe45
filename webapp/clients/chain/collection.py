"""What the contract of a collection says of its tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.clients.chain import abi
from webapp.clients.chain.node import first_error, number, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.clients.chain.node import Node

# Characters of an address that are kept; ours are shorter.
_LONGEST: Final = 500


def revealed_in(node: Node, contract: str, token_ids: Sequence[int], block: int) -> dict[int, str]:
    """Those of some tokens that were revealed in a block, each with the address of its metadata;
    empty if the contract says none. Raises `NodeError`."""
    answers = node.batch(
        [
            ("eth_call", [{"to": contract, "data": abi.call_data(asked, each)}, quantity(block)])
            for asked in (abi.IS_REVEALED, abi.TOKEN_URI)
            for each in token_ids
        ]
    )
    count = len(token_ids)
    first_error(answers[:count])
    return {
        each: _text(uri)
        for each, is_revealed, uri in zip(token_ids, answers[:count], answers[count:], strict=True)
        if number(is_revealed)
    }


def _text(answer: Any) -> str:
    """What a contract says, as far as it can be kept; empty if it is no text."""
    try:
        said = abi.text_in(answer) if isinstance(answer, str) else ""
    except ValueError:
        return ""
    return said.replace("\0", "\ufffd")[:_LONGEST]
