"""Confirm reveals: look what became of those that were sent, until one is deep enough in the chain.

Any of the transactions that were signed for a reveal settles it, since all have the same nonce. One
that the node has lost is sent again; one that is stuck is signed anew with higher fees; one whose
block was taken back is sent once more. Reveals are looked up together, in two or three requests,
and only when the chain has a new block.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.chain.abi import REVEALED
from webapp.clients.chain.fees import GWEI, Fees, raised_fees
from webapp.clients.chain.looking import Found, look_up, newest_block
from webapp.clients.chain.node import NodeError
from webapp.filing.keepers import note_foreign_use
from workers.chain.node import node_of
from workers.engine.job import Again
from workers.engine.kind import Batch, Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.chain.node import Node
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Seconds between two looks, at one that was sent at most so many seconds ago. The next one can be
# planned when it is seen in a block; after that there is no hurry.
_LOOKS: Final = ((60.0, 0.25), (600.0, 4.0), (float("inf"), 15.0))
_IN_A_BLOCK: Final = 1.0
_AFTER_A_FAILURE: Final = 1.0
# It is stuck if it is the keeper's next one, and these seconds and blocks have passed since it was
# signed. Blocks, because a chain that stands still takes no fee.
_STUCK_SECONDS: Final = 20.0
_STUCK_BLOCKS: Final = 2
_MOST_KNOWN: Final = 1_000
# A nonce that somebody else has used is given up after so many blocks, or more.
_LEAST_DEPTH: Final = 2


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The node, and the most that is paid for one gas, in wei. `looked` says for each reveal at
    which newest block, by its hash, and in which status it was looked up last by this worker."""

    node: Node
    cap: int
    looked: dict[UUID, tuple[str, str]] = field(default_factory=dict)

    def close(self) -> None:
        self.node.close()


@dataclass(frozen=True, slots=True)
class Look:
    """What was found about a reveal, and whether it could pay more."""

    reveal: Row
    found: Found
    can_pay_more: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """Why nothing was found."""

    why: str
    seconds: float


def open_clients(settings: Settings) -> Outside:
    return Outside(node_of(settings), round(settings.reveal_max_fee_gwei * GWEI))


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    rows = queries.reveals.load_to_confirm(conn, ids=[job.subject_id for job in jobs])
    return {row["id"]: row for row in rows}


def look(reveals: Sequence[Row], clients: Outside) -> list[Look | Waits | Again]:
    """The work itself."""
    try:
        newest = newest_block(clients.node)
        fresh = [each for each in reveals if clients.looked.get(each["id"]) != _mark(each, newest)]
        found = dict(zip((each["id"] for each in fresh), look_up(clients.node, fresh), strict=True))
    except NodeError as error:
        return [_waits(error) for _ in reveals]
    if len(clients.looked) > _MOST_KNOWN:
        clients.looked.clear()
    clients.looked.update(
        (each["id"], _mark(each, newest)) for each in fresh if isinstance(found[each["id"]], Found)
    )
    return [_seen(each, found.get(each["id"]), clients.cap) for each in reveals]


def _mark(reveal: Row, newest: str) -> tuple[str, str]:
    return newest, str(reveal["status"])


def _seen(reveal: Row, found: Found | NodeError | None, cap: int) -> Look | Waits | Again:
    if found is None:
        return _again(reveal)
    if isinstance(found, NodeError):
        return _waits(found)
    return Look(reveal, found, _can_pay_more(reveal, found, cap))


def _waits(error: NodeError) -> Waits:
    return Waits(str(error), max(_AFTER_A_FAILURE, error.retry_after or 0.0))


def _can_pay_more(reveal: Row, found: Found, cap: int) -> bool:
    if found.prices is None:
        return False
    return raised_fees(_fees(reveal), found.prices, cap) is not None


def _fees(reveal: Row) -> Fees:
    return Fees(int(reveal["max_fee"]), int(reveal["tip"]))


