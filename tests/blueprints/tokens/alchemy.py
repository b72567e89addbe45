"""Messages as Alchemy sends them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from typing import Any

from webapp.clients.chain.abi import MINTED

SECRET = "whsec_of_tests"
CONTRACT = "0xd3CdA913deB6f67967B99D67aCDFa1712C293601"
AUTHOR = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
MINTER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"

_counter = itertools.count(1)


def word(number: int) -> str:
    return f"0x{number:064x}"


def hash_at(number: int, fork: int = 0) -> str:
    """The hash of a block."""
    return word(number * 1000 + fork)


def minted(
    start: int = 1,
    quantity: int = 1,
    author: str = AUTHOR,
    *,
    contract: str = CONTRACT,
    transaction: str | None = None,
    index: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """A log as GRAPHQL has it."""
    return {
        "account": {"address": contract.lower()},
        "topics": [MINTED, word(int(MINTER, 16)), word(int(author, 16)), word(start)],
        "data": word(quantity) + word(quantity * 250)[2:],
        "index": index,
        "transaction": {
            "hash": transaction or word(10**9 + next(_counter)),
            "index": 0,
            "from": {"address": MINTER.lower()},
            "to": {"address": contract.lower()},
            "status": 1,
        },
    } | more


def graphql(*logs: Any, number: int = 100, fork: int = 0, **event: Any) -> dict[str, Any]:
    """A message about a block, with its logs below it."""
    block = {
        "hash": hash_at(number, fork),
        "number": number,
        "timestamp": 1_700_000_000 + number,
        "logs": list(logs),
    }
    return {
        "webhookId": "wh_1",
        "id": "whevt_1",
        "createdAt": "2026-01-01T00:00:00Z",
        "type": "GRAPHQL",
        "event": {
            "data": {"block": block},
            "sequenceNumber": "10000000000578619000",
            "network": "LOCAL",
        }
        | event,
    }


def below_transactions(*logs: dict[str, Any], number: int = 100) -> dict[str, Any]:
    """The same in the other shape: logs below their transactions."""
    said = graphql(number=number)
    said["event"]["data"]["block"] = {
        "hash": hash_at(number),
        "number": number,
        "timestamp": hex(1_700_000_000),
        "transactions": [
            {"hash": log["transaction"]["hash"], "logs": [dict(log, transaction=None)]}
            for log in logs
        ],
    }
    return said


def custom(*logs: dict[str, Any], number: int = 100) -> dict[str, Any]:
    """The same as CUSTOM has it: logs as of `eth_getLogs`, next to their transactions."""
    said = graphql(number=number) | {"type": "CUSTOM"}
    said["event"]["data"]["block"]["logs"] = [node_log(log, number) for log in logs]
    return said


def node_log(log: dict[str, Any], number: int = 100) -> dict[str, Any]:
    """A log as nodes have it."""
    return {
        "address": log["account"]["address"],
        "topics": log["topics"],
        "data": log["data"],
        "blockNumber": hex(number),
        "blockHash": hash_at(number),
        "transactionHash": log["transaction"]["hash"],
        "transactionIndex": "0x0",
        "logIndex": hex(log["index"]),
        "removed": False,
        "transaction": {"hash": log["transaction"]["hash"], "status": 1},
    }


def activity(
    number: int = 100, token_id: int | None = 1, *, contract: str = CONTRACT, removed: bool = False
) -> dict[str, Any]:
    """The mint of a token as NFT_ACTIVITY has it: its transfer from nobody."""
    log = {
        "address": contract.lower(),
        "topics": [word(1), word(0), word(int(MINTER, 16)), word(token_id or 0)],
        "data": "0x",
        "blockNumber": hex(number),
        "transactionHash": word(5),
        "blockHash": hash_at(number),
        "logIndex": "0x0",
        "removed": removed,
    }
    said = {
        "fromAddress": "0x" + "0" * 40,
        "toAddress": MINTER.lower(),
        "contractAddress": contract.lower(),
        "blockNum": hex(number),
        "hash": word(5),
        "category": "erc721",
        "log": log,
    } | ({"erc721TokenId": hex(token_id)} if token_id is not None else {})
    event = {"network": "LOCAL", "activity": [said]}
    return {"webhookId": "wh_1", "id": "x", "type": "NFT_ACTIVITY", "event": event}


def mined_transaction(number: int = 100, contract: str = CONTRACT) -> dict[str, Any]:
    transaction = {
        "blockHash": hash_at(number),
        "blockNumber": hex(number),
        "hash": word(77),
        "from": MINTER.lower(),
        "to": contract.lower(),
    }
    event = {"network": "LOCAL", "transaction": transaction}
    return {"webhookId": "wh_1", "id": "x", "type": "MINED_TRANSACTION", "event": event}


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of a message."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Alchemy-Signature": signature, "Content-Type": "application/json"}


def send(client: Any, said: Any, path: str = "", secret: str = SECRET) -> Any:
    """Send a message; the answer."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return client.post(f"/webhooks/alchemy{path}", data=body, headers=signed(body, secret))
