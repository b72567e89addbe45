"""The lines that a page of a PDF draws: strokes, thin rectangles, and the edges of shaded ones."""

from __future__ import annotations

import ctypes
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pypdfium2.raw as pdfium

from webapp.parsing.documents.pdf.words import turned
from webapp.parsing.tables.layout.rulings import Ruling, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_POINTS = 60_000  # of a page
_MOST_POINTS_OF_PATH = 400  # one with more is a drawing
_MOST_RULINGS = 3_000
_DEEPEST = 6  # forms within forms
# Points. A line is longer, and a rectangle that is thinner is a line.
_SHORTEST, _THICKEST = 4.0, 3.0
_ASKEW = 1.2
_FARTHEST = 20_000.0  # no page is so large
_WHOLE_PAGE = 0.97  # a background

Point = tuple[float, float]


class _Matrix(NamedTuple):
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def at(self, x: float, y: float) -> Point:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def then(self, next_: _Matrix) -> _Matrix:
        e, f = next_.at(self.e, self.f)
        a, b = next_.at(self.a, self.b)
        c, d = next_.at(self.c, self.d)
        return _Matrix(a - next_.e, b - next_.f, c - next_.e, d - next_.f, e, f)


class _Outline(NamedTuple):
    points: list[Point]
    is_filled: bool
    is_stroked: bool
    is_curved: bool


class Drawn:
    """The rulings of a page, turned as its words are."""

    def __init__(self, page: Any, quarters: int) -> None:
        self._quarters = quarters
        self._across: list[Ruling] = []
        self._down: list[Ruling] = []
        size = page.get_size()
        for outline in _outlines(page):
            self._add(outline, size)
            if len(self._across) + len(self._down) > 4 * _MOST_RULINGS:
                break
        self.across = joined(self._across)[:_MOST_RULINGS]
        self.down = joined(self._down)[:_MOST_RULINGS]

    def _add(self, outline: _Outline, size: tuple[float, float]) -> None:
        points = outline.points
        xs, ys = [x for x, _ in points], [y for _, y in points]
        left, right, bottom, top = min(xs), max(xs), min(ys), max(ys)
        width, height = right - left, top - bottom
        if width > _WHOLE_PAGE * size[0] and height > _WHOLE_PAGE * size[1]:
            return
        if outline.is_filled and not outline.is_curved and _is_rectangle(points):
            self._rectangle(left, bottom, right, top)
        elif outline.is_stroked:
            for (x, y), (next_x, next_y) in pairwise(points):
                if abs(x - next_x) < 1 or abs(y - next_y) < 1:
                    self._line(x, y, next_x, next_y)
        elif min(width, height) <= _THICKEST:
            self._rectangle(left, bottom, right, top)

    def _rectangle(self, left: float, bottom: float, right: float, top: float) -> None:
        width, height = right - left, top - bottom
        if height <= _THICKEST and width > _SHORTEST:
            self._line(left, (bottom + top) / 2, right, (bottom + top) / 2)
        elif width <= _THICKEST and height > _SHORTEST:
            self._line((left + right) / 2, bottom, (left + right) / 2, top)
        elif width > _SHORTEST and height > _SHORTEST:
            for y in (bottom, top):
                self._line(left, y, right, y)
            for x in (left, right):
                self._line(x, bottom, x, top)

    def _line(self, x: float, y: float, next_x: float, next_y: float) -> None:
        box = (min(x, next_x), min(y, next_y), max(x, next_x), max(y, next_y))
        if not all(abs(side) < _FARTHEST for side in box):
            return
        left, bottom, right, top = turned(*box, self._quarters)
        if top - bottom <= _ASKEW and right - left > _SHORTEST:
            self._across.append(Ruling((bottom + top) / 2, left, right))
        elif right - left <= _ASKEW and top - bottom > _SHORTEST:
            self._down.append(Ruling((left + right) / 2, bottom, top))


def _outlines(page: Any) -> Iterator[_Outline]:
    left = _MOST_POINTS
    for path, matrix in _paths(page):
        count = pdfium.FPDFPath_CountSegments(path)
        if count > _MOST_POINTS_OF_PATH:
            continue
        left -= max(1, count)
        if left < 0:
            return
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke))
        if fill.value or stroke.value:
            for points, is_curved in _parts(path, count, matrix):
                yield _Outline(points, bool(fill.value), bool(stroke.value), is_curved)


def _paths(page: Any) -> Iterator[tuple[Any, _Matrix]]:
    """The paths of a page, also inside forms, from the last to the first."""
    waiting = [
        (pdfium.FPDFPage_GetObject(page.raw, index), _Matrix(), 0)
        for index in range(min(pdfium.FPDFPage_CountObjects(page.raw), _MOST_POINTS))
    ]
    visited = 0
    while waiting and visited < 4 * _MOST_POINTS:
        visited += 1
        part, outer, depth = waiting.pop()
        kind = pdfium.FPDFPageObj_GetType(part)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            yield part, _matrix_of(part).then(outer)
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            matrix = _matrix_of(part).then(outer)
            waiting += [
                (pdfium.FPDFFormObj_GetObject(part, index), matrix, depth + 1)
                for index in range(min(pdfium.FPDFFormObj_CountObjects(part), _MOST_POINTS))
            ]


def _parts(path: Any, count: int, matrix: _Matrix) -> list[tuple[list[Point], bool]]:
    """The parts of a path that are drawn without lifting the pen, and whether they are curved."""
    parts: list[tuple[list[Point], bool]] = []
    points: list[Point] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    references = (ctypes.byref(x), ctypes.byref(y))
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(path, index)
        pdfium.FPDFPathSegment_GetPoint(segment, *references)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO or not parts:
            points = []
            parts.append((points, False))
        elif kind != pdfium.FPDF_SEGMENT_LINETO:
            parts[-1] = (points, True)
        points.append(matrix.at(x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    return [part for part in parts if len(part[0]) > 1]


def _matrix_of(part: Any) -> _Matrix:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(part, ctypes.byref(matrix))
    return _Matrix(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _is_rectangle(points: list[Point]) -> bool:
    if len(points) not in {4, 5}:
        return False
    for values in zip(*points, strict=True):
        low, high = min(values), max(values)
        if any(min(value - low, high - value) >= 0.5 for value in values):
            return False
    return True
