"""eth-account, which is only imported where a key is handled."""

from __future__ import annotations

import sys
from typing import Any


def accounts() -> Any:
    """Its class `Account`.

    Among what it imports is py_ecc, which raises the recursion limit of the whole process to
    100,000. With that, deeply nested JSON from anybody ends the process, where it is refused
    otherwise. So the limit is put back.
    """
    limit = sys.getrecursionlimit()
    try:
        from eth_account import Account
    finally:
        sys.setrecursionlimit(limit)
    return Account
