"""Sign reveals: give a planned reveal its nonce, and sign it; or sign one anew with higher fees.

The nonce, the signed bytes and their hash are stored in one transaction, before anybody hears of
them. So whatever dies, a nonce belongs to one reveal, and nothing else is ever sent than what is
stored. This is the only worker that holds the keeper's key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.chain import abi, transactions
from webapp.clients.chain.collection import revealed_in
from webapp.clients.chain.fees import GWEI, Fees, enough, first_fees, raised_fees
from webapp.clients.chain.keeper import KeyUnreadable, Order
from webapp.clients.chain.node import NodeError
from webapp.filing.keepers import OwnKeeper, keep_balance, note_foreign_use
from workers.chain.node import node_of
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.chain.fees import Prices
    from webapp.clients.chain.keeper import Keeper
    from webapp.clients.chain.node import Node
    from webapp.clients.chain.transactions import Standing
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Seconds until the next try, if the node does not answer, if fees or blocks must change first, and
# if a person must do something.
_SOON: Final = 3.0
_LATER: Final = 15.0
_MUCH_LATER: Final = 60.0

# What cancels is a transfer of nothing, which takes a hundredth of the gas. It may pay this much
# more for each.
_TO_CANCEL: Final = 2


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The node, the account that signs, and the most it pays for one gas, in wei."""

    node: Node
    keeper: OwnKeeper = field(repr=False)
    cap: int

    def close(self) -> None:
        self.node.close()


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a signature needs, but the nonce."""

    keeper: Keeper
    order: Order
    fees: Fees
    cancels: bool
    standing: Standing
    prices: Prices


@dataclass(frozen=True, slots=True)
class Waits:
    """Why it cannot be signed now, and after how many seconds to try again."""

    why: str
    seconds: float
    standing: Standing | None = None
    prices: Prices | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Why it stays as it was signed before."""

    why: str


@dataclass(frozen=True, slots=True)
class RevealedBefore:
    """What somebody else has revealed, so deep in the chain that it stays: addresses by token."""

    uris: Mapping[int, str]


def open_clients(settings: Settings) -> Outside:
    cap = round(settings.reveal_max_fee_gwei * GWEI)
    return Outside(node_of(settings), OwnKeeper(settings), cap)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    rows = queries.reveals.load_to_sign(conn, ids=[job.subject_id for job in jobs])
    return {row["id"]: row for row in rows}


def prepare(reveal: Row, clients: Outside) -> Ready | Waits | Kept | RevealedBefore:
    """The work itself: everything but the signature, which needs the nonce."""
    if reveal["status"] == "planned" and reveal["collection_status"] != "active":
        return Waits("The collection is paused.", _LATER)
    try:
        keeper = clients.keeper.get()
        if keeper.address != reveal["keeper"]:
            return Waits(f"The worker has the key of {keeper.address} only.", _MUCH_LATER)
        clients.node.expect(reveal["chain_id"])
        standing = transactions.standing(clients.node, keeper.address, reveal["depth"])
        prices = transactions.prices(clients.node)
        if reveal["status"] == "planned":
            return _first(reveal, clients, keeper, standing, prices)
        return _anew(reveal, clients, keeper, standing, prices)
    except KeyUnreadable as error:
        return Waits(str(error), _MUCH_LATER)
    except NodeError as error:
        return Waits(str(error), max(_SOON, error.retry_after or 0.0))


def _first(
    reveal: Row, clients: Outside, keeper: Keeper, standing: Standing, prices: Prices
) -> Ready | Waits | RevealedBefore:
    fees = first_fees(prices, clients.cap)
    if fees is None:
        return Waits(_too_dear(prices, clients.cap), _LATER, standing, prices)
    data = abi.reveal_data(reveal["token_ids"], reveal["uris"])
    try:
        gas = transactions.gas_for(clients.node, keeper.address, reveal["contract"], data)
    except NodeError as error:
        if (error.data or "").startswith(abi.ALREADY_REVEALED):
            return _revealed_before(reveal, clients.node, standing.head)
        if error.permanent:
            return Waits(f"The contract refuses it. {error}", _MUCH_LATER)
        raise
    if standing.balance < gas * fees.max_fee:
        return Waits("The keeper has too little left to pay for it.", _LATER, standing, prices)
    order = Order(reveal["chain_id"], reveal["contract"], data, gas)
    return Ready(keeper, order, fees, False, standing, prices)


def _revealed_before(reveal: Row, node: Node, head: int) -> RevealedBefore | Waits:
    """Which tokens are revealed already, by one request."""
    block = max(head - reveal["depth"], 0)
    uris = revealed_in(node, reveal["contract"], reveal["token_ids"], block)
    if not uris:
        return Waits("Somebody else has just revealed one of the tokens.", _SOON)
    return RevealedBefore(uris)


def _anew(
    reveal: Row, clients: Outside, keeper: Keeper, standing: Standing, prices: Prices
) -> Ready | Kept:
    cancels = reveal["status"] == "cancelling" or reveal["cancels"]
    cap = clients.cap * (_TO_CANCEL if cancels else 1)
    fees = raised_fees(Fees(int(reveal["max_fee"]), int(reveal["tip"])), prices, cap)
    if fees is None:
        return Kept("It pays as much as REVEAL_MAX_FEE_GWEI allows, and waits for lower fees.")
    if cancels:
        gas = transactions.gas_for(clients.node, keeper.address, keeper.address, "0x")
        order = Order(reveal["chain_id"], keeper.address, "0x", gas)
    else:
        data = abi.reveal_data(reveal["token_ids"], reveal["uris"])
        order = Order(reveal["chain_id"], reveal["contract"], data, reveal["gas"])
    return Ready(keeper, order, fees, cancels, standing, prices)


