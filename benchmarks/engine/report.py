"""Markdown tables: medians with their spread, and Coffer's ratio to each."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.engine.measures import Figures

# Columns that are shown but not compared, and those in which a smaller figure is better.
_NOT_COMPARED = ("rows a claim", "ms at ")
_SMALLER = ("p50 ms", "p99 ms", "µs a row")


class Table:
    """The figures of one measure, by contender and column."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.failed: set[str] = set()
        self._figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, label: str, figures: Figures | None) -> None:
        if figures is None:
            self.failed.add(label)
            return
        for column, figure in figures.items():
            self._figures[label][column].append(figure)

    def lines(self, ours: str) -> Iterable[str]:
        """The lines of the table. A ratio above 1 means that Coffer is that many times as good."""
        columns = list(dict.fromkeys(name for row in self._figures.values() for name in row))
        compared = [name for name in columns if not name.startswith(_NOT_COMPARED)]
        heads = [
            head
            for name in columns
            for head in ([name, "Coffer to it"] if name in compared else [name])
        ]
        yield f"### {self.title}"
        yield ""
        yield "| " + " | ".join(["", *heads]) + " |"
        yield "|---" * (len(heads) + 1) + "|"
        for label, row in self._figures.items():
            cells = [label]
            for name in columns:
                figures = row.get(name)
                cells.append(spread(figures) if figures else "")
                if name in compared:
                    own = self._figures.get(ours, {}).get(name)
                    ratio = _ratio(own, figures, name) if own and figures else ""
                    cells.append("" if label == ours else ratio)
            yield "| " + " | ".join(cells) + " |"
        yield ""
        for label in sorted(self.failed):
            yield f"{label} failed in one of the rounds.\n"


def spread(figures: list[float]) -> str:
    middle, low, high = statistics.median(figures), min(figures), max(figures)
    if low == high:
        return _short(middle)
    return f"{_short(middle)} ({_short(low)} to {_short(high)})"


def _ratio(own: list[float], other: list[float], column: str) -> str:
    ratio = statistics.median(own) / statistics.median(other)
    if column.startswith(_SMALLER):
        ratio = 1 / ratio
    return f"{_short(ratio)} ×"


def _short(figure: float) -> str:
    """A figure with three significant digits."""
    if figure >= 100:
        return f"{round(figure, 3 - len(str(int(figure)))) if figure >= 1000 else figure:,.0f}"
    return f"{figure:.3g}"
