"""Every benchmark, one after the other: `make bench`."""

from __future__ import annotations

import sys

from benchmarks import (
    archives,
    authentication,
    claims,
    extractive,
    imports,
    notify,
    round_trips,
    search,
    transitions,
)
from benchmarks.consumers import changes, webhooks
from benchmarks.documents import classification, ocr, reading, shares, throughput, upload
from benchmarks.documents import search as documents_search
from benchmarks.engine import __main__ as engine
from benchmarks.extraction import exports, jobs
from benchmarks.http import __main__ as http
from benchmarks.meaning import speed as meaning
from benchmarks.tables import __main__ as tables
from benchmarks.tokens import buckets, chaos, gas, missed, paid, reveals
from benchmarks.tokens import webhook as mints_told

BENCHMARKS = (
    *(transitions, round_trips, extractive, notify, claims, authentication),
    *(search, meaning, imports, archives, http, engine),
    *(reading, ocr, throughput, upload, documents_search, classification, shares, tables),
    *(changes, webhooks, jobs, exports),
    *(mints_told, missed),
    *(buckets, paid),
    *(gas, reveals, chaos),
)


def main() -> int:
    """Run them all; returns 1 if one of them missed its bound."""
    missed = 0
    for benchmark in BENCHMARKS:
        subject = (benchmark.__doc__ or "").splitlines()[0]
        print(f"\n== {subject}\n", flush=True)
        missed += benchmark.main()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
