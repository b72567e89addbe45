"""Tables that documents say are tables: sheets, delimited text, HTML, word processors."""

from __future__ import annotations

import pytest

from tests.parsing.documents.made import odf
from tests.parsing.documents.made_office import cells, docx, odf_content, paragraph, xlsx
from tests.parsing.tables.found import find, table, tables
from webapp.parsing.tables.regions import Region, regions_of


def test_delimited_text_is_one_table_with_its_text_as_read() -> None:
    found = table(b'Name,Account\r\n"Smith, Jane",+007\r\n\r\n"a ""b""\nc"\r\n', "a.csv")
    assert found.texts == [["Name", "Account"], ["Smith, Jane", "+007"], ['a "b"\nc', ""]]
    assert (found.method, found.page, found.confidence, found.box) == ("csv", 1, 1.0, None)


@pytest.mark.parametrize(
    ("data", "name"), [(b"a\tb\n1\t2\n", "a.tsv"), (b"a;b\n1;2\n", "a.csv"), (b"a|b\n1|2", "a.csv")]
)
def test_the_delimiter_is_found_out(data: bytes, name: str) -> None:
    assert table(data, name).texts == [["a", "b"], ["1", "2"]]


def test_headings_are_the_rows_above_the_first_values() -> None:
    found = table(b"Fruit;Sold;\n;2021;2022\nApples;12;13\nPears;4;-\n", "a.csv")
    assert found.header_rows == 2
    rows = list(found.rows())
    assert [cell.is_header for cell in rows[1]] == [True] * 3
    assert [cell.is_header for cell in rows[2]] == [False] * 3


def test_lines_above_the_headings_are_the_title() -> None:
    data = b"Invoice: RE-5;;\n\nFor Ana\nItem;Pieces;Price\n00471;3;12,50\n"
    found = table(data, "a.csv")
    assert found.title == "Invoice: RE-5 For Ana"
    assert (found.header_rows, found.texts[0]) == (1, ["Item", "Pieces", "Price"])
    assert len(found.texts) == 2


def test_what_names_a_group_of_rows_is_no_heading() -> None:
    found = table(b"Fruit;2021;2022\nof trees\nAll of them:\nRed ones\nApples;12;13\n", "a.csv")
    assert [row[0] for row in found.texts[1:4]] == ["of trees", "All of them:", "Red ones"]
    assert found.header_rows == 2


def test_a_sheet_has_a_table_for_each_region_of_cells() -> None:
    sheet = cells(
        '<c r="A1" t="str"><v>Sales</v></c>',
        "",
        "",
        '<c r="A4" t="str"><v>a</v></c><c r="B4" t="str"><v>b</v></c>'
        '<c r="F4" t="str"><v>x</v></c><c r="G4" t="str"><v>y</v></c>',
        '<c r="A5"><v>1</v></c><c r="B5" t="e"><v>#N/A</v></c>'
        '<c r="F5"><v>7</v></c><c r="G5"><v>8</v></c>',
    )
    first, second = tables(xlsx({"First": sheet, "Empty": cells()}))
    assert first.texts == [["a", "b"], ["1", "#N/A"]]
    assert second.texts == [["x", "y"], ["7", "8"]]
    assert (first.title, first.page, first.header_rows) == ("First: Sales", 1, 1)


def test_merged_cells_of_a_sheet_are_spans() -> None:
    sheet = cells(
        '<c r="A1" t="str"><v>Both</v></c>', '<c r="A2"><v>1</v></c><c r="B2"><v>2</v></c>'
    )
    merged = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    found = table(xlsx({"S": sheet + merged}))
    assert found.texts == [["Both", ""], ["1", "2"]]
    assert found.spans == {(0, 0): (1, 2)}


@pytest.mark.parametrize(
    ("sheet", "regions"),
    [
        ("ab ab", [Region(0, 0, 1, 5)]),  # columns: a sparse table
        ("ab\n\nab", [Region(0, 0, 3, 2)]),
        ("ab\n\n\nab", [Region(0, 0, 1, 2), Region(3, 0, 4, 2)]),
        ("abc\n\nab", [Region(0, 0, 1, 3), Region(2, 0, 3, 2)]),
        ("ab  xy\nab  xy", [Region(0, 0, 2, 2), Region(0, 4, 2, 6)]),
        ("ab xy\nab xy\nab", [Region(0, 0, 3, 2), Region(0, 3, 2, 5)]),
        ("", []),
    ],
)
def test_regions_are_apart_if_two_lines_are_empty_or_they_differ(
    sheet: str, regions: list[Region]
) -> None:
    assert regions_of([[at.strip() for at in line] for line in sheet.split("\n")]) == regions


