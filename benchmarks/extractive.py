"""How long the embedded AI provider takes: `python -m benchmarks.extractive [repeats]`.

Prints the median and the slowest of the repeats for each sample, in milliseconds, against the
limits the provider promises: 100 ms for what people write, 500 ms for anything up to 500,000
characters. Creating the provider, which loads the language model, is timed separately.
Exits with 1 if a median is above its limit.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.clients.ai.extractive import ExtractiveProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = Path(__file__).parents[1] / "tests" / "clients" / "samples"
LIMIT = 100.0
LIMIT_LONG = 500.0
LONG = 40_000


def texts() -> Iterator[tuple[str, str]]:
    """The samples as they are, then made long, then hostile texts."""
    samples = {path.stem: path.read_text("utf-8") for path in sorted(SAMPLES.glob("*.txt"))}
    yield from samples.items()
    article = samples["english_article"]
    words = [word.strip(".,") for word in article.split()]
    pick = random.Random(7)
    yield "10,000 characters, no sentence end", " ".join(pick.choices(words, k=2_000))[:10_000]
    yield "10,000 characters, no space", "".join(pick.choices("abcdefgh", k=10_000))
    yield "300 lines of prose", "\n".join(" ".join(pick.choices(words, k=8)) for _ in range(300))
    yield "300 items", "\n".join("- " + " ".join(pick.choices(words, k=4)) for _ in range(300))
    yield "40,000 characters, English", (article * 20)[:40_000]
    yield "500,000 characters, English", (article * 250)[:500_000]
    yield "500,000 characters, German", (samples["german_article"] * 330)[:500_000]
    yield "500,000 characters, Chinese", (samples["chinese"] * 3_800)[:500_000]
    yield "500,000 characters, code", (samples["code_python"] * 700)[:500_000]
    yield "500,000 x [", "[" * 500_000
    yield "250,000 x *a", "*a" * 250_000
    yield "10,000 x f(", 'f(" ' * 10_000
    yield (
        "random letters of 3,000 scripts",
        "".join(chr(pick.randrange(1, 0x3000)) for _ in range(10_000)),
    )


def milliseconds(provider: ExtractiveProvider, text: str, known: list[str]) -> float:
    started = time.perf_counter()
    provider.enrich(text, known_tags=known)
    return (time.perf_counter() - started) * 1000


def main() -> int:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    started = time.perf_counter()
    provider = ExtractiveProvider()
    print(f"making the provider: {(time.perf_counter() - started) * 1000:.0f} ms")
    known = [f"tag {number}" for number in range(200)]
    first = milliseconds(provider, "The first note that is long enough to have a language.", known)
    print(f"first call: {first:.0f} ms")
    print(f"{repeats} repeats each, 200 known tags\n")
    print(f"{'sample':36}{'characters':>12}{'median ms':>12}{'max ms':>10}{'limit':>8}")
    missed = 0
    for name, text in texts():
        taken = [milliseconds(provider, text, known) for _ in range(repeats)]
        median, limit = statistics.median(taken), LIMIT_LONG if len(text) >= LONG else LIMIT
        missed += median > limit
        mark = "  MISSED" if median > limit else ""
        print(f"{name:36}{len(text):12,}{median:12.1f}{max(taken):10.1f}{limit:8.0f}{mark}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
