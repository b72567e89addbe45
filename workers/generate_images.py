"""Generate images: get a picture of its author's prompt for each token.

A service that costs something is asked once for a picture, whatever dies meanwhile: that it is
asked is committed before, and so is what it calls the attempt, as soon as that is known. A prompt
that it refuses is a result, not a failure: the next attempt has the collection's fallback prompt,
and the one after that is drawn by Coffer itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.clients.images.choice import generator_from
from webapp.clients.images.contract import Begun, Ended, ImageError, Made, Refused, Wanted
from webapp.clients.images.embedded import EmbeddedGenerator
from webapp.clients.images.pictures import Pictures
from webapp.clients.ipfs.cid import PROFILES, cid_of
from webapp.failure import NotNow
from webapp.reading.wording import one_line
from workers.engine import progress
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
    from webapp.clients.images.contract import Answer, Generator
    from webapp.clients.ipfs.cid import Profile
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Seconds until a service that is still at it is looked at again, unless it reports before.
_LOOK_AGAIN: Final = 5.0
# Seconds to leave a service alone that said so without saying for how long.
_LEAVE_ALONE: Final = 10.0
# Seconds after which a budget that was used up is looked at again: it may have been raised.
_LONGEST_WAIT: Final = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside(Clients):
    """What makes pictures, and how often it may be asked. Each budget is a number of pictures a day
    by services that may cost something, 0 for no limit."""

    generator: Generator
    embedded: Generator
    pictures: Pictures
    profile: Profile
    bucket: Bucket | None
    transaction: Callable[[], AbstractContextManager[Connection]]
    budget_of_author: int
    budget_of_all: int
    # Where services report that a picture is there, followed by the id of the attempt.
    reports: str | None

    def close(self) -> None:
        self.generator.close()
        self.pictures.close()
        if self.bucket is not None:
            self.bucket.close()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for an attempt, who made it, and its CID."""

    job_id: UUID
    service: str
    cid: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Reused:
    """The picture of an earlier attempt."""

    job_id: UUID


@dataclass(frozen=True, slots=True)
class Later:
    """It goes on in so many seconds: the service is at it, or wants to be left alone."""

    seconds: float


@dataclass(frozen=True, slots=True)
class RefusedPrompt:
    """The attempt's prompt was refused, for this reason."""

    job_id: UUID
    is_fallback: bool
    reason: str


def open_clients(settings: Settings) -> Outside:
    pictures = Pictures()
    embedded = EmbeddedGenerator(
        pictures, on_wait=lambda: progress.report(0, doing="waiting for a processor")
    )
    generator = generator_from(
        pictures,
        replicate_token=settings.replicate_token,
        replicate_model=settings.replicate_model,
        url=settings.images_url,
        key=settings.images_key,
        model=settings.images_model,
    )
    is_replicate = generator is not None and generator.service == "replicate"
    has_reports = is_replicate and settings.replicate_webhook_secret
    return Outside(
        generator=generator or embedded,
        embedded=embedded,
        pictures=pictures,
        profile=PROFILES[settings.ipfs_profile],
        bucket=(
            Bucket("replicate", settings.replicate_per_minute, settings) if is_replicate else None
        ),
        transaction=transactions_of("generate_images", settings),
        budget_of_author=settings.image_budget_author_day,
        budget_of_all=settings.image_budget_day,
        reports=f"{settings.public_url}/webhooks/replicate" if has_reports else None,
    )


def permits(conn: Connection, clients: Outside, wanted: int) -> Permit:
    """As many as the service takes now, and as the budget of the day is still enough for."""
    if not clients.generator.is_paid:
        return Permit(wanted)
    if clients.budget_of_all:
        today = queries.spend.left(conn)
        left = clients.budget_of_all - today["used"]
        if left <= 0:
            return Permit(0, min(today["seconds_left"], 60.0))
        wanted = min(wanted, left)
    return clients.bucket.permits(conn, wanted) if clients.bucket is not None else Permit(wanted)


def start(conn: Connection, job: Job) -> bool:
    return bool(queries.image_generation_jobs.start(conn, token_id=job.subject_id))


def put_back(conn: Connection, job: Job) -> None:
    queries.image_generation_jobs.put_back(conn, token_id=job.subject_id)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    found = queries.image_generation_jobs.load(conn, token_ids=[job.subject_id for job in jobs])
    return {row["token_id"]: row for row in found}


def still_wanted(conn: Connection, jobs: Sequence[Job]) -> bool:
    ids = [job.subject_id for job in jobs]
    return bool(queries.image_generation_jobs.count_generating(conn, token_ids=ids))


