"""Tokens, from their mints on."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from webapp.clients.chain.abi import MINTED

if TYPE_CHECKING:
    from typing import Any

    import psycopg

CHAIN_ID: Final = 31337
CONTRACT: Final = "0xd3CdA913deB6f67967B99D67aCDFa1712C293601"
MINTER: Final = 0x3C44CDDDB6A900FA2B585DD299E03D12FA4293BC


def register(conn: psycopg.Connection, **given: Any) -> str:
    """A collection of somebody's; its id."""
    handle = f"user-{secrets.token_hex(4)}"
    conn.execute("SELECT set_config('coffer.actor', 'benchmark', false)")
    columns = {
        "chain_id": CHAIN_ID,
        "contract": CONTRACT,
        "name_template": "Season #{n}",
        "default_prompt": "a garden",
        "fallback_prompt": "a fence",
        "next_block": 1,
        "first_token_id": 1,
        "next_token_id": 1,
        "mint_confirmations": 3,
        "reveal_confirmations": 3,
    } | given
    names, values = ", ".join(columns), ", ".join(f"%({name})s" for name in columns)
    from sql import queries

    queries.users.create_with_handle(conn, handle=handle)
    (made,) = conn.execute(
        f"INSERT INTO collections (workspace_id, {names})"
        f" SELECT workspaces.id, {values} FROM workspaces JOIN users ON users.id = personal_of"
        "  WHERE handle = %(handle)s RETURNING id",
        columns | {"handle": handle},
    ).fetchone() or (None,)
    return str(made)


def word(number: int) -> str:
    return f"0x{number:064x}"


def topics(author: int, start: int) -> list[str]:
    """The topics of a mint's log."""
    return [MINTED, word(MINTER), word(author), word(start)]


def data(quantity: int) -> str:
    """What else its log says."""
    return word(quantity) + word(quantity * 250_000_000_000_000)[2:]
