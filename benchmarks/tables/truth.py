"""The tables of ICDAR 2013's competition and its scores.

Relations are pairs of cells that are neighbours, with nothing but empty cells between them, and the
direction; white space and typographic variants do not count. Where two answers are accepted for a
file, the better one counts.
"""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks.documents import samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Texts = list[list[str]]
Pages = dict[int, list[Texts]]

_SAME = str.maketrans(
    {"\u00ad": "", "−": "-", "–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"'}
)


@dataclass(frozen=True, slots=True)
class Score:
    """`relations` and `mean` are F1, of all relations together and the mean of the files';
    `whole` is the number of tables of `tables` that are right in every cell."""

    relations: float
    mean: float
    whole: int
    tables: int


def files() -> dict[Path, list[Pages]]:
    """Each PDF with the answers that are accepted. Raises Missing."""
    folder = samples.folder() / "icdar2013"
    found: defaultdict[Path, list[Pages]] = defaultdict(list)
    for answer in sorted(folder.glob("*-str.xml")):
        stem = answer.name.removesuffix("-str.xml")
        pdf = folder / f"{stem}.pdf"
        if not pdf.exists():  # the second answer for the same file
            pdf = folder / f"{stem.rstrip('ab')}a.pdf"
        found[pdf].append(_answer(answer))
    return dict(found)


def score(found: Mapping[Path, Pages], expected: Mapping[Path, list[Pages]]) -> Score:
    """How well the tables found in each file, by page, match the expected ones."""
    right = wanted = given = whole = tables = 0
    shares = []
    for pdf, answers in expected.items():
        own = found.get(pdf, {})
        compared = [(*_compared(own, answer), answer) for answer in answers]
        each_right, each_wanted, each_given, answer = max(compared, key=lambda each: f1(*each[:3]))
        shares.append(f1(each_right, each_wanted, each_given))
        right, wanted, given = right + each_right, wanted + each_wanted, given + each_given
        for page, expected_tables in answer.items():
            cells = [placed(texts) for texts in own.get(page, [])]
            whole += sum(placed(texts) in cells for texts in expected_tables)
            tables += len(expected_tables)
    return Score(f1(right, wanted, given), sum(shares) / len(shares), whole, tables)


def f1(right: int, wanted: int, given: int) -> float:
    return 2 * right / (wanted + given) if wanted + given else 1.0


def relations(texts: Texts) -> Counter[tuple[str, str, str]]:
    rows = _squared(texts)
    found: Counter[tuple[str, str, str]] = Counter()
    for direction, lines in (("right", rows), ("down", zip(*rows, strict=True))):
        for line in lines:
            filled = [text for text in line if text]
            found.update((a, b, direction) for a, b in pairwise(filled))
    return found


def placed(texts: Texts) -> dict[tuple[int, int], str]:
    """The cells with text by their places, without empty rows and columns."""
    rows = [row for row in _squared(texts) if any(row)]
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    return {
        (row, number): text
        for number, column in enumerate(columns)
        for row, text in enumerate(column)
        if text
    }


def _compared(found: Pages, answer: Pages) -> tuple[int, int, int]:
    right = wanted = given = 0
    for page in found.keys() | answer.keys():
        ours, theirs = _all(found.get(page, [])), _all(answer.get(page, []))
        right += (ours & theirs).total()
        wanted += theirs.total()
        given += ours.total()
    return right, wanted, given


def _all(tables: Iterable[Texts]) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for texts in tables:
        found.update(relations(texts))
    return found


def _squared(texts: Texts) -> Texts:
    width = max(map(len, texts), default=0)
    return [[*map(_plain, row), *[""] * (width - len(row))] for row in texts]


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text or "").translate(_SAME)).lower()


def _answer(path: Path) -> Pages:
    pages: defaultdict[int, list[Texts]] = defaultdict(list)
    for region in ET.parse(path).getroot().iter("region"):
        cells = {}
        height = width = 0
        for cell in region.findall("cell"):
            row, column = int(cell.get("start-row", 0)), int(cell.get("start-col", 0))
            cells[row, column] = " ".join((cell.findtext("content") or "").split())
            height = max(height, int(cell.get("end-row", row)) + 1)
            width = max(width, int(cell.get("end-col", column)) + 1)
        if cells:
            rows = [
                [cells.get((row, column), "") for column in range(width)] for row in range(height)
            ]
            pages[int(region.get("page", "1"))].append(rows)
    return dict(pages)
