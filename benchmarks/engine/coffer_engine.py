"""The driver for Coffer: its own `Worker` and its own queries.

Everything that depends on the engine's interface is in `worker_of`, `drained` and `claim`.
"""

from __future__ import annotations

import dataclasses
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from benchmarks.engine import items, protocol
from sql.connection import connect
from webapp.clients.ai.contract import Enrichment, TagSuggestion
from webapp.settings import Settings
from webapp.telemetry import logs
from workers.engine.kind import Clients, Kind
from workers.engine.loop import BATCH, Worker
from workers.engine.turns import Turns
from workers.enrich_items import Enriched, enrich_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workers.engine.job import Job

WORKSPACE: Final = uuid.UUID(int=1)
WORKER: Final = uuid.UUID(int=2)
ENQUEUE: Final = "INSERT INTO outbox (kind, subject_id, workspace_id) VALUES ('noop', %s, %s)"
ENQUEUE_MANY: Final = (
    "INSERT INTO outbox (kind, subject_id, workspace_id)"
    " SELECT 'noop', new.id, %s FROM unnest(%s::uuid[]) AS new (id)"
)

_FOUND: Final = Enriched(
    page=None,
    enrichment=Enrichment(
        title=items.TITLE,
        summary=items.SUMMARY,
        tags=tuple(TagSuggestion(name, confidence) for name, confidence in items.TAGS.items()),
        language=items.LANGUAGE,
    ),
    source="text",
)


def worker_of(kind: Kind) -> Worker:
    settings = Settings(
        environment="production",
        database_url=protocol.URL,
        database_migrate_url=protocol.URL,
        database_listen_url=protocol.URL,
        secret_key="for a benchmark only",
        log_level="WARNING",
    )
    logs.configure(settings)
    return Worker([kind], settings)


def noop(marks: protocol.Marks) -> Kind:
    """Work that notes when it started and does nothing."""

    def work(number: int, _: Clients) -> None:
        marks.start(number)

    return Kind(name="noop", load=_numbers, work=work)


def _numbers(_: object, jobs: Sequence[Job]) -> dict[uuid.UUID, int]:
    return {job.subject_id: job.subject_id.int for job in jobs}


def instant(marks: protocol.Marks) -> Kind:
    """The items' own kind, with a provider that answers at once."""

    def work(_item: dict[str, Any], _: Clients) -> Enriched:
        marks.start(0)
        return _FOUND

    return dataclasses.replace(enrich_items, work=work, open_clients=lambda _settings: Clients())


def drained(kind: Kind, marks: protocol.Marks) -> dict[str, Any]:
    """Run until nothing is due. It ends when the worker returns: by then it has seen the answer to
    its last transaction, and all it does after that is look for more once."""
    worker_of(kind).run(once=True)
    marks.finish(len(marks.starts))
    return marks.drained()


def drain() -> dict[str, Any]:
    marks = protocol.Marks()
    return drained(noop(marks), marks)


def drain_items() -> dict[str, Any]:
    marks = protocol.Marks()
    return drained(instant(marks), marks)


def idle() -> dict[str, Any]:
    marks = protocol.Marks()
    worker = worker_of(noop(marks))

    def end() -> None:
        protocol.told_to_stop()
        worker.stop()

    threading.Thread(target=end, daemon=True).start()
    protocol.say({"ready": True})
    worker.run()
    return {"starts": marks.starts}


def claim(backlog: int) -> dict[str, Any]:
    """Time claims. A survey, due every quarter of a second, counts with the claim after it."""
    turns = Turns("noop")
    with connect(protocol.URL, "coffer benchmark") as conn:
        taken = [
            protocol.timed(lambda: turns.claim(conn, limit=BATCH, worker=WORKER, lease=120.0))
            for _ in range(protocol.claims_of(backlog, BATCH))
        ]
    return {"seconds": taken, "batch": BATCH}


def prepare() -> None:
    """Do nothing: the database is already migrated."""


def enqueue(rows: int, batch: int, first: int = 0) -> dict[str, float]:
    with connect(protocol.URL, "coffer benchmark") as conn:
        groups = protocol.batches(first, rows, batch)
        began = time.perf_counter()
        for group in groups:
            if batch == 1:
                conn.execute(ENQUEUE, (uuid.UUID(int=group[0]), WORKSPACE))
            else:
                conn.execute(ENQUEUE_MANY, (WORKSPACE, [uuid.UUID(int=n) for n in group]))
        return {"seconds": time.perf_counter() - began}


def produce(gaps: Sequence[float]) -> dict[str, Any]:
    sent = []
    with connect(protocol.URL, "coffer benchmark") as conn:
        for number, gap in enumerate(gaps):
            time.sleep(gap)
            sent.append((number, time.monotonic_ns()))
            conn.execute(ENQUEUE, (uuid.UUID(int=number), WORKSPACE))
    return {"sent": sent}


def main() -> None:
    commands = (prepare, enqueue, drain, drain_items, idle, produce, claim)
    protocol.serve({command.__name__: command for command in commands})


if __name__ == "__main__":
    main()
