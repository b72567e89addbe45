"""Tables on the pages of small PDFs."""

from __future__ import annotations

from tests.parsing.documents.made_pdf import text

SIZE = 10.0  # of the letters


def rows(
    left: float, top: float, columns: list[float], *lines: list[str], apart: float = 14
) -> str:
    """Lines of cells, each cell so far to the right of `left`; empty ones are left out."""
    shown = [
        (left + at, top - apart * number, cell)
        for number, line in enumerate(lines)
        for at, cell in zip(columns, line, strict=True)
        if cell
    ]
    return f"\n{text(*shown, size=SIZE)}\n"


def across(y: float, left: float, right: float) -> str:
    """A line that is drawn."""
    return f"\n{left} {y} m {right} {y} l S\n"


def down(x: float, bottom: float, top: float) -> str:
    return f"\n{x} {bottom} m {x} {top} l S\n"


def lattice(xs: list[float], ys: list[float]) -> str:
    """All lines of a grid."""
    lines = [across(y, xs[0], xs[-1]) for y in ys] + [down(x, min(ys), max(ys)) for x in xs]
    return "".join(lines)


def prose(left: float, top: float, count: int, apart: float = 12) -> str:
    """Lines of text of nearly the same width."""
    said = (
        "the quick brown fox jumps over",
        "a lazy dog that was sleeping so",
        "Soundly as dogs do on a warm day",
    )
    shown = text(*((left, top - apart * at, said[at % 3]) for at in range(count)), size=SIZE)
    return f"\n{shown}\n"
