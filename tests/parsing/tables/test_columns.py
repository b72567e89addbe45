"""Tables whose columns are told by white space."""

from __future__ import annotations

import pytest

from tests.parsing.documents.made_pdf import pdf, text
from tests.parsing.tables.drawn import across, prose, rows
from tests.parsing.tables.found import table, tables

PAGE = (550, 300)
FRUIT = (
    ["Apples", "1,200", "13.5"],
    ["Pears", "4", "-"],
    ["Plums", "17", "8.0"],
    ["Cherries", "250", "9.9"],
)
HEAD = ["Fruit", "Sold", "Price"]


def texts(*content: str) -> list[list[list[str]]]:
    return [found.texts for found in tables(pdf("\n".join(content), size=PAGE))]


def test_rows_with_gaps_at_the_same_places_are_a_table() -> None:
    found = table(pdf(rows(20, 200, [0, 120, 200], HEAD, *FRUIT), size=PAGE))
    assert found.texts == [HEAD, *map(list, FRUIT)]
    assert (found.method, found.header_rows, found.spans) == ("white_space", 1, {})
    assert 0.5 < found.confidence < 1


def test_prose_is_no_table_however_many_columns_it_has() -> None:
    assert texts(prose(20, 280, 20), prose(190, 280, 20), prose(360, 280, 20)) == []


def test_prose_beside_a_table_is_not_in_it() -> None:
    content = rows(20, 270, [0, 80, 140], HEAD, *FRUIT, apart=12)
    assert texts(content, prose(240, 290, 12)) == [[HEAD, *map(list, FRUIT)]]


@pytest.mark.parametrize("mark", ["-", "1.", "(a)", "iv)", "2.1."])
def test_a_list_is_no_table(mark: str) -> None:
    assert texts(rows(20, 200, [0, 40], *[[mark, f"Point {word}"] for word in "abcdef"])) == []


def test_a_heading_over_columns_is_as_wide_as_the_line_below_it() -> None:
    content = text((20, 220, "Fruit"), (190, 238, "Both years"), (320, 220, "Price"), size=10)
    content += across(234, 120, 270) + across(216, 20, 350)
    content += text((120, 220, "2021"), (220, 220, "2022"), size=10)
    body = [["Apples", "12", "13", "1.5"], ["Pears", "4", "5", "2.5"], ["Plums", "7", "8", "3.5"]]
    content += rows(20, 200, [0, 100, 200, 300], *body)
    found = table(pdf(content, size=PAGE))
    assert found.texts == [
        ["Fruit", "Both years", "", "Price"],
        ["", "2021", "2022", ""],
        *body,
    ]
    assert found.spans == {(0, 0): (2, 1), (0, 1): (1, 2), (0, 3): (2, 1)}
    assert found.header_rows == 2


def test_a_heading_over_several_lines_is_one_cell() -> None:
    content = rows(20, 230, [0, 120, 220], ["", "Sold", "Price"], ["", "in all", "of a"], apart=11)
    content += rows(20, 208, [0, 120, 220], ["Fruit", "years", "pound"])
    content += rows(20, 190, [0, 120, 220], *FRUIT)
    (found,) = texts(content)
    assert found == [["Fruit", "Sold in all years", "Price of a pound"], *map(list, FRUIT)]


def test_titles_and_notes_are_outside_of_the_lines_around_a_table() -> None:
    content = rows(20, 246, [0, 60, 150], ["Table 1.", "What was sold", ""])
    content += across(240, 20, 300) + rows(20, 228, [0, 120, 220], HEAD) + across(223, 20, 300)
    content += rows(20, 210, [0, 120, 220], *FRUIT) + across(164, 20, 300)
    content += rows(20, 154, [0, 30], ["*", "without what was eaten"], ["**", "on average"])
    assert texts(content) == [[HEAD, *map(list, FRUIT)]]


def test_the_rest_of_a_label_goes_to_its_row() -> None:
    content = rows(20, 230, [0, 160, 220], HEAD)
    content += rows(
        20, 212, [0, 160, 220], ["Apples of any", "12", "13"], ["colour", "", ""], apart=11
    )
    content += rows(20, 187, [0, 160, 220], *FRUIT[1:])
    (found,) = texts(content)
    assert found[1] == ["Apples of any colour", "12", "13"]
    assert len(found) == 5


def test_numbers_close_together_are_of_two_columns() -> None:
    lines = [
        ["Row " + letter, f"2,75{at},438", f"2,79{at},250"] for at, letter in enumerate("abcdef")
    ]
    (found,) = texts(rows(20, 200, [0, 100, 156], *lines))
    assert found == lines


def test_thousands_written_with_spaces_are_one_number() -> None:
    lines = [["Row " + letter, f"2{at} 433", f"1{at} 250"] for at, letter in enumerate("abcdef")]
    assert texts(rows(20, 200, [0, 100, 180], *lines)) == [lines]


def test_tables_side_by_side_with_the_same_headings_are_two() -> None:
    lines = [["Age", "People"] * 2, *[[f"{at} years", f"{at * 31}"] * 2 for at in range(3, 9)]]
    found = texts(rows(20, 200, [0, 80, 200, 280], *lines))
    assert found == [[line[:2] for line in lines]] * 2


def test_words_of_a_drawing_are_no_table() -> None:
    lines = [
        [f"{at}0", "", "", ""] if at % 2 else ["", "x" if at == 4 else "", "", "y"]
        for at in range(12)
    ]
    assert texts(rows(20, 250, [0, 100, 200, 300], *lines)) == []


def test_columns_of_numbers_may_be_closer_together_than_words() -> None:
    lines = [[f"Row {at}", f"1,249,7{at}2", f"1,364,4{at}2"] for at in range(6)]
    assert texts(rows(20, 200, [0, 80, 128.4], *lines)) == [lines]
    words = [[f"Row {at}", "of apples", "and pears"] for at in range(6)]
    assert texts(rows(20, 200, [0, 80, 123.5], *words)) == [
        [[first, f"{second} {third}"] for first, second, third in words]
    ]


def test_what_comes_after_dots_is_the_value_however_close_they_come_to_it() -> None:
    lines = [["Plums", "." * 22, "", "17"] for _ in range(10)]
    lines[3] = ["Apples", "." * 22, "1,200", ""]
    assert texts(rows(20, 200, [0, 36, 100, 114], *lines)) == [
        [[label, close or value] for label, _, close, value in lines]
    ]


def test_dots_that_lead_nowhere_are_the_value_itself() -> None:
    lines = [["Plums", "17"], ["Apples", "....."], ["Pears ...", "3"]] * 4
    assert texts(rows(20, 200, [0, 114], *lines)) == [lines]


def test_dots_far_apart_are_one_leader() -> None:
    lines = [[f"Fruit {at}", *["."] * 20, f"{at}7"] for at in range(6)]
    places = [0.0, *(40.0 + 7 * at for at in range(20)), 250]
    assert texts(rows(20, 200, places, *lines)) == [[[label, value] for label, *_, value in lines]]