def save(conn: Connection, job: Job, look: Look | Waits) -> bool | Again:
    this = {"id": job.subject_id}
    now = queries.reveals.hold(conn, **this)
    if now is None or now["status"] not in ("sent", "mined"):
        return False
    if isinstance(look, Waits):
        queries.reveals.note(conn, **this, note=look.why)
        return Again(look.seconds)
    reveal, found = look.reveal, look.found
    if found.receipt is not None:
        return _in_block(conn, job, now, look)
    if now["status"] == "mined":
        return bool(queries.reveals.lose_block(conn, **this))
    if found.count > reveal["nonce"]:
        return _overtaken(conn, job, now, look)
    if now["overtaken_block"] is not None:
        queries.reveals.overtake(conn, **this, block=None)
    if _is_stuck(look):
        if look.can_pay_more:
            return bool(queries.reveals.renew(conn, **this))
        queries.reveals.note(
            conn, **this, note="It pays as much as REVEAL_MAX_FEE_GWEI allows, which is too little."
        )
    elif found.is_known:
        queries.reveals.note(conn, **this, note=None)
    return _again(reveal)


def _is_stuck(look: Look) -> bool:
    reveal, found = look.reveal, look.found
    if found.prices is not None and found.prices.base > int(reveal["max_fee"]):
        return True
    is_next = found.count == int(reveal["nonce"])
    is_old = float(reveal["age"]) >= _STUCK_SECONDS
    return is_next and is_old and found.head >= int(reveal["head"]) + _STUCK_BLOCKS


def _again(reveal: Row) -> Again:
    """At the next full second, or a quarter, or so, so that all are looked up together."""
    every = next(every for until, every in _LOOKS if (reveal["sent_for"] or 0.0) < until)
    if reveal["status"] == "mined":
        every = max(every, _IN_A_BLOCK)
    return Again(every - time.time() % every)


def _in_block(conn: Connection, job: Job, now: Row, look: Look) -> bool | Again:
    this, reveal, receipt = {"id": job.subject_id}, look.reveal, look.found.receipt
    assert receipt is not None
    if receipt.block_hash != now["mined_hash"]:
        queries.reveals.mine(
            conn,
            **this,
            tx_hash=receipt.tx_hash,
            block=receipt.block,
            block_hash=receipt.block_hash,
            gas_used=receipt.gas_used,
            price=receipt.price,
        )
    if not look.found.is_deep:
        return _again(reveal)
    if receipt.tx_hash in (reveal["cancelling"] or ()):
        queries.reveals.release(conn, **this, status="cancelled", error=None, error_code=None)
    elif not receipt.succeeded:
        queries.reveals.release(
            conn,
            **this,
            status="failed",
            error="The contract refused it when it was mined.",
            error_code="reverted",
        )
    elif (REVEALED, reveal["contract"].lower()) not in receipt.logs:
        queries.reveals.release(
            conn,
            **this,
            status="failed",
            error="It was mined, but the contract revealed nothing.",
            error_code="nothing_revealed",
        )
    else:
        queries.reveals.confirm(conn, **this)
        return True
    _plan(conn, job, now)
    return True


def _overtaken(conn: Connection, job: Job, now: Row, look: Look) -> bool | Again:
    """Its nonce was used, by a transaction that is none of those that were signed for it."""
    this, reveal, head = {"id": job.subject_id}, look.reveal, look.found.head
    since = now["overtaken_block"]
    if since is None or since > head:
        queries.reveals.overtake(conn, **this, block=head)
    elif head - since >= max(reveal["depth"], _LEAST_DEPTH):
        queries.reveals.release(
            conn,
            **this,
            status="superseded",
            error="Somebody else has used the keeper's key, with the nonce of this reveal.",
            error_code="superseded",
        )
        note_foreign_use(
            conn,
            reveal["chain_id"],
            reveal["keeper"],
            nonce=reveal["nonce"],
            reveal_id=str(job.subject_id),
        )
        _plan(conn, job, now)
        return True
    return _again(reveal)


def _plan(conn: Connection, job: Job, now: Row) -> None:
    queries.outbox.enqueue(
        conn,
        kind="plan_reveals",
        subject_id=now["collection_id"],
        workspace_id=job.workspace_id,
        payload=Jsonb({}),
        request_id=job.request_id,
        traceparent=job.traceparent,
        delay=timedelta(0),
    )


confirm_reveals = Kind(
    name="confirm_reveals",
    entity="reveal",
    open_clients=open_clients,
    load=load,
    work=look,
    save=save,
    delays=(0, 1, 5, *[30] * 1_000),
    lease=120,
    batch=Batch(rows=50, seconds=0.05),
)

command = command_for([confirm_reveals], __doc__)

if __name__ == "__main__":
    command()
