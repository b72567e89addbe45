"""The contract of a collection: its functions, events and errors, and how they are written.

The constants are hashes of what stands next to them. Calls with at most one number are written
here; those with lists, which only reveals have, by eth-abi. Keccak is in the extra `tokens`, too,
and imported when it is needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Events, by their first topic.
MINTED: Final = (  # BatchMinted(address,address,uint256,uint256,uint256)
    "0x20c0d4a5bab7118059cf1d2fd0403c4f29a05e446d435b347f90b80778374c54"
)
REVEALED: Final = (  # TokensRevealed(uint256[])
    "0x5f36dfedf769ad12bf71aec843edc397276a255b70d51016d99f5fb020dfd902"
)

# Functions, by their selectors.
NEXT_TOKEN_ID: Final = "0x75794a3c"  # nextTokenId()
PROMPT_AUTHOR: Final = "0x7c407c92"  # tokenPromptAuthor(uint256)
IS_REVEALED: Final = "0x5055fbc3"  # isRevealed(uint256)
TOKEN_URI: Final = "0xc87b56dd"  # tokenURI(uint256)
REVEAL_TOKENS: Final = "0x53de7804"  # revealTokens(uint256[],string[])

# Errors, by the first bytes of what a refused call returns.
ALREADY_REVEALED: Final = "0xa3a57894"  # AlreadyRevealed(uint256)

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")


def is_address(text: str) -> bool:
    """Whether a text is an address, in capitals or not, whose checksum need not be right."""
    return _ADDRESS.fullmatch(text) is not None


def checksum(address: str) -> str:
    """An address in its mixed-case form (EIP-55), in which addresses are kept and compared. Raises
    ValueError if it is none; a wrong mixture of cases is put right."""
    if not is_address(address):
        raise ValueError("An address is 0x and 40 hexadecimal digits.")
    from eth_hash.auto import keccak

    digits = address[2:].lower()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(mark, 16) > 7 else digit
        for digit, mark in zip(digits, marks, strict=False)
    )


def call_data(selector: str, *numbers: int) -> str:
    """A call of a function that takes numbers (or addresses, as numbers)."""
    return selector + "".join(f"{each:064x}" for each in numbers)


def reveal_data(token_ids: Sequence[int], uris: Sequence[str]) -> str:
    """The call that reveals tokens, each with the address of its metadata."""
    from eth_abi.abi import encode

    return REVEAL_TOKENS + encode(["uint256[]", "string[]"], [token_ids, uris]).hex()


def text_in(returned: str) -> str:
    """The text that a function returned. Raises ValueError."""
    data = bytes.fromhex(returned.removeprefix("0x"))
    start = int.from_bytes(data[:32], "big")
    length = int.from_bytes(data[start : start + 32], "big")
    text = data[start + 32 : start + 32 + length]
    if not 32 <= start <= len(data) - 32 or len(text) < length:
        raise ValueError("not a text")
    return text.decode()


def word(data: str, index: int) -> int:
    """A word of what a function returned or an event says, as a number. Raises ValueError."""
    digits = data.removeprefix("0x")[index * 64 : index * 64 + 64]
    if len(digits) != 64:
        raise ValueError("too short")
    return int(digits, 16)
