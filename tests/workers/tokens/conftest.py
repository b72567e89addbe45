"""A collection of Ana's, its author, and tokens that were minted for them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import pytest


def address():
    return "0x" + secrets.token_hex(20)


@dataclass
class Season:
    """A collection with one author; `mint` makes tokens."""

    owner: object
    conn: object
    workspace_id: str
    id: str = ""
    author_id: str = ""
    minted: list = field(default_factory=list)

    def insert(self, table, **columns):
        (made,) = self.insert_row(table, "id", **columns).fetchone()
        return str(made)

    def insert_row(self, table, returning="1", **columns):
        columns = {"workspace_id": self.workspace_id} | columns
        names = ", ".join(columns)
        values = ", ".join(f"%({name})s" for name in columns)
        return self.conn.execute(
            f"INSERT INTO {table} ({names}) VALUES ({values}) RETURNING {returning}", columns
        )

    def author(self, prompt="a whale among stars", **more):
        return self.insert(
            "authors", collection_id=self.id, wallet=address(), prompt_text=prompt, **more
        )

    def mint(self, quantity=1, author_id=None):
        """Tokens by one mint; their ids."""
        here = {"collection_id": self.id, "author_id": author_id or self.author_id}
        start = len(self.minted) + 1
        mint_event_id = self.insert(
            "mint_events",
            **here,
            tx_hash="0x" + secrets.token_hex(32),
            log_index=0,
            block_number=7,
            block_hash="0x" + secrets.token_hex(32),
            minter=address(),
            start_token_id=start,
            quantity=quantity,
            total_paid=250,
            source="chain",
        )
        made = [
            self.insert("tokens", **here, mint_event_id=mint_event_id, token_id=start + number)
            for number in range(quantity)
        ]
        self.minted += made
        return made

    def set(self, **columns):
        for name, value in columns.items():
            self.owner.execute(f"UPDATE collections SET {name} = %s", (value,))

    def token(self, token_id):
        cursor = self.owner.execute("SELECT * FROM tokens WHERE id = %s", (token_id,))
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))

    def statuses(self):
        rows = self.owner.execute("SELECT status FROM tokens ORDER BY token_id").fetchall()
        return [status for (status,) in rows]

    def events(self, token_id):
        rows = self.owner.execute(
            "SELECT event FROM events WHERE entity_id = %s AND entity = 'token' ORDER BY id",
            (token_id,),
        ).fetchall()
        return [event.removeprefix("token.") for (event,) in rows]


@pytest.fixture
def season(owner, app_conn, make):
    user = make.user("ana")
    made = Season(owner, app_conn, str(user["workspace_id"]))
    made.id = made.insert(
        "collections",
        chain_id=31337,
        contract=address(),
        name_template="Season #{n}",
        description="The first.",
        default_prompt="a default prompt",
        fallback_prompt="a harmless garden",
        next_block=0,
        mint_confirmations=1,
        reveal_confirmations=1,
    )
    made.author_id = made.author(twitter_handle="ana")
    return made
