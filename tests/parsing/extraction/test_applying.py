"""What a configuration says is what comes out."""

from __future__ import annotations

import math
import tempfile
import time
from array import array
from dataclasses import replace

import pytest

from tests.parsing.documents.made_pdf import pdf, text
from webapp.parsing.documents.document import Box, Page
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.media import BY_TYPE
from webapp.parsing.documents.readers import Readers
from webapp.parsing.extraction import patterns
from webapp.parsing.extraction.applying import apply
from webapp.parsing.extraction.headings import names_of
from webapp.parsing.extraction.patterns import mistakes_of
from webapp.parsing.extraction.proposing import propose
from webapp.parsing.tables.table import DocumentTables, Table

TEXTS = [
    ["Date", "Item", "Amount"],
    ["03/04/2025", "007", "1,234"],
    ["25/04/2025", "", "(3.50)"],
    ["soon", "x", "–"],
]
LARGE = Table(1, "csv", 0.9, TEXTS, header_rows=1)
SMALL = Table(2, "ruled", 0.4, [["Item", "Note"], ["a", "b"]], header_rows=1)
FOR_EVER = "(a+)+$"
ENDLESS = "a" * 40 + "!"


def found(*tables: Table) -> DocumentTables:
    return DocumentTables(BY_TYPE["text/csv"], 3, list(tables))


def test_columns_are_found_by_heading_or_pattern_and_get_values() -> None:
    body = {
        "columns": [
            {"name": "sum", "match": " amount ", "type": "decimal", "required": True},
            {"name": "day", "pattern": "^Da", "type": "date"},
            {"name": "ITEM"},
            {"name": "currency"},
        ]
    }
    (table,) = apply(body, found(LARGE, SMALL)).tables  # the small one has no amount
    assert [(each.name, each.heading, each.type) for each in table.columns] == [
        *(("sum", "Amount", "decimal"), ("day", "Date", "date")),
        *(("ITEM", "Item", "text"), ("currency", "", "text")),
    ]
    assert table.rows[0].texts == ["1,234", "03/04/2025", "007", ""]
    assert [(row.values, row.mistakes) for row in table.rows] == [
        (["1234", "2025-04-03", "007", None], []),
        (["-3.50", "2025-04-25", None, None], []),
        ([None, None, "x", None], [0, 1]),
    ]


def test_a_table_that_is_left_out_says_why() -> None:
    def reasons(body: dict[str, object]) -> list[tuple[list[int], str, list[str]]]:
        extraction = apply(body, found(LARGE, SMALL))
        assert len(extraction.tables) + extraction.left_out_count == 2
        return [(each.pages, each.reason, each.missing) for each in extraction.left_out]

    required = [{"name": name, "required": True} for name in ("Amount", "VAT", "Item")]
    assert reasons({"columns": required}) == [
        ([1], "required_column_missing", ["VAT"]),
        ([2], "required_column_missing", ["Amount", "VAT"]),
    ]
    assert reasons({"columns": [{"name": "Amount"}]}) == [([2], "no_column_found", [])]
    assert reasons({"tables": {"min_rows": 2}}) == [([2], "too_few_rows", [])]
    assert reasons({"tables": {"min_confidence": 0.5}}) == [([2], "too_uncertain", [])]
    assert reasons({"tables": {"pages": "2-"}}) == [([1], "other_page", [])]
    assert reasons({"tables": {"methods": ["csv"]}}) == [([2], "other_method", [])]
    assert reasons({}) == []
    (left_out,) = apply({"columns": [{"name": "Amount"}]}, found(LARGE, SMALL)).left_out
    assert (left_out.headings, left_out.row_count) == (["Item", "Note"], 1)


def test_of_very_many_tables_that_are_left_out_the_first_are_told() -> None:
    extraction = apply({"tables": {"min_rows": 2}}, found(*[SMALL] * 30))
    assert (len(extraction.left_out), extraction.left_out_count) == (20, 30)


def test_what_is_told_goes_before_what_shows() -> None:
    body = {
        "columns": [
            {"name": "Date", "type": "date", "date_order": "mdy"},
            {"name": "Amount", "type": "decimal", "decimal": ","},
        ]
    }
    (table,) = apply(body, found(LARGE)).tables
    assert [row.values for row in table.rows] == [["2025-03-04", "1.234"], [None] * 2, [None] * 2]
    assert [row.mistakes for row in table.rows] == [[], [0, 1], [0]]


def test_without_columns_types_are_those_that_all_texts_show() -> None:
    (large, _) = apply({}, found(LARGE, SMALL)).tables
    assert [each.type for each in large.columns] == ["text", "text", "decimal"]
    assert [row.values[2] for row in large.rows] == ["1234", "-3.50", None]


@pytest.mark.parametrize(
    ("tables", "pages"),
    [
        ({"pages": "2-"}, [[2]]),
        ({"pages": "1, 3-4"}, [[1]]),
        ({"methods": ["ruled"]}, [[2]]),
        ({"min_rows": 2}, [[1]]),
        ({"min_confidence": 0.5}, [[1]]),
    ],
    ids=str,
)
def test_tables_are_chosen(tables: dict[str, object], pages: list[list[int]]) -> None:
    taken = apply({"tables": tables}, found(LARGE, SMALL)).tables
    assert [table.pages for table in taken] == pages


