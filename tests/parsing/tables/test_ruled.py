"""Tables whose cells are drawn."""

from __future__ import annotations

from tests.parsing.documents.made_pdf import pdf, text
from tests.parsing.tables.drawn import across, down, lattice, rows
from tests.parsing.tables.found import table, tables

XS, YS = [20.0, 100, 160, 220], [190.0, 170, 150, 130]
CELLS = rows(
    *(24, 176, [0, 80, 140]),
    *(["Fruit", "2021", "2022"], ["Apples", "12", "13"], ["Pears", "4", "5"]),
    apart=20,
)
TEXTS = [["Fruit", "2021", "2022"], ["Apples", "12", "13"], ["Pears", "4", "5"]]
PAGE = (300, 200)


def test_a_grid_is_a_table_with_the_place_of_each_cell() -> None:
    found = table(pdf(lattice(XS, YS) + CELLS, size=PAGE))
    assert (found.texts, found.method, found.header_rows) == (TEXTS, "ruled", 1)
    assert found.confidence > 0.9
    assert found.box is not None
    assert [round(side) for side in found.box] == [20, 10, 220, 70]
    apples = list(found.rows())[1][0]
    assert apples.box is not None
    assert 23 < apples.box.left < apples.box.right < 70
    assert 30 < apples.box.top < apples.box.bottom < 50


def test_thin_rectangles_and_edges_of_shaded_cells_are_lines_too() -> None:
    drawn = "".join(f"20 {y} 200 0.5 re f " for y in YS)
    drawn += "0.9 g 20 130 80 60 re f 100 130 60 60 re f 160 130 60 60 re f 0 g "
    assert table(pdf(drawn + CELLS, size=PAGE)).texts == TEXTS


def test_cells_without_a_line_between_them_are_one() -> None:
    lines = "".join(across(y, 20, 220) for y in YS)
    lines += "".join(down(x, 130, 190) for x in (20, 220)) + "".join(down(x, 130, 170) for x in XS)
    cells = text((24, 176, "Sold in these years"), size=10) + rows(
        24, 156, [0, 80, 140], ["Apples", "12", "13"], ["Pears", "4", "5"], apart=20
    )
    found = table(pdf(lines + cells, size=PAGE))
    assert found.texts == [["Sold in these years", "", ""], *TEXTS[1:]]
    assert found.spans == {(0, 0): (1, 3)}


def test_a_side_that_is_not_drawn_is_where_lines_end() -> None:
    lines = "".join(across(y, 20, 220) for y in YS) + down(100, 130, 190) + down(160, 130, 190)
    assert table(pdf(lines + CELLS, size=PAGE)).texts == TEXTS


def test_a_row_drawn_around_many_lines_is_split_if_they_have_numbers() -> None:
    lines = lattice(XS, [190, 170, 110])
    cells = rows(
        *(24, 176, [0, 80, 140]),
        *(["Fruit", "2021", "2022"], ["Apples", "12", "13"], ["Pears", "4", "5"]),
    )
    assert table(pdf(lines + cells, size=PAGE)).texts == TEXTS


def test_a_row_drawn_around_groups_is_split_if_each_has_its_label() -> None:
    lines = lattice([20.0, 100, 280], [190, 170, 60])
    content = rows(24, 176, [0, 80], ["Kind", "Which"])
    said = [["On trees:", ""], ["Apples", "red ones and"], ["", "green ones"], ["Pears", "all"]]
    for y, line in zip((156, 132, 120, 96), said, strict=True):
        content += rows(24, y, [0, 80], line)
    found = table(pdf(lines + content, size=PAGE)).texts
    assert found[1:] == [["On trees:", ""], ["Apples", "red ones and green ones"], ["Pears", "all"]]


def test_a_row_of_several_paragraphs_with_one_label_is_one_row() -> None:
    lines = lattice([20.0, 100, 280], [190, 170, 60])
    content = rows(24, 176, [0, 80], ["Kind", "Which"])
    content += rows(24, 156, [0, 80], ["Apples", "Red ones."], ["", "Green ones."], apart=36)
    found = table(pdf(lines + content, size=PAGE))
    assert found.texts == [["Kind", "Which"], ["Apples", "Red ones. Green ones."]]


def test_a_frame_around_text_is_no_table() -> None:
    content = lattice([10, 290], [195, 100]) + text((20, 180, "Some text"), (20, 160, "in a frame"))
    assert tables(pdf(content, size=PAGE)) == []


def test_a_rotated_page_is_read_as_it_is_read() -> None:
    found = table(pdf(lattice(XS, YS) + CELLS, size=PAGE, page="/Rotate 90"))
    assert found.texts == TEXTS
    assert found.box is not None
    # Upright on the sheet, the table is turned on the page as shown.
    assert [round(side) for side in found.box] == [130, 20, 190, 220]


def test_text_that_runs_up_the_page_is_a_table_too() -> None:
    turned = f"0 1 -1 0 200 0 cm {lattice(XS, YS)}{CELLS}"
    found = table(pdf(f"q {turned} Q", size=(200, 300)))
    assert found.texts == TEXTS
