"""A collection with tokens, for benchmarks of what becomes of them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.clients.ipfs.cid import PROFILES, cid_of

if TYPE_CHECKING:
    import psycopg

MINT = """
WITH season AS (
  INSERT INTO collections
    (workspace_id, chain_id, contract, name_template, default_prompt, fallback_prompt, next_block,
     mint_confirmations, reveal_confirmations)
  VALUES (%(workspace)s, 31337, %(contract)s, 'Season #{n}', 'a default', 'a fallback', 0, 1, 1)
  RETURNING id
), author AS (
  INSERT INTO authors (workspace_id, collection_id, wallet, prompt_text)
  SELECT %(workspace)s, id, %(wallet)s, 'a whale among stars' FROM season
  RETURNING id, collection_id
), mint AS (
  INSERT INTO mint_events
    (workspace_id, collection_id, author_id, tx_hash, log_index, block_number, block_hash, minter,
     start_token_id, quantity, total_paid, source)
  SELECT %(workspace)s, collection_id, id, '0x1', 0, 7, '0x2', %(wallet)s, 1, %(count)s, 0, 'chain'
    FROM author
  RETURNING id, collection_id, author_id
)
INSERT INTO tokens (workspace_id, collection_id, token_id, author_id, mint_event_id)
SELECT %(workspace)s, collection_id, number, author_id, id
  FROM mint
 CROSS JOIN generate_series(1, %(count)s) AS number
"""


def mint(conn: psycopg.Connection[Any], count: int) -> None:
    """So many tokens of one author, in a workspace of their own; each waits for its picture."""
    handle = f"user-{secrets.token_hex(4)}"
    queries.users.create_with_handle(conn, handle=handle)
    (workspace,) = conn.execute(
        "SELECT workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
        " WHERE handle = %s",
        (handle,),
    ).fetchone() or (None,)
    addresses = {name: "0x" + secrets.token_hex(20) for name in ("contract", "wallet")}
    conn.execute(MINT, {"workspace": workspace, "count": count, **addresses})


def picture(conn: psycopg.Connection[Any]) -> None:
    """All tokens have a small picture, whose files wait to be stored."""
    data = b"\x89PNG, as it were"
    cid = cid_of(data, PROFILES["kubo-cid-v1"])
    conn.execute(
        "INSERT INTO ipfs_files (workspace_id, cid, media_type, size, bytes)"
        " SELECT workspace_id, %s, 'image/png', %s, %s FROM collections",
        (cid, len(data), data),
    )
    conn.execute("UPDATE tokens SET status = 'generating'")
    conn.execute(
        "UPDATE tokens SET status = 'uploading', image_cid = %s, image_type = 'image/png'", (cid,)
    )
    conn.execute("DELETE FROM outbox WHERE kind <> 'upload_to_ipfs'")
