"""Whatever happens to a document with tables, they are found or it is refused."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from tests.parsing.documents.made import odf
from tests.parsing.documents.made_office import cells, docx, odf_content, paragraph, xlsx
from tests.parsing.documents.made_pdf import pdf
from tests.parsing.tables.drawn import lattice, rows
from webapp.parsing.documents.errors import CODES, DocumentError
from webapp.parsing.documents.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.parsing.tables.table import Table

_LINES = (["Fruit", "2021", "2022"], ["Apples", "12", "13"], ["Pears", "4", "5"])
_BODY = rows(24, 176, [0, 80, 140], *_LINES, apart=20)
_ROW = "<table:table-row>{}</table:table-row>".format(
    '<table:table-cell table:number-columns-spanned="2"><text:p>1</text:p></table:table-cell>' * 2
)
_CELL = f'<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{paragraph("x")}</w:tc>'
WHOLE = {
    "ruled.pdf": pdf(lattice([20, 100, 160, 220], [190, 170, 150, 130]) + _BODY, size=(300, 200)),
    "spaced.pdf": pdf(_BODY, _BODY, size=(300, 200)),
    "a.xlsx": xlsx({"S": cells('<c r="A1"><v>1</v></c>', '<c r="B2"><v>2</v></c>')}),
    "a.docx": docx(f"<w:tbl>{f'<w:tr>{_CELL * 2}</w:tr>' * 2}</w:tbl>"),
    "a.ods": odf(
        "spreadsheet", odf_content(f"<table:table>{_ROW * 2}</table:table>", "spreadsheet")
    ),
    "a.html": b"<html><table><tr><td rowspan=2>1<td>2<tr><td colspan=2>3<tr><td>4</table>",
    "a.csv": b'a;b;c\n1;"2;";3\n4;5\n',
}
_edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8)), min_size=1, max_size=6
)


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers() as readers:
        yield readers


def outcome(readers: Readers, data: bytes, name: str) -> list[Table] | DocumentError:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            return readers.tables(file.fileno(), name=name, ocr="never").tables
        except DocumentError as error:
            return error


@pytest.mark.parametrize("name", WHOLE)
def test_each_of_them_has_tables_as_long_as_it_is_whole(readers: Readers, name: str) -> None:
    assert outcome(readers, WHOLE[name], name)


@pytest.mark.parametrize("name", WHOLE)
@examples(15)
@given(edits=_edits, cut=st.floats(0, 1.3))
def test_tables_of_damaged_documents_are_whole_themselves(
    readers: Readers, name: str, edits: list[tuple[float, int, bytes]], cut: float
) -> None:
    data = WHOLE[name]
    for where, removed, put in edits:
        at = int(where * len(data))
        data = data[:at] + put + data[at + removed :]
    found = outcome(readers, data[: int(cut * len(data))], name)
    if isinstance(found, DocumentError):
        assert found.code in CODES
        return
    for table in found:
        assert {len(row) for row in table.texts} == {table.width}
        assert len(table.boxes) in {0, 4 * table.width * len(table.texts)}
        assert 0 <= table.confidence <= 1
        assert 0 <= table.header_rows <= len(table.texts)
        for (row, column), (down, right) in table.spans.items():
            assert 0 <= row < row + down <= len(table.texts)
            assert 0 <= column < column + right <= table.width
        assert all(
            cell.text == table.texts[cell.row][cell.column] for row in table.rows() for cell in row
        )
