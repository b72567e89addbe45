"""Embed texts: make vectors of items, documents and tasks, so that they are found by their meaning.

Queued whenever a text is new or changes, and by `fill_embeddings` when the model is new. Without a
server that has vectors, or a provider, nothing is queued.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.clients.ai.contract import AIError
from webapp.filing.embeddings import provider_of
from webapp.reading.passages import MOST_CHARACTERS, passages_of
from workers.engine import progress
from workers.engine.job import Again
from workers.engine.kind import Batch, Clients, Kind, Permit
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.embeddings.contract import Provider, Vector
    from webapp.reading.passages import Passage
    from webapp.settings import Settings
    from workers.engine.job import Job

    Thing = dict[str, Any]

# Seconds until a worker with another model than the current one asks again.
_PAUSE = 30.0
# Passages that are embedded at once, between two reports.
_MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The provider of the settings, if there is one."""

    provider: Provider | None

    def close(self) -> None:
        if self.provider is not None:
            self.provider.close()


@dataclass(frozen=True, slots=True)
class Embedded:
    """A thing's passages with their vectors, written as the database reads them."""

    model_id: int
    passages: Sequence[Passage]
    vectors: Sequence[str]
    has_pages: bool


def open_clients(settings: Settings) -> Outside:
    return Outside(provider_of(settings))


def permits(conn: Connection, clients: Outside, wanted: int) -> Permit:
    """None while another model is current: its vectors are not made here. What is queued while none
    is, `load` drops."""
    current = queries.embeddings.current(conn)
    ours = clients.provider.model if clients.provider is not None else None
    if current is not None and current["name"] != ours:
        return Permit(0, _PAUSE)
    return Permit(wanted)


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Thing]:
    things = queries.embeddings.load(
        conn, ids=[job.subject_id for job in jobs], most_characters=MOST_CHARACTERS
    )
    return {thing["id"]: thing for thing in things}


def embed(things: Sequence[Thing], clients: Outside) -> list[Embedded | Exception]:
    """The work itself, for each thing its vectors or the error."""
    cut = [passages_of(thing["title"], thing["summary"], thing["body"]) for thing in things]
    provider = clients.provider
    if provider is None:
        return [_without_provider() for _ in things]
    try:
        vectors = _vectors(provider, [passage.text for passages in cut for passage in passages])
    except AIError as error:
        if len(things) > 1 and error.permanent:
            # One of them may be to blame.
            return [found for thing in things for found in embed([thing], clients)]
        return [error for _ in things]
    done: list[Embedded | Exception] = []
    for thing, passages in zip(things, cut, strict=True):
        own, vectors = vectors[: len(passages)], vectors[len(passages) :]
        done.append(_embedded(thing, passages, own))
    return done


def save(conn: Connection, job: Job, found: Embedded) -> bool | Again:
    saved = queries.embeddings.save(conn, **written(job.subject_id, found))
    return True if saved else Again(_PAUSE)


def written(thing_id: UUID, found: Embedded) -> dict[str, Any]:
    """What of a thing is written."""
    return {
        "id": thing_id,
        "model_id": found.model_id,
        "pages": [each.page if found.has_pages else None for each in found.passages],
        "starts": [each.starts_at for each in found.passages],
        "lengths": [each.length for each in found.passages],
        "vectors": list(found.vectors),
    }


def _vectors(provider: Provider, texts: Sequence[str]) -> list[Vector]:
    found: list[Vector] = []
    for start in range(0, len(texts), _MOST_AT_ONCE):
        progress.report(start, len(texts), doing="embedding")
        found += list(provider.embed(texts[start : start + _MOST_AT_ONCE]))
    return found


def _embedded(
    thing: Thing, passages: Sequence[Passage], vectors: Sequence[Vector]
) -> Embedded | AIError:
    kept = [
        (passage, vector)
        for passage, vector in zip(passages, vectors, strict=True)
        if vector.any()  # zeros are near to nothing
    ]
    known = thing["dimensions"]
    if known is not None and any(len(vector) != known for _, vector in kept):
        return AIError(
            f"{thing['model']!r} made {len(kept[0][1])} numbers of a text, and {known} before.",
            permanent=True,
        )
    return Embedded(
        thing["model_id"],
        [passage for passage, _ in kept],
        [f"[{','.join(map(str, vector.tolist()))}]" for _, vector in kept],
        thing["type"] == "document",
    )


def _without_provider() -> AIError:
    return AIError("This worker has no provider of embeddings.")


embed_texts = Kind(
    name="embed_texts",
    open_clients=open_clients,
    permits=permits,
    load=load,
    work=embed,
    save=save,
    batch=Batch(16, 0.05),
    # A request takes up to a minute.
    delays=(0, 30, 300, 3600),
    lease=180,
)

command = command_for([embed_texts], __doc__)

if __name__ == "__main__":
    command()
