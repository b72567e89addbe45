"""eth-account for tests: imported as the project does it, so that the recursion limit stays, and
only when a test asks for one of its names, since that takes a second of each process."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from webapp.clients.chain.accounts import accounts

_WHERE = {
    "Account": "eth_account",
    "TypedTransaction": "eth_account.typed_transactions",
    "defunct_hash_message": "eth_account.messages",
    "encode_defunct": "eth_account.messages",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:  # pytest asks for other names too
        raise AttributeError(name)
    accounts()
    return getattr(import_module(_WHERE[name]), name)