def _too_dear(prices: Prices, cap: int) -> str:
    asked, allowed = prices.base / GWEI, cap / GWEI
    return f"The chain asks for {asked:g} gwei; REVEAL_MAX_FEE_GWEI allows {allowed:g}."


def save(conn: Connection, job: Job, found: Ready | Waits | Kept | RevealedBefore) -> bool | Again:
    this = {"id": job.subject_id}
    reveal = queries.reveals.hold(conn, **this)
    if reveal is None or reveal["status"] not in ("planned", "stuck", "cancelling"):
        return False
    if isinstance(found, Kept):
        return bool(queries.reveals.keep(conn, **this, note=found.why))
    if isinstance(found, RevealedBefore):
        return _settle(conn, job, reveal, found)
    if found.standing is not None and found.prices is not None and _matters(reveal, found):
        keep_balance(
            conn,
            reveal["chain_id"],
            reveal["keeper"],
            balance=found.standing.balance,
            prices=found.prices,
        )
    if isinstance(found, Waits):
        queries.reveals.note(conn, **this, note=found.why)
        return Again(found.seconds)
    return _sign(conn, job, reveal, found)


def _matters(reveal: Row, found: Ready | Waits) -> bool:
    """Whether what the keeper has left is worth a note now; it is looked up regularly anyway."""
    assert found.standing is not None
    assert found.prices is not None
    return bool(reveal["keeper_is_low"]) or found.standing.balance < 2 * enough(found.prices)


def _sign(conn: Connection, job: Job, reveal: Row, found: Ready) -> bool | Again:
    this, nonce = {"id": job.subject_id}, reveal["nonce"]
    if reveal["status"] == "planned":
        if queries.reveals.count_fit(conn, **this) < len(reveal["token_ids"]):
            queries.reveals.drop(
                conn, **this, error="The chain took a mint back.", error_code="taken_back"
            )
            _plan(conn, job, reveal)
            return True
        nonce = _take_nonce(conn, reveal, found.standing)
        if isinstance(nonce, Waits):
            queries.reveals.note(conn, **this, note=nonce.why)
            return Again(nonce.seconds)
    signed = found.keeper.sign(found.order, nonce=nonce, fees=found.fees)
    fees = {"max_fee": found.fees.max_fee, "tip": found.fees.tip}
    queries.reveals.keep_attempt(
        conn,
        **this,
        **fees,
        tx_hash=signed.tx_hash,
        number=reveal["attempts"] + 1,
        cancels=found.cancels,
        raw=signed.raw,
        gas=found.order.gas,
        head=found.standing.head,
    )
    return bool(queries.reveals.sign(conn, **this, **fees, nonce=nonce))


def _take_nonce(conn: Connection, reveal: Row, standing: Standing) -> int | Waits:
    keeper = {"chain_id": reveal["chain_id"], "address": reveal["keeper"]}
    known = queries.keepers.hold(conn, **keeper)
    if known is None or known["next_nonce"] is None:
        if standing.pending != standing.latest:
            return Waits(
                "Transactions of the keeper wait at the node that this Coffer has not sent.",
                _LATER,
            )
    elif standing.latest > max(known["next_nonce"], standing.deep):
        return Waits("Somebody else has used the keeper's key: waiting for that block.", _SOON)
    taken = queries.keepers.take_nonce(conn, **keeper, first=standing.latest, deep=standing.deep)
    if taken["was_used_elsewhere"]:
        note_foreign_use(conn, *keeper.values(), nonce=taken["nonce"] - 1)
    return int(taken["nonce"])


def _settle(conn: Connection, job: Job, reveal: Row, found: RevealedBefore) -> bool:
    """End the tokens that somebody else has revealed, and plan the others anew, at once."""
    meant = dict(zip(reveal["token_ids"], reveal["uris"], strict=True))
    queries.reveals.drop(
        conn,
        id=job.subject_id,
        error=f"{len(found.uris)} of its tokens had been revealed before.",
        error_code="revealed_before",
    )
    queries.reveals.settle_known(
        conn,
        collection_id=reveal["collection_id"],
        token_ids=list(found.uris),
        uris=list(found.uris.values()),
        are_ours=[uri == meant[each] for each, uri in found.uris.items()],
    )
    rest = {each: uri for each, uri in meant.items() if each not in found.uris}
    if rest:
        batch = {"token_ids": list(rest), "uris": list(rest.values())}
        queries.reveals.plan(conn, collection_id=reveal["collection_id"], batches=Jsonb([batch]))
    return True


def _plan(conn: Connection, job: Job, reveal: Row) -> None:
    queries.outbox.enqueue(
        conn,
        kind="plan_reveals",
        subject_id=reveal["collection_id"],
        workspace_id=job.workspace_id,
        payload=Jsonb({}),
        request_id=job.request_id,
        traceparent=job.traceparent,
        delay=timedelta(0),
    )


sign_reveals = Kind(
    name="sign_reveals",
    entity="reveal",
    open_clients=open_clients,
    load=load,
    work=prepare,
    save=save,
    # For what is nobody's fault but ours: what the node, the key and the fees do are results.
    delays=(0, 5, 30, *[60] * 1_000),
    lease=120,
)

command = command_for([sign_reveals], __doc__)

if __name__ == "__main__":
    command()
