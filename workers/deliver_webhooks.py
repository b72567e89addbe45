"""Deliver webhooks: tell other programs what happened, signed, until they accept it.

That a webhook does not accept something is a result, not a failure of the worker, so it leaves no
dead letter: the delivery is tried again for two days, and shows each attempt.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson
from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.public.gate import Gate
from webapp.clients.webhooks.contract import Message
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.webhooks.contract import Reply
    from webapp.clients.webhooks.sender import Sender
    from webapp.identity.keyring import Keyring
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Seconds after each failed attempt until the next; the last is two days after the first.
DELAYS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 57_600)
# Each is extended by up to this share, so that what failed together is not repeated together.
_JITTER: Final = 0.1
# Seconds that nothing is sent to a webhook after its first, second … failure in a row.
_PAUSES: Final = (5, 15, 60, 300)
# A webhook that has failed for so long is paused.
_PATIENCE: Final = timedelta(days=5)

# How many calls of one webhook may run at once in a process: of one that is new, of one that
# answers within a second, and of one that does not answer. So a few that hang leave threads for
# the others.
_OF_NEW: Final = 4
_OF_QUICK: Final = 16
_OF_SILENT: Final = 1
_QUICK: Final = 1_000  # milliseconds
_MOST_KNOWN: Final = 10_000


class Manners:
    """How webhooks answered lately, and so how many calls each may get at once. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[UUID, int] = {}
        self._lock = Lock()

    def of(self, webhook_id: UUID) -> int:
        """How many calls it may get at once."""
        return self._known.get(webhook_id, _OF_NEW)

    def note(self, webhook_id: UUID, reply: Reply) -> None:
        """Learn from an answer."""
        with self._lock:
            if reply.is_down:
                most = _OF_SILENT
            else:
                most = _OF_QUICK if reply.milliseconds < _QUICK else _OF_NEW
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[webhook_id] = most


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """What calls webhooks, what opens their secrets, and what is known of them."""

    sender: Sender
    keyring: Keyring
    manners: Manners

    def close(self) -> None:
        self.sender.close()


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended. `secrets` are to be stored, if they were encrypted again."""

    row: Row
    at: datetime
    reply: Reply
    secrets: tuple[bytes, bytes | None] | None

    @property
    def number(self) -> int:
        """Which attempt of its delivery it was, from 1."""
        return int(self.row["attempts"]) + 1

    @property
    def is_plain(self) -> bool:
        """Whether it was accepted, and nothing has to be written of its webhook."""
        return self.reply.is_accepted and self.secrets is None and not self.row["is_failing"]

    def tried(self) -> Jsonb:
        """It, as the delivery keeps it: a list with one object."""
        reply = self.reply
        return Jsonb(
            [
                {
                    "at": self.at.isoformat().replace("+00:00", "Z"),
                    "milliseconds": reply.milliseconds,
                    "status": reply.status,
                    "error": reply.error,
                }
            ]
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery that ends without an attempt."""

    status: str
    error: str


def open_clients(settings: Settings) -> Outside:
    from webapp.clients.webhooks.sender import Sender
    from webapp.identity.keyring import Keyring

    sender = Sender(Gate(allow_loopback=settings.webhook_allow_loopback))
    return Outside(sender, Keyring(settings.secret_key, settings.secret_keys_former), Manners())


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    rows = queries.webhook_deliveries.load(conn, ids=[job.subject_id for job in jobs])
    return {row["id"]: row for row in rows}


def deliver(row: Row, clients: Outside) -> Attempt | Settled:
    """The work itself."""
    from webapp.identity.keyring import Unreadable

    if row["webhook_status"] == "paused":
        return Settled("skipped", "The webhook is paused.")
    if row["event"] is None:
        return Settled("failed", "The event is no longer kept.")
    try:
        secrets, renewed = _secrets(row, clients.keyring)
    except Unreadable:
        return Settled(
            "failed", "The secret of this webhook can no longer be read: give it a new one."
        )
    message = Message(str(row["event_id"]), body_of(row), secrets)
    at = datetime.now(UTC)
    reply = clients.sender.send(row["url"], message)
    clients.manners.note(row["webhook_id"], reply)
    return Attempt(row, at, reply, renewed)


def body_of(row: Row) -> bytes:
    """The body of a message: the same each time it is sent."""
    told = (
        "entity",
        "entity_id",
        "workspace_id",
        "from_status",
        "to_status",
        "actor",
        "request_id",
    )
    return orjson.dumps(
        {
            "type": row["event"],
            "timestamp": row["occurred_at"],
            "data": {"id": row["event_id"], **{name: row[name] for name in told}},
        },
        option=orjson.OPT_UTC_Z,
    )


