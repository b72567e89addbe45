"""Spreadsheets (XLSX): a sheet a table, with numbers, dates and booleans as such.

XlsxWriter keeps one row in memory; what is written is in temporary files until the end.
"""

from __future__ import annotations

import re
import tempfile
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 16_384
# Each costs milliseconds in a request, and what opens files with more is rare.
MOST_SHEETS: Final = 500
_LONGEST_TEXT: Final = 32_767
_LONGEST_NAME: Final = 31  # UTF-16 units
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f\ufffe\uffff]")
# Of a number: spreadsheets calculate in double precision, and show no more.
_MOST_DIGITS: Final = 15
# In spreadsheets, 1900 is a leap year; before its March, programs disagree about days.
_FIRST_DAY: Final = date(1900, 3, 1)
_CREATED: Final = datetime(1980, 1, 1)  # noqa: DTZ001  # of every file, so that all are the same


class TooLarge(Failure):
    """There are more tables, or one has more rows or columns, or a longer text, than spreadsheets
    can have."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Cell(NamedTuple):
    """A cell's text, and its value, which is None if the text is not of its column's type."""

    text: str
    value: Any


class Sheet(NamedTuple):
    """A table to be written: `types` and `header` have an entry for each column."""

    name: str
    header: Sequence[str]
    types: Sequence[str]
    row_count: int
    batches: Iterable[Sequence[Sequence[Cell]]]


def check_size(header: Sequence[str], row_count: int) -> None:
    """Raises TooLarge if no sheet can have so many columns, or rows besides the header."""
    if row_count + 1 > MOST_ROWS:
        raise TooLarge(
            f"A spreadsheet has {MOST_ROWS} rows at most, and this needs {row_count + 1}."
        )
    if len(header) > MOST_COLUMNS:
        raise TooLarge(
            f"A spreadsheet has {MOST_COLUMNS} columns at most, and this needs {len(header)}."
        )


def check_sheets(count: int) -> None:
    """Raises TooLarge if no file has so many sheets."""
    if count > MOST_SHEETS:
        raise TooLarge(f"A spreadsheet has {MOST_SHEETS} sheets at most, and this needs {count}.")


def made(sheets: Iterable[Sheet]) -> BinaryIO:
    """A temporary file with the sheets, at its beginning. Raises TooLarge, and what iterating over
    the sheets and their batches raises."""
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  # the caller closes it
    try:
        with tempfile.TemporaryDirectory() as folder:
            _write_book(file, sheets, folder)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _write_book(file: BinaryIO, sheets: Iterable[Sheet], folder: str) -> None:
    from xlsxwriter.workbook import Workbook  # imported when one is wanted: most processes never

    book = Workbook(file, {"constant_memory": True, "tmpdir": folder})
    book.use_zip64()
    book.set_properties({"created": _CREATED})
    try:
        formats = _Formats(book)
        names = SheetNames()
        for sheet in sheets:
            check_size(sheet.header, sheet.row_count)
            added = book.add_worksheet(names.name(sheet.name))
            _write(added, sheet, formats)
            added._opt_close()  # or each sheet keeps a file open until the end
        if not book.worksheets():
            book.add_worksheet()
    except BaseException:
        for each in book.worksheets():
            each.row_data_fh.close()
        book.fileclosed = True  # or it would write the rest when it is collected
        raise
    book.close()


class SheetNames:
    """The names of the sheets of one file: legal, and no two the same."""

    def __init__(self) -> None:
        self._taken = {"history"}  # which Excel keeps for itself
        self._numbers: dict[str, int] = {}  # that names have reached: many tables have the same

    def name(self, wanted: str) -> str:
        """A name like the wanted one. Equal ones are numbered from 2."""
        plain = _NOT_IN_NAMES.sub(" ", wanted).strip(" '")
        plain = _cut(plain, _LONGEST_NAME).strip(" '") or "Table"
        name, number = plain, self._numbers.get(plain.casefold(), 1)
        while name.casefold() in self._taken:
            number += 1
            ending = f" ({number})"
            name = _cut(plain, _LONGEST_NAME - len(ending)).rstrip() + ending
        self._taken.add(name.casefold())
        self._numbers[plain.casefold()] = number
        return name


class _Formats:
    """How cells are shown, each made at its first use."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}
        self.bold = book.add_format({"bold": True})

    def shown_as(self, pattern: str) -> Format:
        if pattern not in self._made:
            self._made[pattern] = self._book.add_format({"num_format": pattern})
        return self._made[pattern]


def _write(sheet: Worksheet, table: Sheet, formats: _Formats) -> None:
    for column, heading in enumerate(table.header):
        sheet.write_string(0, column, _short(heading), formats.bold)
    number = 0
    for batch in table.batches:
        for row in batch:
            number += 1
            for column, (cell, of_type) in enumerate(zip(row, table.types, strict=True)):
                _write_cell(sheet, number, column, cell, of_type, formats)


def _write_cell(
    sheet: Worksheet, row: int, column: int, cell: Cell, of_type: str, formats: _Formats
) -> None:
    value = cell.value
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif of_type == "decimal" and (places := _places(value)) is not None:
        pattern = "0." + "0" * places if places else "0"
        sheet.write_number(row, column, float(value), formats.shown_as(pattern))
    elif of_type == "date" and (day := _day(value)) is not None:
        sheet.write_datetime(row, column, day, formats.shown_as("yyyy-mm-dd"))
    elif cell.text:
        sheet.write_string(row, column, _short(cell.text))


def _places(value: Any) -> int | None:
    """How many decimals a number has; None if spreadsheets would show another number."""
    try:
        _, digits, exponent = Decimal(value).as_tuple()
    except (InvalidOperation, TypeError, ValueError):
        return None
    if not isinstance(exponent, int) or len(digits) > _MOST_DIGITS or abs(exponent) > _MOST_DIGITS:
        return None
    return max(-exponent, 0)


def _day(value: Any) -> datetime | None:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return datetime(day.year, day.month, day.day) if day >= _FIRST_DAY else None  # noqa: DTZ001


def _cut(name: str, most: int) -> str:
    """The beginning of a name, of at most so many UTF-16 units, which is how spreadsheets count."""
    return name.encode("utf-16-le")[: 2 * most].decode("utf-16-le", errors="ignore")


def _short(text: str) -> str:
    """The same text. Raises TooLarge if no cell can have it."""
    if len(text) > _LONGEST_TEXT // 2 and len(text.encode("utf-16-le")) > 2 * _LONGEST_TEXT:
        raise TooLarge(f"A cell of a spreadsheet has {_LONGEST_TEXT} characters at most.")
    return text
