"""eth-account for tests: imported as the project does it, so that the recursion limit stays."""

from __future__ import annotations

from webapp.clients.chain.accounts import accounts

Account = accounts()

from eth_account.messages import defunct_hash_message, encode_defunct  # noqa: E402
from eth_account.typed_transactions import TypedTransaction  # noqa: E402

__all__ = ["Account", "TypedTransaction", "defunct_hash_message", "encode_defunct"]
