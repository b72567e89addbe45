"""Tokens: the chain, the key that reveals, pictures and IPFS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.clients.ipfs.cid import DEFAULT_PROFILE, PROFILES
from webapp.settings.declaration import at_least, between, one_of, setting, web_address
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
    chain_poll_seconds: float = setting(
        2.0,
        check=between(0.05, 3600),
        about="""
        How often to ask the node for new blocks, in seconds: about the time between two of the
        chain's blocks.
        """,
    )
    chain_calls_per_minute: int = setting(
        0,
        check=at_least(0),
        about="""
        How many calls of the node all workers together may make a minute, spread evenly; each call
        of a batch counts. 0: as many as there are, until the node says that it was asked too often,
        when they all leave it alone for a while.
        """,
    )
    chain_log_blocks: int = setting(
        2_000,
        check=between(1, 1_000_000),
        about="""
        Of how many blocks the node gives the logs at once. Providers say it in their documentation
        of `eth_getLogs`; if it is too many, collections that are behind take longer to catch up.
        """,
    )
    alchemy_webhook_secrets: tuple[str, ...] = setting(
        (),
        secret=True,
        example="whsec_…",
        about="""
        The signing keys of Alchemy's webhooks at `POST /webhooks/alchemy`, separated by commas:
        several while one is replaced by another. Without one, every message is refused; mints are
        found all the same, when the chain is read.
        """,
    )
    replicate_token: str | None = setting(
        None,
        secret=True,
        about="""
        A token of Replicate, which then makes the pictures of tokens; each costs something. Without
        it, and without IMAGES_URL, Coffer draws them itself, offline and for nothing.
        """,
    )
    replicate_model: str = setting(
        "black-forest-labs/flux-schnell",
        about="""
        The model to ask, as owner/name or as the id of a version. It must take `prompt`, `seed` and
        `output_format`.
        """,
    )
    replicate_webhook_secret: str | None = setting(
        None,
        secret=True,
        about="""
        The signing secret of your account (whsec_…), with which Replicate can report to PUBLIC_URL
        that a picture is there. Without it, it is asked now and then.
        """,
    )
    replicate_per_minute: int = setting(
        600,
        check=at_least(1),
        about="How many pictures Replicate may be asked for a minute, by all workers together.",
    )
    images_url: str | None = setting(
        None,
        check=web_address,
        about="""
        A server with OpenAI's images API that makes the pictures, such as http://localhost:7860/v1.
        """,
    )
    images_key: str | None = setting(None, secret=True, about="Its API key, if it takes one.")
    images_model: str | None = setting(None, about="Its name for the model to use, if it has many.")
    image_budget_author_day: int = setting(
        0,
        check=at_least(0),
        about="""
        How many pictures Replicate or IMAGES_URL may be asked for each day (UTC) for one author; 0
        for no limit. What is over it waits.
        """,
    )
    image_budget_day: int = setting(
        0, check=at_least(0), about="The same for all authors together."
    )
    pinata_jwt: str | None = setting(
        None,
        secret=True,
        about="""
        A token (JWT) of Pinata, which then keeps pictures and metadata in IPFS. Without it, and
        without KUBO_URL, they are only in the database, and served at /ipfs/.
        """,
    )
    pinata_url: str = setting(
        "https://uploads.pinata.cloud/v3/files",
        check=web_address,
        about="""
        Where to upload to. For the older API: https://api.pinata.cloud/pinning/pinFileToIPFS
        """,
    )
    pinata_per_minute: int = setting(
        60,
        check=at_least(1),
        about="How many files your plan may upload a minute, by all workers together.",
    )
    kubo_url: str | None = setting(
        None,
        check=web_address,
        secret=True,
        about="""
        The RPC API of a Kubo node that keeps pictures and metadata, such as http://localhost:5001;
        with user:password@ before the host, if it takes one.
        """,
    )
    ipfs_profile: str = setting(
        DEFAULT_PROFILE,
        check=one_of(*PROFILES),
        about="""
        How files become blocks in IPFS, which decides their addresses: kubo-cid-v1, unixfs-v0-2015
        (shorter addresses, which cost less to reveal), or unixfs-v1-2025. A service that stores
        files otherwise is refused.
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
        if self.replicate_token and self.images_url:
            yield "IMAGES_URL", "either this or REPLICATE_TOKEN, not both"
        if self.pinata_jwt and self.kubo_url:
            yield "KUBO_URL", "either this or PINATA_JWT, not both"
        if self.keeper_key and self.keeper_keystore:
            yield "KEEPER_KEYSTORE", "not together with KEEPER_KEY"
        if self.keeper_keystore and not self.keeper_password_file:
            yield "KEEPER_PASSWORD_FILE", "missing; KEEPER_KEYSTORE needs it"
        if (self.keeper_key or self.keeper_keystore) and not self.chain_rpc_url:
            yield "CHAIN_RPC_URL", "missing; a keeper needs it"
