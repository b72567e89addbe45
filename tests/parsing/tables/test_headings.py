"""Which rows are the headings of a table on a page, and what they are over."""

from __future__ import annotations

from tests.parsing.documents.made_pdf import pdf, text
from tests.parsing.tables.drawn import across, down, rows
from tests.parsing.tables.found import table, tables

PAGE = (550, 320)
YEARS = ["Fruit", "2020-21", "2021-22", "2022-23"]
SOLD = (["Apples", "12", "13", "15"], ["Pears", "4", "5", "25"], ["Plums", "7", "8", "35"])
AT = [0.0, 120, 200, 280]


def test_numbers_that_ascend_above_a_line_are_headings_and_what_is_above_is_the_title() -> None:
    content = rows(20, 262, [0, 60], ["Table 1.", "What was sold in each week"])
    content += across(256, 20, 330) + text((200, 242, "Week"), size=10) + across(238, 138, 330)
    content += rows(20, 226, AT, ["Fruit", "1", "2", "3"]) + across(221, 20, 330)
    content += rows(20, 208, AT, *SOLD) + across(174, 20, 330)
    found = table(pdf(content, size=PAGE))
    assert found.texts == [["Fruit", "Week", "", ""], ["", "1", "2", "3"], *SOLD]
    assert found.header_rows == 2


def test_numbers_that_do_not_ascend_are_values_although_a_line_is_below_them() -> None:
    content = rows(20, 240, AT, ["Apples", "12", "3", "15"]) + across(235, 20, 330)
    found = table(pdf(content + rows(20, 222, AT, *SOLD[1:], *SOLD), size=PAGE))
    assert (found.header_rows, found.texts[0]) == (0, ["Apples", "12", "3", "15"])


def test_what_is_in_the_middle_below_the_line_of_the_headings_is_over_the_values() -> None:
    content = rows(20, 240, AT, YEARS) + across(235, 20, 330)
    content += text((190, 222, "Thousands of pounds"), size=10) + rows(20, 208, AT, *SOLD)
    content += text((208, 160, "Shares of all"), size=10) + rows(20, 146, AT, *SOLD)
    found = table(pdf(content, size=PAGE))
    titles = [["", "Thousands of pounds", "", ""], ["", "Shares of all", "", ""]]
    assert found.texts == [YEARS, titles[0], *SOLD, titles[1], *SOLD]
    assert found.header_rows == 1
    assert found.spans == {(1, 1): (1, 3), (5, 1): (1, 3)}


def test_a_heading_in_the_middle_between_lines_drawn_down_is_over_what_is_between_them() -> None:
    content = down(120, 130, 250) + down(264, 130, 250)
    content += text((20, 240, "Fruit"), (183, 240, "Sold"), (280, 240, "Price"), size=10)
    content += rows(20, 227, [130, 214], ["First", "Second"])
    content += rows(20, 210, [0, 130, 214, 260], *SOLD, *SOLD)
    found = table(pdf(content, size=PAGE))
    assert found.texts[:2] == [["Fruit", "Sold", "", "Price"], ["", "First", "Second", ""]]
    assert found.spans[0, 1] == (1, 2)


def test_a_heading_over_all_values_is_told_by_its_place() -> None:
    body = [["Apples", "12", "13", "15", "17"], ["Pears", "14", "15", "25", "26"]]
    content = rows(20, 280, [0], ["A table of what was sold in each of the weeks"])
    content += rows(169, 254, [0], ["Number of week"]) + across(237, 20, 280)
    content += rows(20, 242, [0, 120, 160, 200, 240], ["Fruit", *"1234"])
    content += rows(20, 224, [0, 120, 160, 200, 240], *body, *body)
    found = table(pdf(content, size=PAGE))
    assert found.texts[:2] == [["Fruit", "Number of week", "", "", ""], ["", *"1234"]]


def test_lines_of_dashes_part_rows_as_lines_that_are_drawn_do() -> None:
    content = rows(20, 240, AT, ["Fruit", "1", "2", "3"]) + text((20, 227, "-" * 90), size=10)
    found = table(pdf(content + rows(20, 214, AT, *SOLD), size=PAGE))
    assert (found.texts, found.header_rows) == ([["Fruit", "1", "2", "3"], *SOLD], 1)


def test_tables_one_below_the_other_with_the_same_first_heading_are_two() -> None:
    content = ""
    expected = []
    for top, at, heads in ((290, AT, ["1", "2", "3"]), (210, [0.0, 90, 150, 295], ["4", "5", "6"])):
        content += rows(20, top, at, ["Fruit", *heads]) + across(top - 5, 20, 330)
        content += rows(20, top - 18, at, *SOLD)
        expected.append([["Fruit", *heads], *SOLD])
    assert [found.texts for found in tables(pdf(content, size=PAGE))] == expected


def test_rows_that_lines_part_are_one_table_however_often_they_begin_alike() -> None:
    lines = [["Plum", "red", "sweet"], ["Plum", "blue", "sour"], ["Plum", "green", "sour"]]
    content = "".join(across(235 - 14 * at, 20, 240) for at in range(6))
    content += rows(20, 240, [0, 120, 200], *lines, *lines)
    assert [found.texts for found in tables(pdf(content, size=PAGE))] == [[*lines, *lines]]


def test_three_lines_make_a_table_of_long_texts_and_wrapped_ones_are_joined() -> None:
    content = rows(20, 262, [0, 60], ["Table 2.", "What is assumed"]) + across(256, 20, 400)
    content += rows(20, 244, [0, 200], ["Number that is assumed", "What it is assumed to be"])
    body = rows(
        *(20, 226, [0, 200]),
        ["Prices of all kinds of fruit", "They are consistent with those of other years"],
        ["Rain in an average summer", "It is between that of the last three summers"],
        ["Bees and other insects that", "There are more of them than there were in"],
        ["all years before", "any of the years before"],
        ["Frost", "There is none after the end of April"],
        apart=12.5,
    )
    frame = across(238, 20, 400) + across(171, 20, 400)
    assert tables(pdf(content + body, size=PAGE)) == []
    found = table(pdf(content + frame + body, size=PAGE))
    assert found.texts[0] == ["Number that is assumed", "What it is assumed to be"]
    assert [row[0] for row in found.texts[3:]] == [
        "Bees and other insects that all years before",
        "Frost",
    ]
    assert found.header_rows == 1
