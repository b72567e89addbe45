"""The tables of a PDF, page by page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pypdfium2

from webapp.parsing.documents.document import Box
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.pdf.characters import HYPHEN, characters_of
from webapp.parsing.documents.pdf.lines import text_of
from webapp.parsing.documents.pdf.reader import frame_of, is_picture, open_pdf
from webapp.parsing.documents.pdf.words import turned, words_of
from webapp.parsing.tables.continuation import link
from webapp.parsing.tables.layout.page import grids_of
from webapp.parsing.tables.layout.tabling import table_of
from webapp.parsing.tables.pdf.drawn import Drawn

if TYPE_CHECKING:
    from webapp.parsing.documents.pdf.words import PlacedWord
    from webapp.parsing.documents.source import Source
    from webapp.parsing.tables.finding import Finding
    from webapp.parsing.tables.layout.grid import Area

_MOST_CHARACTERS = 200_000  # of a page
_FARTHEST = 20_000.0  # points


def find(source: Source, finding: Finding) -> None:
    document = open_pdf(source, finding.reading.password)
    count = len(document)
    finding.reading.expect(count)
    finding.pages = count
    is_readable = False
    sizes: dict[int, tuple[float, float]] = {}
    for number in range(1, count + 1):
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError:
            continue
        is_readable = True
        sizes[number] = _find_on(page, number, finding)
        page.close()
        finding.reading.report(page=number, of=count)
    if not is_readable:
        raise DocumentError("damaged")
    link(finding.tables, sizes)


def _find_on(page: Any, number: int, finding: Finding) -> tuple[float, float]:
    """Add the tables of a page; returns its size."""
    frame = frame_of(page)
    size = (frame.width, frame.height)
    every = words_of(characters_of(page, _MOST_CHARACTERS))
    letters = sum(len(word.text) for word in every)
    if letters < 500 and is_picture(page, text_of(every, frame)[0], frame):
        finding.pictures.append(number)
        return size
    quarters = Counter(word.quarters for word in every for _ in word.text)
    if not quarters:
        return size
    # The way in which most of the page is read; a label up a side is not in the way then.
    main = max(quarters, key=lambda each: quarters[each])
    words = [word for word in every if word.quarters == main and _is_on_a_page(word)]
    for word in words:
        word.text = word.text.replace(HYPHEN, "-")
    drawn = Drawn(page, main)

    def shown(area: Area) -> Box:
        return Box(*frame.shown(*turned(*area, -main % 4)))

    for grid in grids_of(words, drawn.across, drawn.down):
        finding.add(table_of(grid, number, shown))
    return size


def _is_on_a_page(word: PlacedWord) -> bool:
    """Whether its place is one, and not farther than any page is large."""
    return all(abs(side) < _FARTHEST for side in (word.left, word.bottom, word.right, word.top))
