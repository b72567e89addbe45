"""Tables on pictures, by what OCR read."""

from __future__ import annotations

from webapp.parsing.documents.media import BY_TYPE
from webapp.parsing.documents.ocr.lines import Line
from webapp.parsing.documents.reading import Reading
from webapp.parsing.tables.finding import Finding
from webapp.parsing.tables.recognised import find
from webapp.parsing.tables.table import DocumentTables, Table


def test_lines_on_a_picture_are_a_table_in_the_units_of_the_page() -> None:
    lines = [
        Line(text, 200.0 * column, 40.0 * row, 200 * column + 12 * len(text), 40 * row + 30)
        for row, cells in enumerate((["Fruit", "Sold"], ["Apples", "12"], ["Pears", "4"]))
        for column, text in enumerate(cells)
    ]
    finding = Finding(Reading())
    find(lines, 2.0, 7, finding)
    (found,) = finding.tables
    assert found.texts == [["Fruit", "Sold"], ["Apples", "12"], ["Pears", "4"]]
    assert (found.method, found.page) == ("ocr", 7)
    assert list(found.rows())[1][1].box == (100, 20, 112, 35)


def test_tables_on_pictures_go_between_those_of_other_pages() -> None:
    def on(page: int, continued_from: int | None = None) -> Table:
        return Table(page, "ocr", 1.0, [["a"]], continued_from=continued_from)

    pdf = BY_TYPE["application/pdf"]
    found = DocumentTables(pdf, 4, [on(1), on(3), on(4, 1)], pictures=[2])
    whole = found.with_pictures(DocumentTables(pdf, 0, [on(2)]))
    assert [(each.page, each.continued_from) for each in whole.tables] == [
        *((1, None), (2, None), (3, None), (4, 2))
    ]
    assert (whole.pages, whole.pictures) == (4, [])
