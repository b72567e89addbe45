"""The order of the text that was found in a picture."""

from __future__ import annotations

from webapp.parsing.documents.ocr.lines import Line, text_of


def line(text: str, left: float, top: float, width: float, height: float = 10) -> Line:
    return Line(text, left, top, left + width, top + height)


def test_rows_are_read_from_above_and_from_the_left() -> None:
    lines = [line("Total", 0, 40, 50), line("12.50", 200, 42, 50), line("Receipt", 0, 0, 70)]
    assert text_of(lines, 1)[0] == "Receipt\n\nTotal 12.50"


def test_columns_of_prose_are_read_one_after_the_other_below_their_heading() -> None:
    lines = [line("A heading over both columns", 20, 0, 380)]
    for row in range(5):
        lines.append(line(f"left column line {row}", 0, 20 + 12 * row, 190))
        lines.append(line(f"right column line {row}", 220, 21 + 12 * row, 190))
    lines.append(line("What stands below both columns", 0, 90, 400))
    words = text_of(lines, 1)[0].replace("\n\n", "\n").split("\n")
    assert words == [
        "A heading over both columns",
        *[f"left column line {row}" for row in range(5)],
        *[f"right column line {row}" for row in range(5)],
        "What stands below both columns",
    ]


def test_numbers_stay_beside_their_labels() -> None:
    lines = []
    for row in range(5):
        lines.append(line(f"a long description of item {row}", 0, 12 * row, 250))
        lines.append(line(f"{row}.50", 300, 12 * row, 30))
    assert text_of(lines, 1)[0].split("\n")[3] == "a long description of item 3 3.50"


def test_words_have_their_parts_of_a_lines_box_in_units_of_the_page() -> None:
    text, boxes = text_of([line("ab  cde\x00", 100, 20, 70), line("f", 100, 32, 10)], 2)
    assert text == "ab cde\nf"
    assert [round(side) for side in boxes] == [50, 10, 60, 15, 70, 10, 85, 15, 50, 16, 55, 21]


def test_nothing_found_is_no_text() -> None:
    assert text_of([], 1)[0] == ""
    assert text_of([line(" ", 0, 0, 10)], 1)[0] == ""
