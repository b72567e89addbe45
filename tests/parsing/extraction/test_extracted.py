"""An empty configuration takes every table as it is."""

from __future__ import annotations

import math
import tempfile
from array import array
from dataclasses import replace

import pytest

from tests.parsing.documents.made_pdf import pdf, text
from webapp.parsing.documents.document import Box
from webapp.parsing.documents.media import BY_TYPE
from webapp.parsing.documents.readers import Readers
from webapp.parsing.extraction import extracted
from webapp.parsing.extraction.applying import apply
from webapp.parsing.extraction.extracted import (
    Column,
    ExtractedField,
    ExtractedTable,
    Extraction,
    LeftOut,
    Row,
)
from webapp.parsing.tables.table import DocumentTables, Table

CSV = BY_TYPE["text/csv"]


def test_what_is_extracted_arrives_as_it_was_sent() -> None:
    boxes = array("f", [1, 2, 3, 4, *[math.inf] * 4])
    rows = [
        Row(1, ["a", ""], ["a", None], [1], boxes, [0.5, 1.0]),
        Row(2, ["b", "7"], ["b", 7]),
        Row(2, ["c", "x"], ["c", True], boxes=boxes),
    ]
    columns = [Column("a", "A", "text"), Column("b", "", "integer")]
    table = ExtractedTable("T", "ruled", 0.5, [1, 2], Box(1, 2, 3, 4), columns, rows)
    field = ExtractedField("total", "decimal", "1,50", "1.50", 1, Box(1, 2, 3, 4), 1.0)
    bare = replace(table, box=None, rows=[], continued_from=0)
    left_out = [LeftOut([2], "T", ["A"], 3, "csv", 0.5, "required_column_missing", ["b"])]
    extraction = Extraction(CSV, 2, [table, bare], [field], [2], True, left_out, 7)
    assert extracted.decode(extracted.encode(extraction)) == extraction


def test_columns_are_named_by_their_headings() -> None:
    texts = [["", "Sales", "", "sales"], ["", "2021", "2022", ""], ["Apples", "1", "2", "3"]]
    spans = {(0, 1): (1, 2)}
    found = Table(1, "csv", 1.0, texts, spans=spans, header_rows=2)
    (table,) = apply({}, DocumentTables(CSV, 1, [found])).tables
    assert [(column.name, column.heading) for column in table.columns] == [
        ("column_1", ""),
        ("Sales 2021", "Sales 2021"),
        ("Sales 2022", "Sales 2022"),
        ("sales", "sales"),
    ]
    assert [row.texts for row in table.rows] == [["Apples", "1", "2", "3"]]


def test_headings_that_repeat_get_numbers() -> None:
    found = Table(1, "csv", 1.0, [["a", "A", "", "A_2", "a"], [*"12345"]], header_rows=1)
    (table,) = apply({}, DocumentTables(CSV, 1, [found])).tables
    assert [column.name for column in table.columns] == ["a", "A_2", "column_3", "A_2_2", "a_3"]


def test_a_table_over_several_pages_is_one() -> None:
    boxes = array("f", range(16))
    first = Table(1, "ruled", 0.9, [["a", "b"], ["1", "2"]], boxes=boxes, header_rows=1)
    other = Table(1, "ruled", 0.9, [["x"]])
    second = replace(first, page=2, confidence=0.8, continued_from=0)
    third = replace(first, page=3, header_rows=0, continued_from=2)
    (table, aside) = apply({}, DocumentTables(CSV, 3, [first, other, second, third])).tables
    assert [(row.page, row.texts) for row in table.rows] == [
        *((1, ["1", "2"]), (2, ["1", "2"]), (3, ["a", "b"]), (3, ["1", "2"])),
    ]
    assert [row.boxes and list(row.boxes[:2]) for row in table.rows] == [[8, 9]] * 2 + [
        *([0, 1], [8, 9])
    ]
    assert (table.pages, table.confidence, table.continued_from) == ([1, 2, 3], 0.8, None)
    assert (aside.columns[0].name, aside.rows[0].boxes) == ("column_1", None)


@pytest.mark.processes
def test_a_child_extracts() -> None:
    rows = text(
        *((20, 80, "Fruit"), (100, 80, "2021"), (150, 80, "2022")),
        *((20, 60, "Apples"), (100, 60, "12"), (150, 60, "13")),
        *((20, 40, "Pears"), (100, 40, "4"), (150, 40, "5")),
    )
    with Readers() as readers, tempfile.TemporaryFile() as file:
        file.write(pdf(rows, password="sesame"))
        file.flush()
        extraction = readers.extract(file.fileno(), body={}, password="sesame")
    (table,) = extraction.tables
    assert [column.name for column in table.columns] == ["Fruit", "2021", "2022"]
    assert [row.texts for row in table.rows] == [["Apples", "12", "13"], ["Pears", "4", "5"]]
