"""The driver for procrastinate: `App.run_worker_async` on its asynchronous connector.

Five jobs at a time and `delete_jobs="always"`, because that is its fastest setting here; more jobs
at a time are no faster for no-ops and slower for saving results. Jobs are fetched one by one:
procrastinate has no batches. The event loop is asyncio's own, as in its documentation. Single jobs
are deferred synchronously, many at once asynchronously, again because that is fastest.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import procrastinate

from benchmarks.engine import items, protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

CONCURRENCY = 5
WORKER: dict[str, Any] = {
    "concurrency": CONCURRENCY,
    "delete_jobs": "always",
    "install_signal_handlers": False,
}


class Engine:
    """One open app, and what was recorded about its jobs."""

    def __init__(self, connector: Any) -> None:
        self.marks = protocol.Marks()
        self.connector = connector
        self.app = procrastinate.App(connector=self.connector)
        self.noop = self.app.task(name="noop")(self._noop)
        self.save = self.app.task(name="save")(self._save)
        finish = self.app.job_manager.finish_job

        async def finish_job(**arguments: Any) -> None:
            await finish(**arguments)
            self.marks.finish()

        self.app.job_manager.finish_job = finish_job

    async def _noop(self, number: int) -> None:
        self.marks.start(number)

    async def _save(self, number: int, item_id: str) -> None:
        self.marks.start(number)
        async with self.connector.pool.connection() as conn:  # commits at its end
            await conn.execute(items.SAVE, items.saved(item_id))


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Engine]:
    # The pool has a connection for each job and two for the worker itself.
    size = CONCURRENCY + 2
    connector = procrastinate.PsycopgConnector(conninfo=protocol.URL, min_size=size, max_size=size)
    engine = Engine(connector)
    async with engine.app.open_async():
        yield engine


@contextlib.contextmanager
def opened_for_single_jobs() -> Iterator[Engine]:
    engine = Engine(procrastinate.SyncPsycopgConnector(conninfo=protocol.URL, min_size=1))
    with engine.app.open():
        yield engine


async def prepare() -> None:
    async with opened() as engine:
        await engine.app.schema_manager.apply_schema_async()


def enqueue(rows: int, batch: int, first: int = 0) -> dict[str, float]:
    if batch > 1:
        return asyncio.run(enqueue_many(protocol.batches(first, rows, batch)))
    with opened_for_single_jobs() as engine:
        began = time.perf_counter()
        for number in range(first, first + rows):
            engine.noop.defer(number=number)
        return {"seconds": time.perf_counter() - began}


async def enqueue_many(groups: list[Sequence[int]]) -> dict[str, float]:
    async with opened() as engine:
        began = time.perf_counter()
        for group in groups:
            await engine.noop.batch_defer_async(*({"number": number} for number in group))
        return {"seconds": time.perf_counter() - began}


async def enqueue_items() -> None:
    async with opened() as engine:
        async with engine.connector.pool.connection() as conn:
            found = await (await conn.execute("SELECT id::text FROM items ORDER BY id")).fetchall()
        for group in protocol.batches(0, len(found), 1000):
            jobs = ({"number": number, "item_id": found[number][0]} for number in group)
            await engine.save.batch_defer_async(*jobs)


async def drain() -> dict[str, Any]:
    async with opened() as engine:
        await engine.app.run_worker_async(wait=False, **WORKER)
        return engine.marks.drained()


async def idle() -> dict[str, Any]:
    async with opened() as engine:
        worker = asyncio.create_task(engine.app.run_worker_async(**WORKER))
        protocol.say({"ready": True})
        await asyncio.to_thread(protocol.told_to_stop)
        worker.cancel()
        await asyncio.wait([worker])
        return {"starts": engine.marks.starts}


def produce(gaps: Sequence[float]) -> dict[str, Any]:
    with opened_for_single_jobs() as engine:
        sent = []
        for number, gap in enumerate(gaps):
            time.sleep(gap)
            sent.append((number, time.monotonic_ns()))
            engine.noop.defer(number=number)
        return {"sent": sent}


async def claim(backlog: int) -> dict[str, Any]:
    async with opened() as engine:
        manager = engine.app.job_manager
        worker = await manager.register_worker()
        taken = []
        for _ in range(protocol.claims_of(backlog, 1)):
            began = time.perf_counter()
            await manager.fetch_job(queues=None, worker_id=worker)
            taken.append(time.perf_counter() - began)
        return {"seconds": taken, "batch": 1}


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    protocol.serve(
        {
            "enqueue": enqueue,
            "produce": produce,
            **{
                command.__name__: protocol.running(asyncio.run, command)
                for command in (prepare, enqueue_items, drain, idle, claim)
            },
        }
    )


if __name__ == "__main__":
    main()
