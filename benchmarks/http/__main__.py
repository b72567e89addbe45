"""Coffer's web compared with FastAPI and SQLAlchemy, bare Flask, and what the database can do.

    python -m benchmarks.http [measure ...] [--rounds N] [--seconds S] [--minutes M]

The first run installs the peer into `.bench/`.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Final

import psycopg

from benchmarks import pgbench, web
from benchmarks.databases import migrated_server
from benchmarks.http import contenders, limit, mixed, report
from benchmarks.http.contenders import BARE, COFFER, FLOOR, PEER
from benchmarks.http.measures import MEASURES, check_same
from benchmarks.http.rows import fill
from benchmarks.installed import Missing

if TYPE_CHECKING:
    from benchmarks.http.measures import Measure
    from benchmarks.http.rows import Rows
    from benchmarks.web import Served

MIXED: Final = "mixed"
PGBENCH: Final = "pgbench, 32 clients"


def main() -> int:
    chosen = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so everything is cleaned up
    if not web.has_wrk():
        return 0
    wanted = chosen.measures or [*MEASURES, MIXED]
    try:
        contenders.ENVIRONMENT.make()
        with migrated_server() as url, contextlib.ExitStack() as stack:
            with psycopg.connect(url, autocommit=True) as conn:
                rows = fill(conn)
                print(f"PostgreSQL {_version(conn)}, {_versions()}.")
            print(f"Medians of {chosen.rounds} rounds (lowest to highest).\n", flush=True)
            servers = {
                BARE: stack.enter_context(contenders.bare(url)),
                COFFER: stack.enter_context(contenders.coffer(url)),
                PEER: stack.enter_context(contenders.peer(url)),
                FLOOR: stack.enter_context(contenders.floor(url)),
            }
            check_same({name: servers[name] for name in (COFFER, PEER)}, rows)
            missed = 0
            for name in wanted:
                if name == MIXED:
                    missed += _mix(servers, rows, round(chosen.minutes * 60))
                else:
                    missed += _measure(name, url, servers, rows, chosen)
    except (Missing, pgbench.Failed) as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if missed else 0


def _measure(
    name: str, url: str, servers: dict[str, Served], rows: Rows, chosen: argparse.Namespace
) -> int:
    """Run one measure, with each contender taking its turn in every round."""
    measure = MEASURES[name]
    asked = {each: served for each, served in servers.items() if each != BARE or name == "get"}
    figures: dict[str, list[tuple[float, float | None]]] = {
        each: [] for each in (COFFER, PEER, *asked, PGBENCH)
    }
    for each, served in asked.items():
        _ask(measure, each, served, rows, 2)
    for _ in range(chosen.rounds):
        for each, served in asked.items():
            figures[each].append(_ask(measure, each, served, rows, chosen.seconds))
        figures[PGBENCH].append((limit.rate(url, rows, name, chosen.seconds), None))
    print("\n".join(report.table(measure, figures)), flush=True)
    return report.missed(measure, figures)


def _ask(
    measure: Measure, name: str, served: Served, rows: Rows, seconds: int
) -> tuple[float, float]:
    found = (
        served.ask("/bare", seconds=seconds) if name == BARE else measure.ask(served, rows, seconds)
    )
    return found.rate, found.processor


def _mix(servers: dict[str, Served], rows: Rows, seconds: int) -> int:
    """Run the mixed load on both, one after the other; the bounds only apply to Coffer."""
    print(f"### Mixed load, 100 connections, {seconds} seconds\n")
    print("\n".join(mixed.HEAD), flush=True)
    missed = 0
    for name in (COFFER, PEER):
        taken = mixed.load(servers[name], rows, seconds)
        print("\n".join(mixed.lines(name, taken)), flush=True)
        missed += taken.missed if name == COFFER else 0
    print()
    return missed


def _version(conn: psycopg.Connection) -> str:
    row = conn.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else ""


def _versions() -> str:
    names = ("fastapi", "pydantic", "sqlalchemy", "psycopg", "uvicorn", "uvloop", "httptools")
    found = contenders.ENVIRONMENT.versions(*names)
    return ", ".join([*found, f"Python {sys.version.split()[0]}"])


def _arguments() -> argparse.Namespace:
    known = [*MEASURES, MIXED]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.http", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("measures", nargs="*", metavar="measure", help=", ".join(known))
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--seconds", type=int, default=5, help="of each turn; default: 5")
    parser.add_argument("--minutes", type=float, default=5, help="of the mixed load; default: 5")
    chosen = parser.parse_args()
    if wrong := set(chosen.measures) - set(known):
        parser.error(f"no such measure: {', '.join(sorted(wrong))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
