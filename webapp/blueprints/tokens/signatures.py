"""Checks signatures of wallets, asking the chain about those that are contracts."""

from __future__ import annotations

from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Final

import structlog

from webapp.clients.chain import signatures
from webapp.clients.chain.node import Node, NodeError
from webapp.http.errors import Problem
from webapp.http.installed import Installed, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

# Requests of a web process that may wait for the node at once: each holds a thread.
_AT_ONCE: Final = 2

log = structlog.get_logger("webapp.tokens")


class Chain:
    """The chain's node, for the few requests that need it. Connects at the first use."""

    def __init__(self, url: str | None) -> None:
        self.node = None if url is None else Node(url)
        self._turns = BoundedSemaphore(_AT_ONCE)

    @contextmanager
    def taken(self) -> Iterator[Node | None]:
        """The node, None if there is none. Raises Problem 503 if others are waiting for it, or if
        it does not answer."""
        if not self._turns.acquire(blocking=False):
            raise _unavailable()
        try:
            yield self.node
        except NodeError as error:
            log.warning("chain_unavailable", error=str(error))
            raise _unavailable() from None
        finally:
            self._turns.release()

    def close(self) -> None:
        """Close the connections."""
        if self.node is not None:
            self.node.close()


chain: Final[Installed[Chain]] = Installed("chain")


def install(app: Flask) -> None:
    """Give the app its node."""
    chain.install(app, Chain(settings.of(app).chain_rpc_url))


def check(text: str, signature: bytes, wallet: str, chain_id: int) -> None:
    """Check that a wallet has signed a text: with its key, or, if it is a contract, in its own way.
    Raises Problem 401, and 503 if the chain has to be asked and cannot be."""
    if signatures.is_by_key(text, signature, wallet):
        return
    with chain().taken() as node:
        if node is not None:
            node.expect(chain_id)
            if signatures.is_by_contract(node, text, signature, wallet):
                return
    raise Problem(
        401, "invalid_signature", "The signature is not this wallet's, or not of this message."
    )


def _unavailable() -> Problem:
    return Problem(
        503,
        "chain_unavailable",
        "The chain cannot be asked about this wallet at the moment; try again in a few seconds.",
        headers={"Retry-After": "5"},
    )
