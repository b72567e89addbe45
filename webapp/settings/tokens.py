"""Tokens: the chain, and who tells of it."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.settings.declaration import between, setting, web_address
from webapp.settings.environment import Environment


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
