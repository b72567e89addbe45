"""The tables of a workbook of Excel: the regions of each sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.ooxml import Package
from webapp.parsing.documents.sheets import errors_of, is_locked, parts_of, sheets_of, written
from webapp.parsing.tables.headings import heading_rows, title_rows
from webapp.parsing.tables.regions import regions_of
from webapp.parsing.tables.table import Table

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

    from webapp.parsing.documents.source import Source
    from webapp.parsing.tables.finding import Finding

    Spans = dict[tuple[int, int], tuple[int, int]]

_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384


def find(source: Source, finding: Finding) -> None:
    """XLS and XLSB."""
    if is_locked(source):
        raise DocumentError("encrypted")
    for number, (name, sheet) in enumerate(sheets_of(source), 1):
        add_sheet(finding, number, name, _texts(sheet, {}), _merged(sheet))
        finding.pages = number


def find_xlsx(source: Source, finding: Finding) -> None:
    package = Package(source, finding.reading)
    package.check()  # calamine inflates without limits
    main = package.main("xl/workbook.xml")
    root = package.xml(main)
    if root is None:
        raise DocumentError("damaged")
    parts = parts_of(package, main, root)
    for number, (name, sheet) in enumerate(sheets_of(source), 1):
        errors = errors_of(package.xml(parts.get(name, "")))
        add_sheet(finding, number, name, _texts(sheet, errors), _merged(sheet))
        finding.pages = number


def add_sheet(
    finding: Finding, number: int, name: str, texts: list[list[str]], spans: Spans
) -> None:
    """Add the tables of a sheet, whose cells have these texts, and spans as in `Table`."""
    title = name
    for region in regions_of(texts):
        rows = [row[region.left : region.right] for row in texts[region.top : region.bottom]]
        width = region.right - region.left
        rows = [row + [""] * (width - len(row)) for row in rows]
        if len(rows) == 1:
            # A line above a table is its title, one below a note.
            title = f"{name}: {' '.join(filter(None, rows[0]))}"
            continue
        is_merged = (region.top, region.left) in spans  # a heading of several columns or rows
        above = 0 if is_merged else title_rows(rows)
        if above:
            title = f"{name}: {' '.join(row[0] for row in rows[:above])}"
        rows, top = rows[above:], region.top + above
        own = {
            (row - top, column - region.left): (
                min(down, region.bottom - row),
                min(right, region.right - column),
            )
            for (row, column), (down, right) in spans.items()
            if top <= row < region.bottom and region.left <= column < region.right
        }
        finding.add(
            Table(
                page=number,
                method="sheet",
                confidence=1.0 if width > 1 else 0.5,
                texts=rows,
                spans=own,
                header_rows=heading_rows(rows),
                title=title[:500],
            )
        )
        title = name
    finding.reading.report(page=number, of=number)


def _texts(sheet: CalamineSheet, errors: dict[tuple[int, int], str]) -> list[list[str]]:
    """The cells at their places, from the sheet's first one on."""
    texts: list[list[str]] = []
    if sheet.start is not None and sheet.end is not None:
        rows = [[written(value) for value in row] for row in sheet.iter_rows()]
        # Rows above the first value may be missing or not; the last one is reliable.
        above = sheet.end[0] - len(rows) + 1
        texts = [[] for _ in range(above)]
        before = [""] * sheet.start[1]
        texts += [before + row for row in rows]
    for (row, column), error in errors.items():
        if row < _MOST_ROWS and column < _MOST_COLUMNS:
            texts += [[] for _ in range(row + 1 - len(texts))]
            texts[row] += [""] * (column + 1 - len(texts[row]))
            texts[row][column] = texts[row][column] or error
    return texts


def _merged(sheet: CalamineSheet) -> Spans:
    """The merged cells; none if calamine does not know them, as in XLSB."""
    return {
        start: (end[0] - start[0] + 1, end[1] - start[1] + 1)
        for start, end in sheet.merged_cell_ranges or ()
    }
