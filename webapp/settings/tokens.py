"""Tokens: the chain, and the key that reveals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.settings.declaration import between, one_of, setting, web_address
from webapp.settings.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


def _key(text: str) -> None:
    """Check the form of a key. The message must not quote it."""
    if not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", text):
        raise ValueError("must be 64 hexadecimal digits, perhaps with 0x before them")


@dataclass(frozen=True, kw_only=True)
class Tokens(Environment):
    """Tokens of collections, which operators add with `coffer collection`."""

    chain_rpc_url: str | None = setting(
        None,
        check=web_address,
        secret=True,
        about="""
        The node of the chain that collections are on, as its JSON-RPC address; it may contain the
        key of a provider. Without it there are no collections.
        """,
    )
    keeper_key: str | None = setting(
        None,
        check=_key,
        secret=True,
        about="""
        The key of the account that reveals tokens and pays for it, in hexadecimal. Only workers of
        `sign_reveals` need it. Nobody else may use it, and no other Coffer: see docs/operations.md.
        """,
    )
    keeper_keystore: str | None = setting(
        None,
        about="""
        Instead of KEEPER_KEY: a keystore file (Web3 Secret Storage, version 3), as `geth account
        new` and `cast wallet` write it.
        """,
    )
    keeper_password_file: str | None = setting(
        None, about="A file with the password of KEEPER_KEYSTORE; its last newline does not count."
    )
    reveal_max_fee_gwei: float = setting(
        5.0,
        check=between(0.000001, 100_000),
        about="""
        The most that a reveal pays for one gas, in gwei. Revealing 50 tokens takes about 6 million
        gas: at 5 gwei, 0.03 ether. While the chain asks for more, reveals wait.
        """,
    )
    reveals_in_flight: int = setting(
        12,
        check=between(1, 64),
        about="""
        How many reveals of one keeper may be on their way into a block at once. Nodes keep only so
        many transactions of one account: 16 is usual.
        """,
    )
    reveal_cid_form: str = setting(
        "base32",
        check=one_of("base32", "base58"),
        about="""
        How addresses of metadata are written into the contract: base32 is the usual form, base58
        the same with fewer characters, so that revealing takes a fifth less gas.
        """,
    )

    def mistakes(self) -> Iterator[Mistake]:
        if self.keeper_key and self.keeper_keystore:
            yield "KEEPER_KEYSTORE", "not together with KEEPER_KEY"
        if self.keeper_keystore and not self.keeper_password_file:
            yield "KEEPER_PASSWORD_FILE", "missing; KEEPER_KEYSTORE needs it"
        if (self.keeper_key or self.keeper_keystore) and not self.chain_rpc_url:
            yield "CHAIN_RPC_URL", "missing; a keeper needs it"
