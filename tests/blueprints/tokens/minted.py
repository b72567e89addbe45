"""Collections and tokens for tests, made as the app makes them."""

from __future__ import annotations

import secrets
from typing import Any

import psycopg

# How a token gets to each status: the moves after its birth.
WAYS = {
    "detected": [],
    "generating": ["generating"],
    "uploading": ["generating", "uploading"],
    "ready": ["generating", "uploading", "ready"],
    "revealed": ["generating", "uploading", "ready", "revealed"],
    "failed": ["failed"],
    "orphaned": ["orphaned"],
}
CHAIN_ID = 31337
IMAGE = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
METADATA = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"


def address() -> str:
    """A random address, in its mixed-case form."""
    from webapp.clients.chain.abi import checksum

    return checksum("0x" + secrets.token_hex(20))


def collection(conn: psycopg.Connection[Any], workspace_id: object, **given: Any) -> str:
    """Register a collection; its id."""
    columns = {
        "workspace_id": workspace_id,
        "chain_id": CHAIN_ID,
        "contract": address(),
        "name_template": "Season #{n}",
        "description": "The first season.",
        "default_prompt": "a default prompt",
        "fallback_prompt": "a fallback prompt",
        "next_block": 0,
        "mint_confirmations": 1,
        "reveal_confirmations": 1,
    } | given
    return _insert(conn, "collections", columns)


def author(conn: psycopg.Connection[Any], collection_id: str, **given: Any) -> str:
    """Make an author of a collection; their id."""
    columns = {"wallet": address()} | given
    return _insert(conn, "authors", _in(conn, collection_id) | columns)


def token(
    conn: psycopg.Connection[Any],
    collection_id: str,
    author_id: str,
    number: int = 1,
    status: str = "detected",
    **given: Any,
) -> str:
    """Mint a token, and move it to a status; its id."""
    here = _in(conn, collection_id)
    mint = {
        "author_id": author_id,
        "tx_hash": "0x" + secrets.token_hex(32),
        "log_index": 0,
        "block_number": 7,
        "block_hash": "0x" + secrets.token_hex(32),
        "minter": address(),
        "start_token_id": number,
        "quantity": 1,
        "total_paid": 250,
        "source": "chain",
    }
    mint_id = _insert(conn, "mint_events", here | mint)
    columns = {"author_id": author_id, "mint_event_id": mint_id, "token_id": number} | given
    made = _insert(conn, "tokens", here | columns)
    for step in WAYS[status]:
        conn.execute("UPDATE tokens SET status = %s WHERE id = %s", (step, made))
    if status in ("ready", "revealed"):
        conn.execute(
            "UPDATE tokens SET image_cid = %s, metadata_cid = %s, ready_at = now() WHERE id = %s",
            (IMAGE, METADATA, made),
        )
    return made


def _in(conn: psycopg.Connection[Any], collection_id: str) -> dict[str, Any]:
    (workspace_id,) = conn.execute(
        "SELECT workspace_id FROM collections WHERE id = %s", (collection_id,)
    ).fetchone()
    return {"workspace_id": workspace_id, "collection_id": collection_id}


def _insert(conn: psycopg.Connection[Any], table: str, columns: dict[str, Any]) -> str:
    names = ", ".join(columns)
    values = ", ".join(f"%({name})s" for name in columns)
    (made,) = conn.execute(
        f"INSERT INTO {table} ({names}) VALUES ({values}) RETURNING id", columns
    ).fetchone()
    return str(made)
