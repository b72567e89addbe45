"""The chain's node, which all workers together ask only as often as it allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.clients.chain.node import Node
from workers.engine.buckets import Bucket

if TYPE_CHECKING:
    from webapp.settings import Settings


def node_of(settings: Settings) -> Node:
    """The node that the settings name."""
    return Node(settings.chain_rpc_url, Bucket("chain", settings.chain_calls_per_minute, settings))
