"""What is measured. Each function is one round: one figure or a few for each engine, by label."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg

from benchmarks.engine import items, limit, server
from benchmarks.engine.peers import Driver, DriverError
from workers.engine.loop import BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.engine.peers import Peer
    from benchmarks.engine.server import Databases

Figures = dict[str, float]

# How many rows each measure uses, unless a peer has its own number.
ROWS: Final = {
    "drain": 100_000,
    "save": 20_000,
    "one": 2_000,
    "bulk": 100_000,
    "pinned": 300_000,
}
IN_BULK: Final = 1_000
BACKLOGS: Final = (10_000, 100_000, 1_000_000)
ENQUEUES: Final = 300

_ENQUEUE: Final = {
    ("one", False): "one by one, alone",
    ("one", True): "one by one, with a worker",
    ("bulk", False): "1,000 a call, alone",
    ("bulk", True): "1,000 a call, with a worker",
}

# Enqueues before the ones that count, and the seconds a worker gets to fall asleep.
WARM_UP: Final = 10
SETTLE: Final = 1.5


@dataclass(frozen=True)
class Run:
    """What every measure needs."""

    databases: Databases
    scale: float

    def rows(self, measure: str, peer: Peer) -> int:
        return max(20, int(peer.rows.get(measure, ROWS[measure]) * self.scale))


def drain(run: Run, peer: Peer) -> Figures:
    rows = run.rows("drain", peer)
    with run.databases.fresh(migrated=peer.migrated) as url, Driver(peer, url) as driver:
        driver.ask("prepare")
        return {"rows/s": _drained(driver, url, rows)}


def drain_limit(run: Run, peer: Peer, clients: int) -> Figures:
    """pgbench instead of a worker, on rows that Coffer's driver enqueued."""
    full = BATCH * clients  # every claim gets a whole batch
    rows = math.ceil(run.rows("drain", peer) / full) * full
    with run.databases.fresh(migrated=True) as url, Driver(peer, url) as driver:
        _enqueue(driver, url, rows)
        return {"rows/s": limit.drain(url, rows, clients)}


def enqueue_limit(run: Run, peer: Peer) -> Figures:
    """pgbench instead of a producer. In bulk there is no limit to show: the server would have to
    make the ids that a producer sends."""
    with run.databases.fresh(migrated=True) as url:
        return {_ENQUEUE["one", False]: limit.enqueue(url, run.rows("one", peer))}


def save(run: Run, peer: Peer) -> Figures:
    """Results saved to items, with commits that reach the disk."""
    rows = run.rows("save", peer)
    run.databases.set_fsync(on=True)
    try:
        with run.databases.fresh(migrated=True) as url, Driver(peer, url) as driver:
            driver.ask("prepare")
            with psycopg.connect(url, autocommit=True) as conn:
                items.make(conn, rows, queued=peer.migrated)
            if not peer.migrated:
                driver.ask("enqueue_items")
            _execute(url, "ANALYZE")
            answer = driver.ask("drain_items" if peer.migrated else "drain")
            _check(peer, url, answer, rows)
            saved = _execute(
                url,
                "SELECT count(*), (SELECT count(*) FROM suggestions) FROM items"
                " WHERE status = 'ready_to_confirm'",
            )
            if saved != (rows, rows * len(items.TAGS)):
                raise DriverError(f"{peer.label} saved {saved} of {rows} items")
            return {"items/s": rows / answer["seconds"]}
    finally:
        run.databases.set_fsync(on=False)


def enqueue(run: Run, peer: Peer) -> Figures:
    """The rates without a worker, and with one idle worker that takes the work as it arrives."""
    figures: Figures = {}
    for way, batch in (("one", 1), ("bulk", IN_BULK)):
        rows = run.rows(way, peer)
        for with_worker in (False, True):
            with ExitStack() as stack:
                url = stack.enter_context(run.databases.fresh(migrated=peer.migrated))
                driver = stack.enter_context(Driver(peer, url))
                driver.ask("prepare")
                worker = stack.enter_context(Driver(peer, url)) if with_worker else None
                if worker is not None:
                    worker.ask("idle")
                    time.sleep(SETTLE)
                seconds = driver.ask("enqueue", rows=rows, batch=batch)["seconds"]
                if worker is not None:
                    worker.end_idle()
            figures[_ENQUEUE[way, with_worker]] = rows / seconds
    return figures


