"""The way that workers take: through a child."""

from __future__ import annotations

import io
import tempfile
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.parsing.documents.made import odf
from tests.parsing.documents.made_office import cells, docx, odf_content, xlsx
from tests.parsing.documents.made_pdf import pdf, text
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers() as readers:
        yield readers


ROWS = text(
    *((20, 80, "Fruit"), (100, 80, "2021"), (150, 80, "2022")),
    *((20, 60, "Apples"), (100, 60, "12"), (150, 60, "13")),
    *((20, 40, "Pears"), (100, 40, "4"), (150, 40, "5")),
)


def test_a_child_finds_the_tables_of_a_document(readers: Readers) -> None:
    told: list[tuple[int, int]] = []
    with tempfile.TemporaryFile() as file:
        file.write(pdf(text((20, 50, "Nothing")), ROWS, password="sesame"))
        file.flush()
        with pytest.raises(DocumentError) as refused:
            readers.tables(file.fileno())
        found = readers.tables(
            file.fileno(), password="sesame", on_page=lambda *step: told.append(step)
        )
    assert refused.value.code == "encrypted"
    (table,) = found.tables
    assert table.texts == [["Fruit", "2021", "2022"], ["Apples", "12", "13"], ["Pears", "4", "5"]]
    assert (table.page, found.pages, told) == (2, 2, [(1, 2), (2, 2)])


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (30, 20)).save(out, "png")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "count"),
    [
        (xlsx({"S": cells('<c r="A1"><v>1</v></c>', '<c r="A2"><v>2</v></c>')}), "a.xlsx", 1),
        (docx("<w:tbl/>"), "a.docx", 0),
        (odf("spreadsheet", odf_content("<table:table/>", "spreadsheet")), "a.ods", 0),
        (b"<html><table><tr><td>1<td>2<tr><td>3<td>4</table>", "a.html", 1),
        (b"a;b\n1;2\n", "a.csv", 1),
        (b"Gr\xfc\xdfe aus K\xf6ln", "a.txt", 0),
        (_picture(), "a.png", 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_needed_is_imported_before_a_child_is_confined(
    readers: Readers, data: bytes, name: str, count: int
) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        assert len(readers.tables(file.fileno(), name=name).tables) == count
