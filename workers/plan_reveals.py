"""Plan reveals: gather the tokens of a collection that are ready into transactions of fifty.

A batch is planned when it is full, or when its oldest token has waited for five seconds, or at once
if somebody asked for it. Only so many reveals of a keeper are under way; when one is in a block,
the next are planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.rules.tokens.uri import uri_of
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Job

# The contract takes so many at once.
MOST_TOKENS: Final = 50
# Seconds that a token waits for others.
PATIENCE: Final = 5.0
# Seconds between two looks while some wait: for others, or for a reveal to get into a block.
_LOOK_EVERY: Final = 0.2


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """Nothing outside, but what the settings say."""

    in_flight: int
    cid_form: str


def open_clients(settings: Settings) -> Outside:
    return Outside(settings.reveals_in_flight, settings.reveal_cid_form)


def work(job: Job, clients: Outside) -> Outside:  # noqa: ARG001
    return clients


def save(conn: Connection, job: Job, wanted: Outside) -> bool | Again:
    under_way = queries.reveals.count_under_way(conn, collection_id=job.subject_id)
    room = max(wanted.in_flight - under_way, 0) * MOST_TOKENS
    # One more, to know whether any will be left.
    tokens = queries.reveals.next_tokens(conn, collection_id=job.subject_id, limit=room + 1)
    batches = list(_batches(tokens[:room], at_once=bool(job.payload.get("now"))))
    if batches:
        told = [
            {
                "token_ids": [token["token_id"] for token in batch],
                "uris": [uri_of(token["metadata_cid"], wanted.cid_form) for token in batch],
            }
            for batch in batches
        ]
        queries.reveals.plan(conn, collection_id=job.subject_id, batches=Jsonb(told))
    return Again(_LOOK_EVERY) if len(tokens) > sum(map(len, batches)) else True


def _batches(
    tokens: Sequence[dict[str, Any]], *, at_once: bool
) -> Iterator[Sequence[dict[str, Any]]]:
    """The batches that need not wait for others, of tokens in the order in which they wait."""
    for start in range(0, len(tokens), MOST_TOKENS):
        batch = tokens[start : start + MOST_TOKENS]
        if len(batch) == MOST_TOKENS or at_once or batch[0]["waited"] >= PATIENCE:
            yield sorted(batch, key=lambda token: int(token["token_id"]))


plan_reveals = Kind(
    name="plan_reveals",
    entity="collection",
    open_clients=open_clients,
    work=work,
    save=save,
    delays=(0, 5, 30, *[60] * 1_000),
    lease=30,
)

command = command_for([plan_reveals], __doc__)

if __name__ == "__main__":
    command()
