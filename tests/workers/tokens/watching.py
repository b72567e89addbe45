"""A collection whose contract is on a real node, and the worker that watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.workers.conftest import due_now

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from tests.anvil import Anvil, Contract

# Somebody else than those whose keys the node has.
OTHER = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"


@dataclass
class Watched:
    """A collection on a chain, and what is recorded of it."""

    id: str
    anvil: Anvil
    contract: Contract
    owner: psycopg.Connection[Any]
    work: Callable[[], int]

    def look(self) -> int:
        """One look at the chain; returns how many rows of work were done."""
        due_now(self.owner)
        return self.work()

    def mint(self, *arguments: Any) -> str:
        """A mint in a block of its own; its transaction."""
        transaction = self.contract.mint(*arguments)
        self.anvil.mine()
        return transaction

    def mints(self) -> list[tuple[int, int, str, str]]:
        """First token, quantity, status and source of each mint, in the order of their tokens."""
        return self._all(
            "SELECT start_token_id, quantity, status, source FROM mint_events"
            " ORDER BY start_token_id, id"
        )

    def tokens(self) -> list[tuple[int, str, str]]:
        """Number, author and status of each token."""
        return self._all(
            "SELECT token_id, wallet, status FROM tokens JOIN authors ON authors.id = author_id"
            " ORDER BY token_id"
        )

    def column(self, name: str) -> Any:
        """A column of the collection."""
        ((value,),) = self._all(f"SELECT {name} FROM collections WHERE id = '{self.id}'")
        return value

    def events(self) -> list[str]:
        """What happened to the collection."""
        rows = self._all(f"SELECT event FROM events WHERE entity_id = '{self.id}' ORDER BY id")
        return [event.removeprefix("collection.") for (event,) in rows]

    def work_left(self) -> set[str]:
        """The kinds of work that wait."""
        return {kind for (kind,) in self._all("SELECT DISTINCT kind FROM outbox")}

    def _all(self, query: str) -> list[Any]:
        return self.owner.execute(query).fetchall()


def register(
    conn: psycopg.Connection[Any], workspace_id: object, contract: Contract, **given: Any
) -> str:
    """Add a collection, to be read from the block of its contract on; its id."""
    columns = {
        "workspace_id": workspace_id,
        "chain_id": 31337,
        "contract": contract.address,
        "name_template": "Season #{n}",
        "default_prompt": "a garden",
        "fallback_prompt": "a fence",
        "start_block": contract.block,
        "next_block": contract.block,
        "first_token_id": 1,
        "next_token_id": 1,
        "mint_confirmations": 2,
        "reveal_confirmations": 2,
    } | given
    names, values = ", ".join(columns), ", ".join(f"%({name})s" for name in columns)
    (made,) = conn.execute(
        f"INSERT INTO collections ({names}) VALUES ({values}) RETURNING id", columns
    ).fetchone()
    return str(made)
