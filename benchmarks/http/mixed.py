"""A mixed load for some minutes: a hundred connections, and one wrk for each kind of request.

Each connection sends its next request as soon as the last one is answered, so the server is always
as busy as it can be, and a latency is how long each of a hundred simultaneous clients waits.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.http.measures import Measure

if TYPE_CHECKING:
    from benchmarks.http.rows import Rows
    from benchmarks.web import Served

MEGABYTES: Final = 512

_LATENCY: Final = re.compile(r"^p50 (\d+) p95 (\d+) p99 (\d+) max (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of request and its connections; 95 of 100 should be answered within `bound`."""

    measure: Measure
    connections: int
    bound: float  # milliseconds


PARTS: Final = (
    Part(Measure("GET of one item", "GET", "/api/items/{item}", "get", {}), 50, 200),
    Part(Measure("POST of an item", "POST", "/api/items", "post", {}), 15, 200),
    Part(Measure("PATCH of a task", "PATCH", "/api/me/tasks", "toggle", {}), 15, 200),
    Part(Measure("GET of a list of 100", "GET", "/api/library?limit=100", "get", {}), 20, 500),
)


@dataclass(frozen=True, slots=True)
class Load:
    """The result: for each part, requests a second and latencies in milliseconds; and the memory of
    each process at the end."""

    parts: tuple[tuple[Part, float, tuple[float, ...]], ...]
    megabytes: list[float]

    @property
    def missed(self) -> int:
        late = sum(latencies[1] >= part.bound for part, _, latencies in self.parts)
        return late + sum(each >= MEGABYTES for each in self.megabytes)


def load(served: Served, rows: Rows, seconds: int) -> Load:
    """Put the load on one server. Raises RuntimeError if an answer was not a success."""
    with ThreadPoolExecutor(len(PARTS)) as pool:
        asked = [
            pool.submit(part.measure.ask, served, rows, seconds, f"-c{part.connections}")
            for part in PARTS
        ]
        time.sleep(max(0, seconds - 1))
        megabytes = served.megabytes()
        parts = []
        for part, each in zip(PARTS, asked, strict=True):
            found = _LATENCY.search(each.result().said)
            assert found is not None, each.result().said
            parts.append((part, each.result().rate, tuple(int(us) / 1000 for us in found.groups())))
    return Load(tuple(parts), megabytes)


def lines(name: str, taken: Load) -> list[str]:
    """One server's rows of the table."""
    told = [
        f"| {name}: {part.measure.title}, {part.connections} | {rate:,.0f} | "
        + " | ".join(f"{ms:,.0f}" for ms in latencies)
        + f" | {part.bound:,.0f} |"
        for part, rate, latencies in taken.parts
    ]
    resident = " and ".join(f"{each:,.0f}" for each in taken.megabytes)
    return [
        *told,
        f"| {name}: memory of its processes | {resident} MB |  |  |  |  | {MEGABYTES} MB |",
    ]


HEAD: Final = (
    "|  | requests/s | p50 ms | p95 ms | p99 ms | slowest | p95 below |",
    "|---" * 7 + "|",
)
