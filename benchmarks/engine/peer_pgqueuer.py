"""The driver for PgQueuer, on asyncpg or on psycopg: `PgQueuer.run` on its own connections.

It uses uvloop, as PgQueuer's own command line does; the autovacuum settings that it tells everyone
to apply after the installation; and a large batch, as its tuning guide says for short jobs.
Statistics are only gathered on demand. Durability stays at its default, so that a crash loses as
little as with the others.

A drain runs two of them in the process, as PgQueuer's own benchmark runs several: one alone is a
fifth slower. On psycopg it also helps because there statements wait, for up to a second, for the
listener that shares their connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import psycopg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, PsycopgDriver, SyncPsycopgDriver
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries, SyncQueries
from pgqueuer.types import QueueExecutionMode

from benchmarks.engine import protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from pgqueuer.models import Job

ON_PSYCOPG = sys.argv[1:] == ["psycopg"]
BATCH = 500 if ON_PSYCOPG else 200
TOGETHER = 2
HEARTBEAT = timedelta(seconds=30)


class Engine:
    """One connection, and what was recorded about its jobs."""

    def __init__(self, driver: Any, marks: protocol.Marks) -> None:
        self.marks = marks
        self.queries = Queries(driver)
        self.pgq = PgQueuer(driver, queries=self.queries)
        log_jobs = self.queries.log_jobs

        async def counted(job_status: list[Any]) -> None:
            await log_jobs(job_status)
            self.marks.finish(len(job_status))

        self.queries.log_jobs = counted

        @self.pgq.entrypoint("noop")
        async def noop(job: Job) -> None:
            self.marks.start(int(job.payload or b"0"))

    async def run(self, mode: QueueExecutionMode) -> None:
        await self.pgq.run(
            batch_size=BATCH,
            mode=mode,
            heartbeat_timeout=HEARTBEAT,
            log_aggregation_interval=timedelta(0),
        )


@contextlib.asynccontextmanager
async def opened(marks: protocol.Marks | None = None) -> AsyncIterator[Engine]:
    marks = marks or protocol.Marks()
    if ON_PSYCOPG:
        async with await psycopg.AsyncConnection.connect(protocol.URL, autocommit=True) as conn:
            yield Engine(PsycopgDriver(conn), marks)
    else:
        connection = await asyncpg.connect(protocol.URL)
        yield Engine(AsyncpgDriver(connection), marks)
        await connection.close()


async def prepare() -> None:
    async with opened() as engine:
        await engine.queries.install()
        await engine.queries.optimize_autovacuum()


def put(queries: Any, numbers: Sequence[int]) -> Any:
    """One call of the library; on asyncpg, the result has to be awaited."""
    if len(numbers) == 1:
        return queries.enqueue("noop", b"%d" % numbers[0])
    size = len(numbers)
    return queries.enqueue(["noop"] * size, [b"%d" % number for number in numbers], [0] * size)


def enqueue(rows: int, batch: int, first: int = 0) -> dict[str, float]:
    groups = protocol.batches(first, rows, batch)
    if not ON_PSYCOPG:
        return uvloop.run(enqueue_on_asyncpg(groups))
    with psycopg.connect(protocol.URL, autocommit=True) as conn:
        queries = SyncQueries(SyncPsycopgDriver(conn))
        return {"seconds": protocol.timed(lambda: [put(queries, group) for group in groups])}


async def enqueue_on_asyncpg(groups: list[Sequence[int]]) -> dict[str, float]:
    async with opened() as engine:
        began = time.perf_counter()
        for group in groups:
            await put(engine.queries, group)
        return {"seconds": time.perf_counter() - began}


async def drain() -> dict[str, Any]:
    marks = protocol.Marks()
    async with contextlib.AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(opened(marks)) for _ in range(TOGETHER)]
        await asyncio.gather(*(engine.run(QueueExecutionMode.drain) for engine in engines))
        return marks.drained()


async def idle() -> dict[str, Any]:
    async with opened() as engine:
        worker = asyncio.create_task(engine.run(QueueExecutionMode.continuous))
        protocol.say({"ready": True})
        await asyncio.to_thread(protocol.told_to_stop)
        engine.pgq.shutdown.set()
        await worker
        return {"starts": engine.marks.starts}


async def produce(gaps: Sequence[float]) -> dict[str, Any]:
    async with opened() as engine:
        sent = []
        for number, gap in enumerate(gaps):
            await asyncio.sleep(gap)
            sent.append((number, time.monotonic_ns()))
            await put(engine.queries, [number])
        return {"sent": sent}


async def claim(backlog: int) -> dict[str, Any]:
    async with opened() as engine:
        worker = uuid.uuid4()
        taken = []
        for _ in range(protocol.claims_of(backlog, BATCH)):
            began = time.perf_counter()
            await engine.queries.dequeue(
                batch_size=BATCH,
                entrypoints={"noop": EntrypointExecutionParameter(concurrency_limit=0)},
                queue_manager_id=worker,
                global_concurrency_limit=None,
                heartbeat_timeout=HEARTBEAT,
            )
            taken.append(time.perf_counter() - began)
        return {"seconds": taken, "batch": BATCH}


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    asynchronous = (prepare, drain, idle, produce, claim)
    commands = {call.__name__: protocol.running(uvloop.run, call) for call in asynchronous}
    protocol.serve({**commands, "enqueue": enqueue})


if __name__ == "__main__":
    main()
