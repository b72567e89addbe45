"""Send reveals: give the node what was signed last for a reveal, and nothing else.

If it is not clear whether the node got it, it is sent again: the same bytes can only be mined once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.clients.chain import transactions
from webapp.clients.chain.node import NodeError
from workers.chain.node import node_of
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.chain.node import Node
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Seconds until the next try.
_SOON: Final = 2.0
_LATER: Final = 15.0


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The node."""

    node: Node

    def close(self) -> None:
        self.node.close()


@dataclass(frozen=True, slots=True)
class Waits:
    """Why the node does not take it now, and after how many seconds to try again."""

    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Given:
    """The node has it, or had it; with what is out of the ordinary."""

    note: str | None = None


def open_clients(settings: Settings) -> Outside:
    return Outside(node_of(settings))


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    rows = queries.reveals.load_to_send(conn, ids=[job.subject_id for job in jobs])
    return {row["id"]: row for row in rows}


def send(reveal: Row, clients: Outside) -> Given | Waits:
    """The work itself."""
    try:
        clients.node.expect(reveal["chain_id"])
        sent = transactions.send(clients.node, bytes(reveal["raw"]))
    except NodeError as error:
        return Waits(str(error), max(_SOON, error.retry_after or 0.0))
    if sent == "no_money":
        return Waits("The keeper has too little left to pay for it.", _LATER)
    if sent == "too_cheap":
        return Given("The node does not keep it, because it pays too little at present.")
    # One whose nonce is spent may have been mined, perhaps in an earlier form.
    return Given()


def save(conn: Connection, job: Job, found: Given | Waits) -> bool | Again:
    if isinstance(found, Waits):
        queries.reveals.note(conn, id=job.subject_id, note=found.why)
        return Again(found.seconds)
    return bool(queries.reveals.send(conn, id=job.subject_id, note=found.note))


send_reveals = Kind(
    name="send_reveals",
    entity="reveal",
    open_clients=open_clients,
    load=load,
    work=send,
    save=save,
    delays=(0, 1, 5, *[30] * 1_000),
    lease=60,
)

command = command_for([send_reveals], __doc__)

if __name__ == "__main__":
    command()
