"""Coffer's engine compared with its peers: rates, latencies and claim times, as Markdown.

    python -m benchmarks.engine [measure ...] [--rounds N] [--peers a,b] [--scale 0.1]

The first run installs the peers into `.bench/`.
"""

from __future__ import annotations

import argparse
import functools
import signal
import sys
from typing import TYPE_CHECKING, Final

from benchmarks.engine import environment, limit, measures, server
from benchmarks.engine.peers import PEERS, DriverError
from benchmarks.engine.report import Table
from benchmarks.installed import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.engine.measures import Figures, Run
    from benchmarks.engine.peers import Peer

MEASURES: Final = {
    "drain": "Drain of no-op rows by one process, fsync off",
    "save": "Items saved by one process, fsync on",
    "enqueue": "Enqueues a second",
    "latency": "From the enqueue to the handler, idle system",
    "pinned": "Drain while an old transaction is open",
    "claim": "One claim, by backlog",
}
# The engines that can save items.
SAVING: Final = ("coffer", "procrastinate")
LIMIT: Final = "pgbench"


def main() -> int:
    chosen = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwinds, so everything is cleaned up
    failed = False
    names = chosen.peers.split(",")
    contending = [peer for peer in PEERS if peer.name in names]
    try:
        node = any(peer.in_javascript for peer in contending)
        python = any(peer.program[0] == environment.PYTHON for peer in contending)
        environment.make(python=python, node=node)
        with server.running() as databases:
            run = measures.Run(databases, chosen.scale)
            print(f"PostgreSQL {databases.version()}, {environment.versions()}.")
            print(f"Medians of {chosen.rounds} rounds (lowest to highest).\n", flush=True)
            for measure in chosen.measures or MEASURES:
                table = Table(_title(measure, run, contending))
                contenders = _contenders(measure, contending, with_limit=LIMIT in names)
                for label, figures in measures.rounds(run, contenders, chosen.rounds):
                    table.add(label, figures)
                print("\n".join(table.lines("Coffer")), flush=True)
                failed = failed or bool(table.failed)
    except (Missing, DriverError) as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if failed else 0


def _contenders(
    measure: str, peers: list[Peer], *, with_limit: bool
) -> dict[str, Callable[[Run], Figures]]:
    """By label, the function that runs one round of a measure."""
    call = getattr(measures, measure)
    found = {
        peer.label: functools.partial(call, peer=peer)
        for peer in peers
        if measure != "save" or peer.name in SAVING
    }
    coffer = PEERS[0]
    if measure == "drain" and with_limit:
        for clients in (1, *limit.SEVERAL):
            label = f"{LIMIT}, {clients} client{'s' if clients > 1 else ''}"
            found[label] = functools.partial(measures.drain_limit, peer=coffer, clients=clients)
    if measure == "enqueue" and with_limit:
        found[f"{LIMIT}, 1 client"] = functools.partial(measures.enqueue_limit, peer=coffer)
    return found


def _title(measure: str, run: Run, peers: list[Peer]) -> str:
    """What is measured and on how many rows, including those of peers that get another number."""
    said = MEASURES[measure]
    counted = {"drain": ["drain"], "save": ["save"], "pinned": ["pinned"]}
    for key in {**counted, "enqueue": ["one", "bulk"]}.get(measure, []):
        rows = [f"{measures.ROWS[key] * run.scale:,.0f} rows"]
        rows += [f"{run.rows(key, peer):,} for {peer.label}" for peer in peers if key in peer.rows]
        name = {"one": "one by one ", "bulk": "in bulk "}.get(key, "")
        said += f"; {name}{', '.join(rows)}"
    return said


def _arguments() -> argparse.Namespace:
    everyone = ",".join([*(peer.name for peer in PEERS), LIMIT])
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("measures", nargs="*", metavar="measure", help=", ".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    parser.add_argument("--peers", default=everyone, help=f"default: {everyone}")
    parser.add_argument("--scale", type=float, default=1.0, help="a share of the usual rows")
    chosen = parser.parse_args()
    if wrong := set(chosen.measures) - MEASURES.keys():
        parser.error(f"no such measure: {', '.join(sorted(wrong))}")
    if wrong := set(chosen.peers.split(",")) - set(everyone.split(",")):
        parser.error(f"no such peer: {', '.join(sorted(wrong))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