def test_the_number_of_heading_rows_can_be_told() -> None:
    first = replace(LARGE, texts=[["", "", ""], *TEXTS])
    later = replace(LARGE, page=2, continued_from=0)
    body = {"tables": {"header_rows": 2}}
    (table,) = apply(body, found(first, later)).tables
    assert ([each.name for each in table.columns], len(table.rows)) == (TEXTS[0], 6)
    (table,) = apply({"tables": {"header_rows": 0}}, found(LARGE)).tables
    assert [each.name for each in table.columns] == ["column_1", "column_2", "column_3"]


def test_parts_of_a_table_can_be_kept_apart() -> None:
    tables = [SMALL, LARGE, replace(LARGE, page=2, continued_from=1)]
    body = {"tables": {"join_pages": False, "methods": ["csv"]}}
    taken = apply(body, found(*tables)).tables
    assert [table.continued_from for table in taken] == [None, 0]


def test_boxes_go_with_their_columns() -> None:
    boxes = array("f", range(48))
    body = {"columns": [{"name": "Amount"}, {"name": "Nowhere"}]}
    (table,) = apply(body, found(replace(LARGE, boxes=boxes))).tables
    assert table.rows[0].boxes is not None
    assert list(table.rows[0].boxes[:4]) == [20, 21, 22, 23]
    assert all(map(math.isnan, table.rows[0].boxes[4:]))


def test_fields_are_found_by_pattern_with_their_place() -> None:
    boxes = array("f", [1, 1, 2, 2, 3, 1, 4, 2, 5, 0, 6, 2])
    pages = [Page(1, "nothing"), Page(2, "Total due\n1.234,50", boxes=boxes, origin="ocr")]
    body = {
        "fields": [
            {"name": "total", "pattern": r"due\s+([\d.,]+)", "type": "decimal"},
            {"name": "line", "pattern": r"^Total.*$"},
            {"name": "day", "pattern": "Total", "type": "date"},
            {"name": "none", "pattern": "x(y)?z"},
        ]
    }
    total, line, day, none = apply(body, found(), pages).fields
    assert (total.text, total.value, total.page) == ("1.234,50", "1234.50", 2)
    assert (total.box, total.confidence) == (Box(5, 0, 6, 2), 0.95)
    assert (line.text, line.box) == ("Total due", Box(1, 1, 4, 2))
    assert (day.text, day.value) == ("Total", None)
    assert (none.text, none.value, none.page, none.box, none.confidence) == (
        "",
        None,
        None,
        None,
        0,
    )


@pytest.mark.long
@pytest.mark.parametrize(
    "body",
    [
        {"fields": [{"name": "f", "pattern": FOR_EVER}]},
        {"columns": [{"name": "c", "pattern": FOR_EVER}]},
    ],
    ids=["field", "column"],
)
def test_a_pattern_that_takes_for_ever_is_stopped(
    body: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.parsing.extraction.applying.SECONDS", 0.03)
    table = Table(1, "csv", 1.0, [[ENDLESS], ["1"]], header_rows=1)
    with pytest.raises(DocumentError) as refused:
        apply(body, found(table), [Page(1, ENDLESS)])
    assert (refused.value.code, refused.value.permanent) == ("pattern_too_slow", True)


@pytest.mark.long
def test_patterns_are_checked_and_one_that_takes_long_to_compile_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patterns, "SECONDS_TO_COMPILE", 0.03)
    slow = "(?i)" + "[!-\U0010ffff]" * 20
    wrong = ["(", "(?<=a+)b", "a{99999999999}"]
    mistakes = mistakes_of(["a+", *wrong, slow])
    assert mistakes[0] is None
    assert all((said or "").startswith("Not a valid pattern: ") for said in mistakes[1:])


def test_a_configuration_is_proposed_from_the_largest_table() -> None:
    table = replace(LARGE, texts=TEXTS[:-1])
    body = propose(found(SMALL, table))
    assert body == {
        "columns": [
            {"name": "Date", "type": "date", "required": True, "date_order": "dmy"},
            {"name": "Item", "type": "text"},
            {"name": "Amount", "type": "decimal", "required": True, "decimal": "."},
        ]
    }
    (taken,) = apply(body, found(SMALL, table)).tables
    assert taken.rows == apply({}, found(table)).tables[0].rows
    assert propose(found()) is None
    assert propose(found(replace(table, header_rows=0))) == {}


@pytest.mark.processes
def test_a_child_looks_for_fields_proposes_and_stops_patterns() -> None:
    page = text((20, 80, "Invoice No. 4711"), (20, 40, "Total: 12.50"), (20, 20, ENDLESS))
    field = {"name": "total", "pattern": r"Total: (\S+)", "type": "decimal"}
    with Readers() as readers, tempfile.TemporaryFile() as file:
        file.write(pdf(page))
        file.flush()
        (total,) = readers.extract(file.fileno(), body={"fields": [field]}).fields
        assert (total.value, total.page) == ("12.50", 1)
        assert total.box is not None
        assert readers.propose(file.fileno()) is None
        began = time.process_time()
        with pytest.raises(DocumentError) as refused:
            readers.extract(file.fileno(), body={"fields": [field | {"pattern": FOR_EVER}]})
        assert refused.value.code == "pattern_too_slow"
        assert time.process_time() - began < 1  # of this process
        assert readers.pattern_mistakes(["a", "("])[0] is None


def test_thousands_of_equal_headings_are_numbered_without_trying_all_numbers() -> None:
    began = time.process_time()
    names = names_of(["x_2", *["x"] * 16_000, "X"])
    assert (names[:4], names[-1]) == (["x_2", "x", "x_3", "x_4"], "X_16002")
    assert time.process_time() - began < 10  # it takes a hundredth of a second, not minutes
