"""Files of tables: the same bytes for the same rows, and each text as it was."""

from __future__ import annotations

import csv
import io
import resource
import zipfile

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.exporting import workbook
from webapp.exporting.archive import File, zipped
from webapp.exporting.comma_separated import comma_separated, safe
from webapp.exporting.json_lines import json_lines
from webapp.exporting.workbook import Cell, Sheet, SheetNames, TooLarge
from webapp.parsing.documents.detection import detect

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


def tables():
    return st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1)
    )


def read_back(data):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_a_csv_is_as_the_standard_says():
    made = b"".join(
        comma_separated(["Größe", "a,b"], [[["007", 'say "x"'], ["+1", "two\nlines"]], [["", ""]]])
    )
    assert made == ('Größe,"a,b"\r\n007,"say ""x"""\r\n+1,"two\nlines"\r\n,\r\n'.encode())


@examples(100)
@given(tables())
@example([["a"], [""], ["\r"]])
def test_whatever_is_in_a_csv_is_read_back(table):
    header, *rows = table
    assert read_back(b"".join(comma_separated(header, [rows[:1], rows[1:]]))) == table


@examples(100)
@given(tables())
def test_in_the_safe_form_nothing_is_a_formula_and_nothing_is_lost(table):
    header, *rows = table
    for row, was in zip(
        read_back(b"".join(comma_separated(header, [rows], escaped=True))), table, strict=True
    ):
        for text, before in zip(row, was, strict=True):
            assert text.removeprefix("'") == before.removeprefix("'")
            if text.startswith(("=", "+", "-", "@", "\t", "\r")):
                float(text.rstrip("% ").replace(",", "").replace("\u00a0", "").replace("'", ""))


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        *(
            (number, True)
            for number in ("-1", "+49", "-1.234,50", "-1,234.50", "-.5", "+1e9", "-5 %")
        ),
        *(
            (formula, False)
            for formula in (
                "=1",
                "+1+1",
                "-a",
                "@x",
                "\tx",
                "\r",
                "\n=1",
                "\uff1d1",
                "-",
                "+1 2",
                "--1",
            )
        ),
        *((text, True) for text in ("a=1", "", "1-2", " =1", "'=1")),
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe_unless_it_is_a_number(text, is_kept):
    assert safe(text) == (text if is_kept else f"'{text}")


def test_lines_of_json_have_values_by_column_and_number_equal_names():
    lines = b"".join(
        json_lines(["a", "a", "a_2"], [[[1, "-1234.50", True]], [[None, "2026-02-28", "x"]]])
    ).splitlines()
    assert [orjson.loads(line) for line in lines] == [
        {"a": 1, "a_3": "-1234.50", "a_2": True},
        {"a": None, "a_3": "2026-02-28", "a_2": "x"},
    ]


def archive():
    return b"".join(zipped([File("a.csv", [b"x" * 100_000]), File("b.csv", [b"1", b"2"])]))


def test_a_zip_is_the_same_each_time_with_its_names_in_order():
    made = archive()
    assert made == archive()
    with zipfile.ZipFile(io.BytesIO(made)) as read:
        assert read.testzip() is None
        assert read.namelist() == ["a.csv", "b.csv"]
        assert read.read("b.csv") == b"12"
        assert {entry.date_time for entry in read.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert len(made) < 1000


COLUMNS = {"name": "text", "count": "integer", "price": "decimal", "on": "date", "paid": "boolean"}
ROWS = [
    ["007", 12, "-1234.50", "2026-02-28", True],
    ["=1+1", str(2**60), "12345678901234567.5", "1800-01-01", False],
    ["a\x01b", None, None, None, None],
]


def sheet(name="Oak", rows=ROWS, row_count=None):
    cells = [[Cell(str(value or "?"), value) for value in row] for row in rows]
    count = len(rows) if row_count is None else row_count
    return Sheet(name, [*COLUMNS], [*COLUMNS.values()], count, [cells])


def made_of(*sheets):
    with workbook.made(sheets) as file:
        return file.read()


@pytest.mark.long
def test_a_spreadsheet_has_typed_cells_and_the_same_bytes_each_time():
    from python_calamine import CalamineWorkbook

    made = made_of(sheet(), sheet("oak"))
    assert made == made_of(sheet(), sheet("oak"))
    assert detect(io.BytesIO(made), "x").extension == ".xlsx"
    book = CalamineWorkbook.from_filelike(io.BytesIO(made))
    assert book.sheet_names == ["Oak", "oak (2)"]
    header, *rows = book.get_sheet_by_name("Oak").to_python()
    assert header == [*COLUMNS]
    assert [type(value).__name__ for value in rows[0]] == ["str", "float", "float", "date", "bool"]
    assert [str(value) for value in rows[0]] == ["007", "12.0", "-1234.5", "2026-02-28", "True"]
    # What a spreadsheet would show as something else is a text.
    assert rows[1] == ["=1+1", str(2**60), "12345678901234567.5", "1800-01-01", False]
    assert rows[2][1:] == ["?"] * 4


@pytest.mark.parametrize(
    "sheets",
    [
        [sheet(row_count=1_048_576)],
        [Sheet("x", ["a"] * 16_385, ["text"] * 16_385, 0, [])],
        [sheet(rows=[["x" * 32_768, 1, "1", None, True]])],
    ],
    ids=["rows", "columns", "text"],
)
def test_what_no_spreadsheet_can_have_is_refused(sheets):
    with pytest.raises(TooLarge):
        made_of(*sheets)


def test_names_of_sheets_are_legal_and_different():
    names = SheetNames()
    long = "A very long title of a table in a report"
    wanted = ["a/b:c", "A B C", "'", "", "History", long, long]
    assert [names.name(each) for each in wanted] == [
        *("a b c", "A B C (2)", "Table", "Table (2)", "History (2)"),
        *("A very long title of a table in", "A very long title of a tabl (2)"),
    ]
    # Spreadsheets count UTF-16 units.
    trees = "\U0001f332" * 40
    assert [names.name(each) for each in (trees, trees, "\uffff")] == [
        *("\U0001f332" * 15, "\U0001f332" * 13 + " (2)", "Table (3)"),
    ]


@pytest.mark.long
def test_a_spreadsheet_of_many_sheets_does_not_use_up_the_files_that_a_process_may_open():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        made = made_of(*[sheet("\U0001f332" * 40)] * 120)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with zipfile.ZipFile(io.BytesIO(made)) as read:
        assert len([name for name in read.namelist() if "worksheets/" in name]) == 120
