"""Reads spreadsheets: a page for each sheet, a line for each row, cells separated by tabs.

Values are raw, not formatted as in the sheet: `1599.99`, `2008-01-19 04:35:00`, so that they can be
searched for and computed with. python-calamine reads the cells; the XML of XLSX is read for what it
loses: errors, comments, text boxes, charts, headers and footers.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from webapp.parsing.documents.document import Metadata
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.markup import child, children
from webapp.parsing.documents.ole import OleFile
from webapp.parsing.documents.ooxml import Package, chart_text, drawn_text
from webapp.parsing.documents.reading import MOST_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webapp.parsing.documents.reading import Reading
    from webapp.parsing.documents.source import Source

_FILE_PASSWORD = 0x002F
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
# Codes in a header: its left, center and right part, fonts, and fields such as the page number.
_CODES = re.compile(r'&(?:"[^"]*"|\d+|K[0-9A-F]{6}|[A-Z])')


def read(source: Source, reading: Reading) -> Metadata:
    """XLS, and XLSB as far as calamine supports it."""
    if is_locked(source):
        raise DocumentError("encrypted")
    for name, sheet in sheets_of(source):
        reading.page(_text(name, sheet, {}))
    return Metadata()


def read_xlsx(source: Source, reading: Reading) -> Metadata:
    package = Package(source, reading)
    package.check()  # calamine inflates without limits
    main = package.main("xl/workbook.xml")
    root = package.xml(main)
    if root is None:
        raise DocumentError("damaged")
    parts = parts_of(package, main, root)
    for name, sheet in sheets_of(source):
        root = package.xml(parts.get(name, ""))
        text = _text(name, sheet, errors_of(root))
        around = _around(package, parts.get(name, ""), root)
        reading.page("\n".join([text, "", *filter(str.strip, around)]), of=len(parts))
    package.attach_embedded(main.rpartition("/")[0])
    return package.metadata()


def is_locked(source: Source) -> bool:
    """Whether a workbook of Excel 97 begins with the record that says how it is encrypted."""
    try:
        file = OleFile(source.open())
    except ValueError:
        return False
    for entry in file.entries:
        if entry.name.lower() in {"workbook", "book"}:
            records = file.read(entry, 4_096)
            at = 0
            while at + 4 <= len(records):
                kind, size = struct.unpack_from("<HH", records, at)
                if kind == _FILE_PASSWORD:
                    return True
                at += 4 + size
    return False


def sheets_of(source: Source) -> Iterator[tuple[str, CalamineSheet]]:
    """Each sheet by its name. Raises DocumentError."""
    try:
        with CalamineWorkbook.from_filelike(source.open()) as workbook:
            for number, name in enumerate(workbook.sheet_names):
                yield name, workbook.get_sheet_by_index(number)
    except PasswordError as error:
        raise DocumentError("encrypted") from error
    except CalamineError as error:
        raise DocumentError("damaged") from error
    except (Exception, GeneratorExit):
        raise
    except BaseException as error:
        # A Rust panic is raised as an exception that does not inherit from Exception.
        if type(error).__name__ == "PanicException":
            raise DocumentError("damaged") from error
        raise


def _text(name: str, sheet: CalamineSheet, errors: dict[tuple[int, int], str]) -> str:
    """The sheet's name and its non-empty rows. `errors` are by row and column, columns from 0."""
    rows: Iterable[list[str]] = ([written(cell) for cell in row] for row in sheet.iter_rows())
    if errors:
        rows = _with_errors(sheet, rows, errors)
    lines = [name]
    length = 0
    for row in rows:
        line = "\t".join(row).rstrip()
        length += len(line)
        if line:
            lines.append(line)
        if length > MOST_CHARACTERS:
            break
    return "\n".join(lines)


def _with_errors(
    sheet: CalamineSheet, rows: Iterable[list[str]], errors: dict[tuple[int, int], str]
) -> Iterator[list[str]]:
    """The rows with errors in their places; calamine stops after the last other value."""
    found: dict[int, dict[int, str]] = {}
    for (number, column), error in errors.items():
        found.setdefault(number, {})[column] = error
    if sheet.start is not None and sheet.end is not None:
        kept = list(rows)
        # Rows above the first value may be missing or not; the last one is reliable.
        for number, row in enumerate(kept, sheet.end[0] - len(kept) + 1):
            for column, value in enumerate(row, sheet.start[1]):
                if value:
                    found.setdefault(number, {})[column] = value
    first = min(map(min, found.values()))
    for _, placed in sorted(found.items()):
        yield [placed.get(column, "") for column in range(first, max(placed) + 1)]


def written(value: Any) -> str:
    """A cell's value as text on one line."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 or not value.is_integer() else str(int(value))
    if isinstance(value, dt.datetime):
        return str(value.date() if value.time() == dt.time() else value)
    return " ".join(str(value).split("\n")) if isinstance(value, str) else str(value)


def parts_of(package: Package, main: str, root: Any) -> dict[str, str]:
    """The part of each sheet, by its name."""
    relations = package.relations(main)
    found = {}
    sheets = child(root, "sheets")
    for sheet in () if sheets is None else children(sheets, "sheet"):
        reference = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        if reference in relations:
            found[sheet.get("name", "")] = relations[reference].target
    return found


def errors_of(root: Any) -> dict[tuple[int, int], str]:
    """The cells whose value is an error, `#DIV/0!`, by row and column from 0."""
    found: dict[tuple[int, int], str] = {}
    for cell in () if root is None else root.iter("{*}c"):
        if cell.get("t") == "e" and (place := _REFERENCE.fullmatch(cell.get("r", ""))):
            column = 0
            for letter in place[1]:
                column = column * 26 + ord(letter) - ord("A") + 1
            value = child(cell, "v")
            found[int(place[2]) - 1, column - 1] = "" if value is None else value.text or ""
    return found


def _around(package: Package, part: str, root: Any) -> Iterator[str]:
    """Text on a sheet outside of cells: headers and footers, comments, text boxes, charts."""
    for each in () if root is None else children(root, "headerFooter"):
        yield from dict.fromkeys(_CODES.sub(" ", line.text or "").strip() for line in each)
    for name in package.related(part, "comments", "threadedComment"):
        if (comments := package.xml(name)) is not None:
            for comment in comments.iter("{*}comment", "{*}threadedComment"):
                yield "".join(text.text or "" for text in comment.iter("{*}t", "{*}text"))
    for name in package.related(part, "drawing"):
        if (drawing := package.xml(name)) is not None:
            yield drawn_text(drawing)
        for chart in package.related(name, "chart", "chartEx"):
            if (drawn := package.xml(chart)) is not None:
                yield chart_text(drawn)
        for diagram in package.related(name, "diagramData"):
            if (drawn := package.xml(diagram)) is not None:
                yield drawn_text(drawn)
