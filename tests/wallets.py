"""The wallet of somebody who signs texts, without eth-account, whose import takes a second."""

from __future__ import annotations

import secrets
from typing import Any


class Wallet:
    """A new key, which signs as wallets do (EIP-191)."""

    def __init__(self) -> None:
        from eth_keys.datatypes import PrivateKey

        self._key: Any = PrivateKey(secrets.token_bytes(32))
        self.address: str = self._key.public_key.to_checksum_address()

    def sign(self, text: str) -> bytes:
        """The 65 bytes under a text; the last is 27 or 28."""
        from eth_hash.auto import keccak

        said = text.encode()
        prefix = f"\x19Ethereum Signed Message:\n{len(said)}".encode()
        signed: bytes = self._key.sign_msg_hash(keccak(prefix + said)).to_bytes()
        return signed[:64] + bytes([signed[64] + 27])
