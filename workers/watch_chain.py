"""Watch the chain: read the mints of collections, undo what the chain takes back, and confirm what
is deep enough.

The chain is the truth; what webhooks tell is a hint that comes sooner. So a mint only counts when
it was read here and has as many blocks above it as its collection wants. What a node does not know,
or says in part, is asked for again, and shows at the collection until it is there; a watcher never
gives up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.chain.mints import Filled, Forked, MintReader, Position, Quiet, Stretch
from webapp.clients.chain.node import NodeError
from webapp.filing import mints
from webapp.rules.tokens.stretch import Known
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
    Found = Quiet | Forked | Filled | Stretch

# Mints that are known beyond where the chain was read, of one look.
_MOST_KNOWN: Final = 10_000
# After so many partial answers in a row, the contract is asked for what is missing.
_PATIENCE: Final = 3
# The longest pause in seconds while a node does not answer.
_LONGEST: Final = 60.0
# How many blocks to go back when the chain has changed below.
_BACK: Final = 64


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The node, if there is one, and how often to ask it."""

    node: Node | None
    reader: MintReader | None
    poll_seconds: float

    def close(self) -> None:
        if self.node is not None:
            self.node.close()


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a collection could not be read."""

    said: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the chain has found for a row that was loaded."""

    row: Row
    found: Found | Unread
    poll_seconds: float


def open_clients(settings: Settings) -> Outside:
    if settings.chain_rpc_url is None:
        return Outside(None, None, settings.chain_poll_seconds)
    node = node_of(settings)
    return Outside(node, MintReader(node, settings.chain_log_blocks), settings.chain_poll_seconds)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    ids = [job.subject_id for job in jobs]
    rows = queries.collections.load(conn, ids=ids, limit=_MOST_KNOWN)
    return {row["id"]: row for row in rows}


def watch(row: Row, clients: Outside) -> Look:
    """The work itself."""
    return Look(row, _look(row, clients), clients.poll_seconds)


def _look(row: Row, clients: Outside) -> Found | Unread:
    if clients.reader is None:
        return Unread("CHAIN_RPC_URL is not set.", _LONGEST)
    try:
        return clients.reader.look(
            Position(
                chain_id=row["chain_id"],
                contract=row["contract"],
                from_block=row["from_block"],
                next_block=row["next_block"],
                block_hash=row["block_hash"],
                next_token_id=row["next_token_id"],
                known=[Known(**each) for each in row["known"]],
                knows_all=len(row["known"]) < _MOST_KNOWN,
                asks_contract=row["watch_failures"] >= _PATIENCE,
            )
        )
    except NodeError as error:
        return Unread(str(error), error.retry_after or 0.0)


def save(conn: Connection, job: Job, look: Look) -> bool | Again:
    mine = {"id": job.subject_id}
    if queries.collections.hold(conn, **mine) is None:
        return False
    found = look.found
    match found:
        case Quiet():
            queries.collections.note_quiet(conn, **mine)
            return Again(look.poll_seconds)
        case Unread():
            failures = queries.collections.note_failure(conn, **mine, error=found.said)
            wait = min(look.poll_seconds * 2 ** min(failures, 10), _LONGEST)
            return Again(max(wait, found.retry_after))
        case Forked():
            back = queries.collections.go_back(conn, **mine, blocks=_BACK)
            _undo(conn, job, back["told_by_contract"])
            return Again()
        case Filled():
            _fill(conn, job, found)
            return Again()
        case Stretch():
            return _settle(conn, job, look, found)


def _settle(conn: Connection, job: Job, look: Look, found: Stretch) -> Again:
    """What the chain says, and where the watcher stands then."""
    row = look.row
    _record(
        conn,
        job,
        [mints.row_of(each, job.subject_id, "chain") for each in found.mints],
        gone=found.gone,
        blocks=(row["from_block"], found.last_block),
    )
    confirmed = queries.mint_events.confirm(
        conn,
        collection_id=job.subject_id,
        deep_block=min(found.last_block, found.head - row["mint_confirmations"]),
    )
    moved = queries.collections.move(
        conn,
        id=job.subject_id,
        next_block=found.last_block + 1,
        block_hash=found.block_hash,
        next_token_id=found.next_token_id,
        head_block=found.head,
        doubts=row["doubts"],
    )
    if confirmed or moved["has_ready"]:
        queries.outbox.enqueue(
            conn,
            kind="plan_reveals",
            subject_id=job.subject_id,
            workspace_id=job.workspace_id,
            payload=Jsonb({}),
            request_id=job.request_id,
            traceparent=job.traceparent,
            delay=timedelta(),
        )
    return Again(look.poll_seconds if found.last_block >= found.head else 0.0)


def _fill(conn: Connection, job: Job, found: Filled) -> None:
    """Tokens of which no log tells; the blocks are read again after that, and have them then."""
    rows = [mints.row_of(each, job.subject_id, "contract") for each in found.mints]
    _record(conn, job, rows, gone=[], blocks=(found.block_number, found.block_number))
    first, last = found.mints[0].start_token_id, found.mints[-1].end - 1
    _alarm(conn, job, "answered_in_part", first_token_id=first, last_token_id=last)


def _record(
    conn: Connection, job: Job, rows: list[Row], *, gone: Sequence[str], blocks: tuple[int, int]
) -> None:
    """Undo what is gone, and record what is there, of a range of blocks: with all of its tokens,
    whoever was thought to have them."""
    if not rows and not gone:
        return
    told = Jsonb(rows)
    # Before anything is locked that somebody who tells of new authors may wait for.
    queries.mint_events.meet_authors(conn, mints=told)
    _undo(conn, job, gone)
    taken = queries.mint_events.take(conn, mints=told)
    changed = queries.mint_events.read(conn, mints=told)
    if not (gone or changed or taken["tokens"] < taken["minted"]):
        return
    incomplete = queries.mint_events.incomplete(
        conn, collection_id=job.subject_id, from_block=blocks[0], to_block=blocks[1]
    )
    if incomplete:
        ids = [each["id"] for each in incomplete]
        _undo(conn, job, [each["id"] for each in queries.mint_events.holders(conn, ids=ids)])
        queries.mint_events.give_tokens(conn, ids=ids)


def _undo(conn: Connection, job: Job, ids: Sequence[object]) -> None:
    if not ids:
        return
    undone = queries.mint_events.undo(conn, ids=list(ids))
    if undone["final"]:
        # Deeper than the collection was told to expect: a person should look at what was revealed.
        _alarm(conn, job, "reorged", mints=undone["final"])


def _alarm(conn: Connection, job: Job, what: str, **payload: object) -> None:
    queries.collections.alarm(conn, ids=[job.subject_id], what=what, payload=Jsonb(payload))


watch_chain = Kind(
    name="watch_chain",
    entity="collection",
    open_clients=open_clients,
    load=load,
    work=watch,
    save=save,
    # For what is no fault of the node's: the node's own are results.
    delays=(0, 10, 60, 600, 3600, 21_600),
    lease=120,
)

command = command_for([watch_chain], __doc__)

if __name__ == "__main__":
    command()