def latency(run: Run, peer: Peer) -> Figures:
    """From just before the enqueue call to the handler's first line, on an idle system."""
    count = WARM_UP + max(20, int(ENQUEUES * run.scale))
    # 20 to 50 ms apart, irregular, but the same for every peer and round.
    gaps = [0.02 + 0.03 * (number * 0.618 % 1) for number in range(count)]
    with ExitStack() as stack:
        url = stack.enter_context(run.databases.fresh(migrated=peer.migrated))
        producer = stack.enter_context(Driver(peer, url))
        producer.ask("prepare")
        worker = stack.enter_context(Driver(peer, url))
        worker.ask("idle")
        time.sleep(SETTLE)
        sent = dict(producer.ask("produce", gaps=gaps)["sent"])
        _until_done(peer, url)
        starts = dict(worker.end_idle()["starts"])
    if starts.keys() != sent.keys():
        raise DriverError(f"{peer.label} started {len(starts)} of {len(sent)}")
    waits = [(starts[n] - sent[n]) / 1e6 for n in sent if n >= WARM_UP]
    hundredths = statistics.quantiles(waits, n=100, method="inclusive")
    return {"p50 ms": hundredths[49], "p99 ms": hundredths[98]}


def pinned(run: Run, peer: Peer) -> Figures:
    """A drain while a transaction older than every row keeps dead rows from being removed."""
    rows = run.rows("pinned", peer)
    rates = []
    for hold in (False, True):
        with ExitStack() as stack:
            url = stack.enter_context(run.databases.fresh(migrated=peer.migrated))
            driver = stack.enter_context(Driver(peer, url))
            driver.ask("prepare")
            if hold:
                stack.enter_context(server.pinned(url))
            rates.append(_drained(driver, url, rows))
    without, held = rates
    return {"rows/s without": without, "rows/s pinned": held, "part kept": held / without}


def claim(run: Run, peer: Peer) -> Figures:
    """One claim of the engine's own batch size, by its own function, as the backlog grows."""
    figures: Figures = {}
    enqueued = 0
    with run.databases.fresh(migrated=peer.migrated) as url, Driver(peer, url) as driver:
        driver.ask("prepare")
        for size in BACKLOGS:
            backlog = max(100, int(size * run.scale))
            _enqueue(driver, url, backlog - enqueued, first=enqueued)
            enqueued = backlog
            answer = driver.ask("claim", backlog=backlog)
            figures["rows a claim"] = answer["batch"]
            figures[f"ms at {size:,}"] = statistics.median(answer["seconds"]) * 1e3
    # Batch sizes differ, so the time for one row is compared.
    figures["µs a row at the largest"] = figures[f"ms at {size:,}"] * 1e3 / answer["batch"]
    return figures


def _drained(driver: Driver, url: str, rows: int) -> float:
    _enqueue(driver, url, rows)
    answer = driver.ask("drain")
    _check(driver.peer, url, answer, rows)
    return float(rows / answer["seconds"])


def _enqueue(driver: Driver, url: str, rows: int, first: int = 0) -> None:
    driver.ask("enqueue", rows=rows, batch=IN_BULK, first=first)
    # As autovacuum would within a minute: no engine should be judged by a plan without statistics.
    _execute(url, "ANALYZE")


def _check(peer: Peer, url: str, answer: dict[str, int], rows: int) -> None:
    """Check that every row was started once and finished once, and that none is left."""
    left = _execute(url, peer.unfinished)
    if (answer["started"], answer["finished"], left) != (rows, rows, (0,)):
        raise DriverError(f"{peer.label}: {answer} of {rows} rows, left {left}")


def _until_done(peer: Peer, url: str) -> None:
    deadline = time.monotonic() + 30
    while _execute(url, peer.unfinished) != (0,):
        if time.monotonic() > deadline:
            raise DriverError(f"{peer.label} leaves work undone")
        time.sleep(0.2)


def _execute(url: str, statement: str) -> tuple[object, ...] | None:
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(statement)
        return cursor.fetchone() if cursor.description else None


def rounds(
    run: Run, contenders: dict[str, Callable[[Run], Figures]], count: int
) -> Iterator[tuple[str, Figures | None]]:
    """Run every contender once a round, so that other load on the machine affects all of them. One
    that fails has no figures, and no more rounds."""
    going = dict(contenders)
    for number in range(count):
        for label, contender in list(going.items()):
            began = time.monotonic()
            try:
                yield label, contender(run)
            except (DriverError, subprocess.TimeoutExpired, psycopg.Error) as error:
                del going[label]
                print(f"  {label} failed: {error}", file=sys.stderr, flush=True)
                yield label, None
            took = time.monotonic() - began
            print(f"  round {number + 1}, {label}: {took:.1f} s", file=sys.stderr, flush=True)
