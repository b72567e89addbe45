"""Signatures of wallets under a text (EIP-191): by a key, or by a contract (ERC-1271)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.clients.chain.node import NodeError

if TYPE_CHECKING:
    from webapp.clients.chain.node import Node

# Half of the curve's order. From each signature anybody can make another one for the same text,
# with its s above that; only the one below is taken.
_HIGHEST_S: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_LENGTH: Final = 65
_V: Final = frozenset((0, 1, 27, 28))

# isValidSignature(bytes32,bytes), and what it returns if the signature is valid.
_IS_VALID: Final = "0x1626ba7e"
_VALID: Final = _IS_VALID + "0" * 56

# What nodes say of a call that failed in the contract; some give it a code of its own.
_CODE_OF_REVERTS: Final = 3
_FAILED: Final = ("revert", "evm error", "out of gas", "opcode", "jump", "stack")


def is_by_key(text: str, signature: bytes, wallet: str) -> bool:
    """Whether the key of a wallet has made a signature of 65 bytes under a text."""
    if len(signature) != _LENGTH or signature[64] not in _V:
        return False
    if int.from_bytes(signature[32:64], "big") > _HIGHEST_S:
        return False
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature

    low = signature[:64] + bytes([signature[64] % 27])
    try:
        signer: Any = Signature(low).recover_public_key_from_msg_hash(_digest(text))
    except (BadSignature, ValueError):
        return False
    return bool(signer.to_checksum_address() == wallet)


def is_by_contract(node: Node, text: str, signature: bytes, wallet: str) -> bool:
    """Whether a wallet that is a contract says that a signature under a text is its own. Raises
    `NodeError` if the node does not answer."""
    from eth_abi.abi import encode

    data = _IS_VALID + encode(["bytes32", "bytes"], [_digest(text), signature]).hex()
    try:
        return bool(node.call("eth_call", {"to": wallet, "data": data}, "latest") == _VALID)
    except NodeError as error:
        if error.code == _CODE_OF_REVERTS or any(each in str(error).lower() for each in _FAILED):
            return False
        raise


def _digest(text: str) -> bytes:
    """What is signed for a text, by EIP-191."""
    from eth_hash.auto import keccak

    said = text.encode()
    digest: bytes = keccak(b"\x19Ethereum Signed Message:\n" + str(len(said)).encode() + said)
    return digest