def _secrets(row: Row, keyring: Keyring) -> tuple[list[str], tuple[bytes, bytes | None] | None]:
    """The secrets of a webhook, the current one first; and how they are to be stored, if that was
    with a former SECRET_KEY. Raises Unreadable."""
    purpose = f"webhook {row['webhook_id']}"
    sealed = [bytes(each) for each in (row["secret"], row["previous_secret"]) if each is not None]
    renewed = [keyring.renewed(purpose, each) for each in sealed]
    secrets = [keyring.decrypt(purpose, each).decode() for each in sealed]
    if not any(renewed):
        return secrets, None
    stored = [new or old for new, old in zip(renewed, sealed, strict=True)]
    return secrets, (stored[0], stored[1] if len(stored) > 1 else None)


def save_all(
    conn: Connection, ended: Sequence[tuple[Job, Attempt | Settled]]
) -> list[bool | Again]:
    """Most are accepted by webhooks about which nothing else has to be written: one statement."""
    plain = [each for _, each in ended if isinstance(each, Attempt) and each.is_plain]
    noted: set[UUID] = set()
    if plain:
        found = queries.webhook_deliveries.note_accepted(
            conn,
            ids=[each.row["id"] for each in plain],
            tried=[each.tried() for each in plain],
            response_statuses=[each.reply.status for each in plain],
            response_excerpts=[each.reply.excerpt for each in plain],
        )
        noted = {row["id"] for row in found}
    return [
        job.subject_id in noted
        if isinstance(each, Attempt) and each.is_plain
        else _save(conn, job, each)
        for job, each in ended
    ]


def _save(conn: Connection, job: Job, ended: Attempt | Settled) -> bool | Again:
    if isinstance(ended, Settled):
        return bool(
            queries.webhook_deliveries.settle(
                conn, id=job.subject_id, status=ended.status, error=ended.error
            )
        )
    reply, webhook_id = ended.reply, ended.row["webhook_id"]
    if ended.secrets is not None:
        secret, previous_secret = ended.secrets
        queries.webhooks.seal(
            conn,
            id=webhook_id,
            secret=secret,
            previous_secret=previous_secret,
            before=ended.row["secret"],
        )
    wait = _wait(ended)
    status = "delivered" if reply.is_accepted else "failed" if wait is None else "pending"
    noted = queries.webhook_deliveries.note(
        conn,
        id=job.subject_id,
        status=status,
        tried=ended.tried(),
        response_status=reply.status,
        response_excerpt=reply.excerpt,
        error=reply.error,
    )
    if not reply.is_accepted:
        _note_failure(conn, ended)
    elif ended.row["is_failing"]:
        queries.webhooks.note_success(conn, id=webhook_id)
    return Again(wait) if noted and wait is not None else bool(noted)


def _wait(ended: Attempt) -> float | None:
    """Seconds to the next attempt; None if there is none."""
    reply = ended.reply
    if reply.is_accepted or reply.is_gone or ended.number > len(DELAYS):
        return None
    delay = max(float(DELAYS[ended.number - 1]), reply.retry_after or 0.0)
    return delay * (1 + random.random() * _JITTER)  # noqa: S311


def _note_failure(conn: Connection, ended: Attempt) -> None:
    """What a failed attempt means for the webhook."""
    reply, webhook_id = ended.reply, ended.row["webhook_id"]
    failing = queries.webhooks.note_failure(
        conn, id=webhook_id, is_down=reply.is_down, patience=_PATIENCE
    )
    if failing is None:
        return
    if reply.is_gone or failing["is_given_up"]:
        queries.webhooks.give_up(
            conn,
            id=webhook_id,
            reason="gone" if reply.is_gone else "failing",
            host=urlsplit(ended.row["url"]).hostname or "",
        )
    elif reply.is_down:
        pause = _PAUSES[min(failing["failures"], len(_PAUSES)) - 1]
        wait = max(float(pause), reply.retry_after or 0.0)
        queries.webhooks.wait(conn, id=webhook_id, wait=timedelta(seconds=wait))


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.webhook_deliveries.settle(conn, id=job.subject_id, status="failed", error=error)


def revive(conn: Connection, delivery_id: UUID) -> bool:
    return bool(queries.webhook_deliveries.revive(conn, id=delivery_id))


deliver_webhooks = Kind(
    name="deliver_webhooks",
    open_clients=open_clients,
    load=load,
    work=deliver,
    save_all=save_all,
    give_up=give_up,
    revive=revive,
    lease=60,
    waits=16,
    share=lambda clients, webhook_id: clients.manners.of(webhook_id),
)

command = command_for([deliver_webhooks], __doc__)

if __name__ == "__main__":
    command()
