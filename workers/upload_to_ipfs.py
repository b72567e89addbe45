"""Upload to IPFS: store the pictures and the metadata of tokens, and say under which addresses.

What a store says it has under another address than ours is refused: the chain would lead nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.clients.ipfs.choice import store_from
from webapp.clients.ipfs.cid import PROFILES, cid_of
from webapp.clients.ipfs.contract import File, IpfsError
from webapp.failure import NotNow
from webapp.rules.tokens.metadata import metadata_of
from workers.engine.buckets import Bucket
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind, Permit
from workers.engine.transactions import transactions_of
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.ipfs.cid import Profile
    from webapp.clients.ipfs.contract import Store
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Seconds to leave a store alone that said so without saying for how long.
_LEAVE_ALONE: Final = 10.0
# Calls for one token: its picture and its metadata.
_CALLS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside(Clients):
    """The store, how files become blocks there, and how often it may be called."""

    store: Store
    profile: Profile
    bucket: Bucket | None
    transaction: Callable[[], AbstractContextManager[Connection]]

    @property
    def is_elsewhere(self) -> bool:
        """Whether files have to be sent."""
        return self.store.service != "embedded"

    def close(self) -> None:
        self.store.close()
        if self.bucket is not None:
            self.bucket.close()


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store has of a token."""

    service: str
    image_cid: str
    cid: str
    metadata: bytes


def open_clients(settings: Settings) -> Outside:
    profile = PROFILES[settings.ipfs_profile]
    store = store_from(
        profile,
        pinata_jwt=settings.pinata_jwt,
        pinata_url=settings.pinata_url,
        kubo_url=settings.kubo_url,
    )
    is_limited = store.service == "pinata"
    return Outside(
        store=store,
        profile=profile,
        bucket=Bucket("pinata", settings.pinata_per_minute, settings) if is_limited else None,
        transaction=transactions_of("upload_to_ipfs", settings),
    )


def permits(conn: Connection, clients: Outside, wanted: int) -> Permit:
    if clients.bucket is None:
        return Permit(wanted)
    return clients.bucket.permits(conn, wanted, calls=_CALLS)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    found = queries.ipfs_upload_records.load(conn, token_ids=[job.subject_id for job in jobs])
    return {row["id"]: row for row in found}


def upload(row: Row, clients: Outside) -> Stored | Again:
    """The work itself. Raises IpfsError."""
    metadata = metadata_of(
        name_template=row["name_template"],
        description=row["description"],
        token_id=row["token_id"],
        image_cid=row["image_cid"],
        twitter_handle=row["twitter_handle"],
        farcaster_handle=row["farcaster_handle"],
    )
    service = clients.store.service
    stored = Stored(service, row["image_cid"], cid_of(metadata, clients.profile), metadata)
    if not clients.is_elsewhere:
        return stored
    number = row["token_id"]
    try:
        if service not in row["has_picture"]:
            picture = _picture(row, clients)
            image = File(row["image_cid"], f"{number}.png", row["image_type"], picture)
            _send(row, "image", image, clients)
        told = File(stored.cid, f"{number}.json", "application/json", metadata)
        _send(row, "metadata", told, clients)
    except NotNow as busy:
        return Again(busy.seconds)
    except IpfsError as error:
        if not error.slows_down:
            raise
        wait = error.retry_after or _LEAVE_ALONE
        if clients.bucket is not None:
            clients.bucket.hold(wait)
        return Again(wait)
    return stored


def _picture(row: Row, clients: Outside) -> bytes:
    """Read when it is sent, so that only those that are being sent are in memory."""
    with clients.transaction() as conn:
        picture: bytes = queries.ipfs_files.bytes(
            conn, cid=row["image_cid"], workspace_id=row["workspace_id"]
        )
    return picture


def _send(row: Row, record_type: str, file: File, clients: Outside) -> None:
    _note(row, record_type, file, "pending", clients)
    if clients.bucket is not None:
        clients.bucket.take()
    clients.store.store(file)
    _note(row, record_type, file, "stored", clients)


def _note(row: Row, record_type: str, file: File, status: str, clients: Outside) -> None:
    with clients.transaction() as conn:
        queries.ipfs_upload_records.note(
            conn,
            workspace_id=row["workspace_id"],
            token_id=row["id"],
            record_type=record_type,
            service=clients.store.service,
            cid=file.cid,
            status=status,
        )


def save(conn: Connection, job: Job, stored: Stored) -> bool:
    moved = queries.ipfs_upload_records.succeed(
        conn,
        token_id=job.subject_id,
        service=stored.service,
        image_cid=stored.image_cid,
        cid=stored.cid,
        metadata=stored.metadata,
    )
    if moved is None:
        return False
    queries.ipfs_upload_records.plan(
        conn,
        collection_id=moved["collection_id"],
        workspace_id=job.workspace_id,
        request_id=job.request_id,
        traceparent=job.traceparent,
    )
    return True


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.ipfs_upload_records.give_up(conn, token_id=job.subject_id, error=error)


def revive(conn: Connection, token_id: UUID) -> bool:
    return bool(queries.image_generation_jobs.retry(conn, token_id=token_id))


upload_to_ipfs = Kind(
    name="upload_to_ipfs",
    entity="token",
    open_clients=open_clients,
    permits=permits,
    load=load,
    work=upload,
    save=save,
    give_up=give_up,
    revive=revive,
    delays=(0, 5, 30, 120, 600, 1_200, 3_600),
    # Seconds: two turns, and two files to send.
    lease=240,
    waits=2,
)

command = command_for([upload_to_ipfs], __doc__)

if __name__ == "__main__":
    command()
