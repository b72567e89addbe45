"""Tokens: the chain."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.settings.declaration import setting, web_address
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