@pytest.mark.long
def test_many_regions_take_a_moment() -> None:
    assert len(regions_of([["a", "b"], [], []] * 2_000)) == 2_000


def test_tables_of_html_have_spans_headings_and_a_caption() -> None:
    found = table(
        b"<table><caption>Sold</caption><tr><th>Fruit<th colspan=2>Years</tr>"
        b"<tr><th rowspan=2>Apples<td>2021<td><b>1</b>2</tr><tr><td>2022<td>13</table>",
        "a.html",
    )
    assert found.texts == [["Fruit", "Years", ""], ["Apples", "2021", "12"], ["", "2022", "13"]]
    assert found.spans == {(0, 1): (1, 2), (1, 0): (2, 1)}
    assert (found.title, found.header_rows) == ("Sold", 1)
    assert [cell.column for cell in list(found.rows())[2]] == [1, 2]


def test_a_table_around_others_is_no_table_of_its_own() -> None:
    inner = b"<table><tr><td>1<td>2<tr><td>3<td>4</table>"
    page = b"<html><table><tr><td>" + inner + b"<td>" + inner + b"<tr><td>a<td>b</table>"
    assert [found.texts for found in tables(page, "a.html")] == [[["1", "2"], ["3", "4"]]] * 2


def test_spans_of_html_cannot_make_a_table_larger_than_it_is() -> None:
    found = table(b"<table><tr><td rowspan=65000>a<td colspan=900>b<tr><td>c</table>", "a.html")
    assert len(found.texts) == 2
    assert found.spans[0, 0] == (2, 1)


def test_tables_of_a_docx_have_spans_and_the_page_as_last_printed() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"

    rows = (
        "<w:tr><w:trPr><w:tblHeader/></w:trPr>"
        + cell("Fruit", '<w:vMerge w:val="restart"/>')
        + cell("Years", '<w:gridSpan w:val="2"/>'),
        "<w:tr>" + cell("", "<w:vMerge/>") + cell("2021") + cell("2022"),
        "<w:tr>" + cell("Apples") + cell("12") + cell("13"),
    )
    body = paragraph("x") + '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
    body += f"<w:tbl>{''.join(row + '</w:tr>' for row in rows)}</w:tbl>"
    found = table(docx(body))
    assert found.texts == [["Fruit", "Years", ""], ["", "2021", "2022"], ["Apples", "12", "13"]]
    assert found.spans == {(0, 0): (2, 1), (0, 1): (1, 2)}
    assert (found.method, found.page, found.header_rows) == ("word", 2, 1)


def _odf_row(*texts: str, repeated: int = 1, columns: str = "") -> str:
    inside = "".join(
        f"<table:table-cell {columns}><text:p>{text}</text:p></table:table-cell>"
        if text
        else "<table:table-cell/>"
        for text in texts
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{inside}</table:table-row>'


def test_a_sheet_of_opendocument_may_repeat_rows_to_its_end() -> None:
    rows = _odf_row("a", "b") + _odf_row("1", "2", repeated=2) + _odf_row("", repeated=1_048_573)
    sheet = odf_content(f'<table:table table:name="S">{rows}</table:table>', "spreadsheet")
    found = table(odf("spreadsheet", sheet))
    assert found.texts == [["a", "b"], ["1", "2"], ["1", "2"]]
    assert (found.title, found.method) == ("S", "sheet")


def test_a_table_in_an_opendocument_text_is_on_its_page() -> None:
    rows = _odf_row("a", columns='table:number-columns-spanned="2"') + _odf_row("1", "2")
    body = f"<text:p>x<text:soft-page-break/></text:p><table:table>{rows}</table:table>"
    found = table(odf("text", odf_content(body)))
    assert (found.texts, found.page) == ([["a", ""], ["1", "2"]], 2)
    assert found.spans == {(0, 0): (1, 2)}


def test_a_kind_of_document_without_tables_has_none() -> None:
    found = find(b"Just text.", "a.txt")
    assert (found.tables, found.media.type) == ([], "text/plain")
