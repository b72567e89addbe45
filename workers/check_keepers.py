"""Check keepers: look up what the accounts that reveal tokens have left.

Their collections are told when that becomes too little, so that webhooks tell of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.clients.chain import transactions
from webapp.clients.chain.node import first_error, number
from webapp.filing.keepers import keep_balance
from workers.chain.node import node_of
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.chain.fees import Prices
    from webapp.clients.chain.node import Node
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The node."""

    node: Node

    def close(self) -> None:
        self.node.close()


@dataclass(frozen=True, slots=True)
class Looked:
    """The balances of keepers in wei, and what gas costs."""

    balances: Sequence[tuple[Row, int]]
    prices: Prices


def open_clients(settings: Settings) -> Outside:
    return Outside(node_of(settings))


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, list[Row]]:
    keepers = queries.keepers.list_in_use(conn)
    return {job.subject_id: keepers for job in jobs} if keepers else {}


def look(keepers: list[Row], clients: Outside) -> Looked:
    """The work itself. Raises `NodeError`."""
    for keeper in keepers:
        clients.node.expect(keeper["chain_id"])
    answers = clients.node.batch(
        [("eth_getBalance", [each["address"], "latest"]) for each in keepers]
    )
    first_error(answers)
    balances = list(zip(keepers, map(number, answers), strict=True))
    return Looked(balances, transactions.prices(clients.node))


def save(conn: Connection, job: Job, looked: Looked) -> bool:  # noqa: ARG001
    for keeper, balance in looked.balances:
        keep_balance(conn, *keeper.values(), balance=balance, prices=looked.prices)
    return True


check_keepers = Kind(
    name="check_keepers",
    open_clients=open_clients,
    load=load,
    work=look,
    save=save,
    delays=(0, 30, 60),
    lease=60,
)

command = command_for([check_keepers], __doc__)

if __name__ == "__main__":
    command()
