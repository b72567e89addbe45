"""Markdown tables of what was measured."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.http.contenders import COFFER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.http.measures import Measure

    # By contender, the requests a second and microseconds of CPU time of each round.
    Figures = Mapping[str, Sequence[tuple[float, float | None]]]


def table(measure: Measure, figures: Figures) -> Iterator[str]:
    """The table of one measure. A ratio is within one round; above 1, Coffer is better."""
    yield f"### {measure.title}\n"
    yield "|  | requests/s | Coffer to it | CPU µs a request | Coffer to it |"
    yield "|---|---|---|---|---|"
    for name, taken in figures.items():
        rates = [rate for rate, _ in taken]
        times = [time for _, time in taken if time is not None]
        of_rate, of_time = ratios(figures, name)
        yield (
            "| "
            + " | ".join([name, spread(rates), times_as(of_rate), spread(times), times_as(of_time)])
            + " |"
        )
    yield ""
    for name, aim in measure.aims.items():
        reached = statistics.median(ratios(figures, name)[0])
        verdict = "holds" if reached >= aim else "missed"
        yield f"Aim: {aim:g} times {name}: {verdict}, {reached:.3g}.\n"


def missed(measure: Measure, figures: Figures) -> int:
    """How many of a measure's aims were missed."""
    return sum(
        statistics.median(ratios(figures, name)[0]) < aim for name, aim in measure.aims.items()
    )


def ratios(figures: Figures, name: str) -> tuple[list[float], list[float]]:
    """How many times as good Coffer was in each round: in requests, and in CPU time."""
    if name == COFFER:
        return [], []
    pairs = list(zip(figures[COFFER], figures[name], strict=True))
    of_rate = [ours / theirs for (ours, _), (theirs, _) in pairs]
    of_time = [theirs / ours for (_, ours), (_, theirs) in pairs if ours and theirs]
    return of_rate, of_time


def spread(figures: Sequence[float]) -> str:
    """The median, with the lowest and the highest."""
    if not figures:
        return ""
    middle, low, high = statistics.median(figures), min(figures), max(figures)
    return f"{middle:,.0f} ({low:,.0f} to {high:,.0f})"


def times_as(figures: Sequence[float]) -> str:
    """The same for ratios."""
    if not figures:
        return ""
    return f"{statistics.median(figures):.2f} × ({min(figures):.2f} to {max(figures):.2f})"
