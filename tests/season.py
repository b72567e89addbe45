"""A collection on a real node whose tokens are ready to be revealed, and what reveals them.

Tokens and mints are written by SQL, as the workers before leave them.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.anvil import AUTHOR, CHAIN_ID, ETHER, Account, Anvil, Contract
from webapp.clients.chain.abi import REVEALED
from webapp.clients.chain.node import number, quantity

if TYPE_CHECKING:
    import psycopg

    from webapp.settings import Settings


def keeper_with(anvil: Anvil, ether: int = 100) -> Account:
    """A new account with some money, whose nonces nobody has used."""
    from tests.accounts import Account as Accounts

    made = Accounts.create()
    anvil.set_balance(made.address, ether * ETHER)
    return Account(made.address, "0x" + bytes(made.key).hex())


def cid_of(collection_id: UUID, token_id: int) -> str:
    """What stands for a token's metadata."""
    digest = hashlib.sha256(f"{collection_id} {token_id}".encode()).digest()
    return "b" + base64.b32encode(b"\x01\x55\x12\x20" + digest).decode().lower().rstrip("=")


@dataclass
class Season:
    """A collection, its contract, and the account that reveals its tokens."""

    anvil: Anvil
    contract: Contract
    keeper: Account
    conn: psycopg.Connection[Any]  # as the owner, in autocommit mode
    id: UUID
    workspace_id: UUID
    author_id: UUID
    minted: int = field(default=0)

    @classmethod
    def begin(
        cls,
        anvil: Anvil,
        conn: psycopg.Connection[Any],
        workspace_id: UUID,
        *,
        depth: int = 2,
        keeper: Account | None = None,
    ) -> Season:
        """Deploy a contract and register it; `depth` blocks confirm mints and reveals."""
        keeper = keeper or keeper_with(anvil)
        contract = anvil.deploy(keeper.address)
        (collection_id,) = conn.execute(
            "INSERT INTO collections (workspace_id, chain_id, contract, name_template, keeper,"
            " default_prompt, fallback_prompt, start_block, next_block, mint_confirmations,"
            " reveal_confirmations)"
            " VALUES (%s, %s, %s, 'Season #{n}', %s, 'a pond', 'a tree', %s, %s, %s, %s)"
            " RETURNING id",
            (
                *(workspace_id, CHAIN_ID, contract.address, keeper.address),
                *(contract.block, contract.block, depth, depth),
            ),
        ).fetchone()
        (author_id,) = conn.execute(
            "INSERT INTO authors (workspace_id, collection_id, wallet) VALUES (%s, %s, %s)"
            " RETURNING id",
            (workspace_id, collection_id, AUTHOR.address),
        ).fetchone()
        return cls(anvil, contract, keeper, conn, collection_id, workspace_id, author_id)

    def mint(self, count: int = 1, *, status: str = "confirmed", waited: float = 60) -> None:
        """Mint tokens on the chain, and make them ready; they have waited for some seconds."""
        for start in range(0, count, 50):
            self.contract.mint(count=min(50, count - start))
            self.anvil.mine()
        self.make_ready(count, status=status, waited=waited)

    def make_ready(self, count: int, *, status: str = "confirmed", waited: float = 60) -> None:
        """The same without the chain."""
        first, self.minted = self.minted + 1, self.minted + count
        with self.conn.transaction():
            (mint_id,) = self.conn.execute(
                "INSERT INTO mint_events (workspace_id, collection_id, author_id, tx_hash,"
                " log_index, block_number, block_hash, minter, start_token_id, quantity,"
                " total_paid, source)"
                " VALUES (%s, %s, %s, %s, 0, 1, 'x', 'x', %s, least(%s, 10000), 0, 'chain')"
                " RETURNING id",
                (self.workspace_id, self.id, self.author_id, f"mint {first}", first, count),
            ).fetchone()
            self.conn.execute(
                "UPDATE mint_events SET status = %s WHERE id = %s AND status <> %s",
                (status, mint_id, status),
            )
            self.conn.execute(
                "INSERT INTO tokens (workspace_id, collection_id, token_id, author_id,"
                " mint_event_id)"
                " SELECT %s, %s, n, %s, %s FROM generate_series(%s::bigint, %s::bigint) AS n",
                (self.workspace_id, self.id, self.author_id, mint_id, first, self.minted),
            )
            for step in ("generating", "uploading"):
                self.conn.execute(
                    "UPDATE tokens SET status = %s WHERE mint_event_id = %s", (step, mint_id)
                )
            numbers = range(first, first + count)
            self.conn.execute(
                "UPDATE tokens SET status = 'ready', metadata_cid = cid,"
                " ready_at = now() - %s * interval '1 second'"
                " FROM unnest(%s::bigint[], %s::text[]) AS made (n, cid)"
                " WHERE collection_id = %s AND token_id = n",
                (waited, list(numbers), [cid_of(self.id, each) for each in numbers], self.id),
            )
            self.conn.execute(
                "DELETE FROM outbox WHERE kind IN ('generate_images', 'upload_to_ipfs',"
                " 'watch_chain')"
            )
            self.plan()

    def plan(self) -> None:
        """Queue the planning, as whoever makes tokens ready does."""
        self.conn.execute(
            "INSERT INTO outbox (kind, subject_id, workspace_id)"
            " VALUES ('plan_reveals', %s, %s) ON CONFLICT DO NOTHING",
            (self.id, self.workspace_id),
        )

    def settings(self, settings: Settings, **changes: Any) -> Settings:
        """Settings with the node and the keeper."""
        mine = {"chain_rpc_url": self.anvil.url, "keeper_key": self.keeper.key}
        return replace(settings, **(mine | changes))

    # What became of it

    def uri(self, token_id: int) -> str:
        """What is to be in the contract."""
        return f"ipfs://{cid_of(self.id, token_id)}"

    def statuses(self) -> dict[str, int]:
        """How many tokens there are of each status."""
        return dict(
            self.conn.execute(
                "SELECT status, count(*) FROM tokens WHERE collection_id = %s GROUP BY status",
                (self.id,),
            ).fetchall()
        )

    def reveals(self, columns: str = "status") -> list[Any]:
        """Columns of its reveals, in the order in which they were planned; of a single one, only
        the value."""
        rows = self.conn.execute(
            f"SELECT {columns} FROM reveal_transactions WHERE collection_id = %s ORDER BY id",
            (self.id,),
        ).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def events(self) -> list[str]:
        """What happened to its reveals, but not to its tokens."""
        rows = self.conn.execute(
            "SELECT event FROM events WHERE entity = 'reveal' AND workspace_id = %s ORDER BY id",
            (self.workspace_id,),
        ).fetchall()
        return [event for (event,) in rows]

    def on_chain(self) -> dict[int, str]:
        """The addresses in the contract, by token, of what is revealed."""
        there = (each for each in range(1, self.minted + 1) if self.contract.is_revealed(each))
        return {each: self.contract.uri(each) for each in there}

    def receipts(self) -> list[tuple[bool, int]]:
        """Of each transaction of the keeper on the chain, in the order of nonces: whether it
        succeeded, and how many tokens it revealed."""
        found = []
        for block in range(self.contract.block, self.anvil.head() + 1):
            told = self.anvil.node.call("eth_getBlockByNumber", quantity(block), True)
            for sent in told["transactions"]:
                if sent["from"].lower() == self.keeper.address.lower():
                    receipt = self.anvil.node.call("eth_getTransactionReceipt", sent["hash"])
                    logs = [log for log in receipt["logs"] if log["topics"][0] == REVEALED]
                    # An array: where it begins, its length, its entries.
                    revealed = sum(int(log["data"][66:130], 16) for log in logs)
                    found.append((number(receipt["status"]) == 1, revealed))
        return found
