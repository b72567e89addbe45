"""The tables of ICDAR 2013: how many of their relations and whole grids are found, how fast, and
with how much memory, next to img2table, camelot, pdfplumber and tabula.

Each peer gets the files one after the other in one process. Coffer reads as workers do, each file
in a limited child; its speed in one process is shown too, which is what the peers' compares with.

    python -m benchmarks.tables [peer ...]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pypdfium2

from benchmarks.installed import Missing, PythonEnvironment, say
from benchmarks.tables import truth
from webapp.parsing.documents.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.tables.truth import Pages, Score

HERE: Final = Path(__file__).parent
ENVIRONMENT: Final = PythonEnvironment("tables", HERE / "requirements.txt")
PEERS: Final = ("pdfplumber", "camelot", "img2table", "tabula")

_LEAST_RELATIONS, _LEAST_MEAN, _LEAST_WHOLE = 0.93, 0.91, 100
_FASTER, _MOST_MEMORY = 20, 80  # times; MiB
_AHEAD: Final = {"img2table": 1.04, "camelot": 1.1}
_ALONE: Final = (
    "import json, resource, sys, time\n"
    "from webapp.parsing.documents.reading import Reading\n"
    "from webapp.parsing.documents.source import Source\n"
    "from webapp.parsing.tables.dispatch import find_tables\n"
    "for line in sys.stdin:\n"
    "    began = time.monotonic()\n"
    "    with open(line.rstrip('\\n'), 'rb') as file:\n"
    "        find_tables(Source(file.fileno()), '', Reading())\n"
    "    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
    "    print(json.dumps([{}, time.monotonic() - began, used]), flush=True)\n"
)


def main() -> int:
    """1 where an aim is missed."""
    asked = sys.argv[1:] if __name__ == "__main__" else []
    try:
        expected = truth.files()
        ENVIRONMENT.make()
    except Missing as missing:
        say(f"Not measured: {missing}.")
        return 0
    pages = sum(len(pypdfium2.PdfDocument(pdf)) for pdf in expected)
    print(f"### {pages} pages, 158 tables\n")
    print("|  | relations | mean | whole | pages/s | MiB |\n|---|---|---|---|---|---|")
    score = truth.score(found_here(list(expected)), expected)
    _, seconds, memory = _run([sys.executable, "-c", _ALONE], list(expected))
    _print("Coffer", score, pages / seconds, memory)
    holds = [
        score.relations >= _LEAST_RELATIONS,
        score.mean >= _LEAST_MEAN,
        score.whole >= _LEAST_WHOLE,
        memory < _MOST_MEMORY,
    ]
    for peer in asked or PEERS:
        command = [str(ENVIRONMENT.python), str(HERE / "peer.py"), peer]
        found, peer_seconds, peer_memory = _run(command, list(expected))
        theirs = truth.score(found, expected)
        _print(peer, theirs, pages / peer_seconds, peer_memory)
        if peer in _AHEAD:
            holds.append(score.relations >= _AHEAD[peer] * theirs.relations)
            holds.append(peer_seconds >= _FASTER * seconds)
    print(f"\nAims: {'met' if all(holds) else 'missed'}.\n")
    return 0 if all(holds) else 1


def found_here(pdfs: Sequence[Path]) -> dict[Path, Pages]:
    """What Coffer finds in each file, by page."""
    found: dict[Path, Pages] = {}
    with Readers() as readers:
        for pdf in pdfs:
            by_page = found.setdefault(pdf, {})
            with pdf.open("rb") as file:
                for table in readers.tables(file.fileno(), ocr="never").tables:
                    by_page.setdefault(table.page, []).append(table.texts)
    return found


def _run(command: Sequence[str], pdfs: Sequence[Path]) -> tuple[dict[Path, Pages], float, float]:
    """What a program finds in each file, the seconds it takes, and the most memory it uses. One
    that dies is started again with the next file."""
    found: dict[Path, Pages] = {}
    taken = most = 0.0
    while len(found) < len(pdfs):
        rest = pdfs[len(found) :]
        began = time.monotonic()
        done = subprocess.run(
            command,
            input="".join(f"{pdf}\n" for pdf in rest),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        for pdf, (pages, seconds, used) in zip(rest, answers, strict=False):
            found[pdf] = {int(page): tables for page, tables in pages.items()}
            taken, most = taken + seconds, max(most, used)
        if len(answers) < len(rest):
            found[rest[len(answers)]] = {}
            taken += time.monotonic() - began - sum(answer[1] for answer in answers)
    return found, taken, most


def _print(name: str, score: Score, speed: float, memory: float) -> None:
    whole = f"{score.whole} of {score.tables}"
    print(
        f"| {name} | {score.relations:.3f} | {score.mean:.3f} | {whole} | {speed:.2f} | "
        f"{memory:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
