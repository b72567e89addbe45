"""The key that signs reveals. Only the worker that signs makes one of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from webapp.clients.chain.accounts import accounts
from webapp.failure import Failure

if TYPE_CHECKING:
    from webapp.clients.chain.fees import Fees


class KeyUnreadable(Failure):
    """A key or a keystore cannot be used. The message quotes nothing of either."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: its bytes, and its hash, in hexadecimal."""

    raw: bytes
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a transaction is to do; `data` in hexadecimal."""

    chain_id: int
    to: str
    data: str
    gas: int


@dataclass(frozen=True, slots=True)
class Keeper:
    """An account that can sign. Its key is in no repr."""

    address: str
    _account: Any = field(repr=False)

    def sign(self, order: Order, *, nonce: int, fees: Fees) -> Signed:
        """A transaction (EIP-1559) that sends no money."""
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": order.chain_id,
                "nonce": nonce,
                "to": order.to,
                "value": 0,
                "data": order.data,
                "gas": order.gas,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.tip,
            }
        )
        return Signed(bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex())


def keeper_of_key(key: str) -> Keeper:
    """The account of a key in hexadecimal. Raises `KeyUnreadable`."""
    account_of = accounts()
    try:
        account = account_of.from_key(key)
    except Exception:  # noqa: BLE001 -- whatever it says might quote the key
        raise KeyUnreadable("KEEPER_KEY is not a key.", permanent=True) from None
    return Keeper(account.address, account)


def keeper_of_keystore(content: str, password: str) -> Keeper:
    """The account of a keystore (Web3 Secret Storage, version 3). Takes half a second and more, as
    it is meant to. Raises `KeyUnreadable`."""
    account_of = accounts()
    try:
        account = account_of.from_key(account_of.decrypt(content, password))
    except Exception:  # noqa: BLE001 -- as above
        raise KeyUnreadable(
            "KEEPER_KEYSTORE is not a keystore, or KEEPER_PASSWORD_FILE has another password.",
            permanent=True,
        ) from None
    return Keeper(account.address, account)
