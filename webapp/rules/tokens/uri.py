"""The address of a token's metadata, as it is written into the contract."""

from __future__ import annotations

import base64
from typing import Final

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def uri_of(cid: str, form: str) -> str:
    """The address of what a CID names. In `base58` the same CID takes a third less room on the
    chain than in `base32`, its usual form; one that is no CID in base32 stays as it is."""
    if form == "base58" and cid.startswith("b"):
        return f"ipfs://z{_base58(_bytes_of(cid[1:]))}"
    return f"ipfs://{cid}"


def _bytes_of(base32: str) -> bytes:
    return base64.b32decode(base32.upper() + "=" * (-len(base32) % 8))


def _base58(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    leading = len(data) - len(data.lstrip(b"\0"))
    return _BASE58[0] * leading + digits