def generate(row: Row, clients: Outside) -> Picture | Reused | RefusedPrompt | Later | Again:
    """The work itself. Raises ImageError."""
    if row["status"] == "succeeded":
        return Reused(row["id"])
    service = row["service"] or clients.generator.service
    answer: Answer | Later | Again
    if row["is_refused"] or service == clients.embedded.service:
        service = clients.embedded.service
        answer = clients.embedded.begin(Wanted(row["prompt"], row["number"]))
    elif service == clients.generator.service:
        try:
            answer = _asked(row, clients)
        except NotNow as busy:
            return Later(busy.seconds)
        except ImageError as error:
            if not error.slows_down:
                raise
            return Later(_slowed_down(row, error, clients))
    else:
        answer = Ended(f"{service} is not used any more.")
    match answer:
        case Made(picture):
            return Picture(row["id"], service, cid_of(picture, clients.profile), picture)
        case Refused(reason):
            return RefusedPrompt(row["id"], row["is_fallback"], one_line(reason))
        case Ended(reason, is_free):
            with clients.transaction() as conn:
                queries.image_generation_jobs.fail(conn, id=row["id"], error=one_line(reason))
                if is_free:
                    queries.spend.refund(conn, id=row["id"])
            raise ImageError(reason)
        case Begun():
            return Later(_LOOK_AGAIN)
        case Later() | Again():
            return answer


def _asked(row: Row, clients: Outside) -> Answer | Later | Again:
    """What the service says about an attempt, which is begun unless it may have been before."""
    generator, name = clients.generator, row["external_id"]
    wanted = Wanted(
        row["prompt"], row["seed"], f"{clients.reports}/{row['id']}" if clients.reports else None
    )
    if name is None and row["asked_at"] is not None:
        # Somebody asked and did not live to hear the answer.
        name = generator.find(wanted, row["asked_at"])
        if name is not None:
            _keep_name(row, name, clients)
        elif (left := generator.settles - row["asked_for"]) > 0:
            return Later(left)
    if name is not None:
        return generator.look(name)
    if clients.bucket is not None:
        clients.bucket.take()
    wait = _charge(row, clients)
    if wait is not None:
        return Again(wait)
    answer = generator.begin(wanted)
    if not isinstance(answer, Begun):
        return answer
    _keep_name(row, answer.name, clients)
    return generator.look(answer.name)


class _UsedUp(Exception):
    """A budget is used up for the next so many seconds."""


def _charge(row: Row, clients: Outside) -> float | None:
    """Note that the service is about to be asked, and count that; or the seconds to wait until
    there is a budget for it. Raises ImageError if another worker has begun to ask."""
    try:
        with clients.transaction() as conn:
            if row["charged_on"] is None:
                enough = queries.spend.charge(
                    conn,
                    workspace_id=row["workspace_id"],
                    author_id=row["author_id"],
                    of_author=clients.budget_of_author,
                    of_all=clients.budget_of_all,
                )
                if len(enough) < 2:
                    raise _UsedUp(queries.spend.left(conn)["seconds_left"])  # noqa: TRY301
            if not queries.image_generation_jobs.ask(
                conn, id=row["id"], service=clients.generator.service, asked_before=row["asked_at"]
            ):
                raise ImageError("Another worker is asking for this picture.")
    except _UsedUp as used_up:
        return min(float(used_up.args[0]), _LONGEST_WAIT)
    return None


def _keep_name(row: Row, name: str, clients: Outside) -> None:
    with clients.transaction() as conn:
        queries.image_generation_jobs.name(conn, id=row["id"], external_id=name)


def _slowed_down(row: Row, error: ImageError, clients: Outside) -> float:
    """Let everybody leave the service alone for as long as it wants; returns for how long."""
    seconds = error.retry_after or _LEAVE_ALONE
    with clients.transaction() as conn:
        queries.image_generation_jobs.unask(conn, id=row["id"])
    if clients.bucket is not None:
        clients.bucket.hold(seconds)
    return seconds


def save(
    conn: Connection, job: Job, found: Picture | Reused | RefusedPrompt | Later
) -> bool | Again:
    match found:
        case Picture(job_id, service, cid, data):
            return bool(
                queries.image_generation_jobs.succeed(
                    conn, id=job_id, service=service, cid=cid, picture=data
                )
            )
        case Later(seconds):
            return Again(seconds)
        case Reused(job_id):
            return bool(queries.image_generation_jobs.reuse(conn, id=job_id))
        case RefusedPrompt(job_id, is_fallback, reason):
            queries.image_generation_jobs.refuse(conn, id=job_id, error=reason)
            queries.events.record(
                conn,
                workspace_id=job.workspace_id,
                entity="token",
                entity_id=job.subject_id,
                event="token.prompt_refused",
                payload=Jsonb({"error": reason, "is_fallback": is_fallback}),
            )
            return Again()


def give_up(conn: Connection, job: Job, error: str) -> None:
    queries.image_generation_jobs.give_up(conn, token_id=job.subject_id, error=error)


def revive(conn: Connection, token_id: UUID) -> bool:
    return bool(queries.image_generation_jobs.retry(conn, token_id=token_id))


generate_images = Kind(
    name="generate_images",
    entity="token",
    open_clients=open_clients,
    permits=permits,
    start=start,
    load=load,
    still_wanted=still_wanted,
    work=generate,
    save=save,
    put_back=put_back,
    give_up=give_up,
    revive=revive,
    delays=(0, 5, 30, 120, 600, 1_200, 3_600),
    # Seconds: longer than a service is waited for.
    lease=180,
    waits=8,
)

command = command_for([generate_images], __doc__)

if __name__ == "__main__":
    command()
