"""Texts become values, and never another value than was written."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.parsing.extraction.dates import date_of, date_order
from webapp.parsing.extraction.guessing import type_of
from webapp.parsing.extraction.numbers import decimal_of, decimal_sign, integer_of
from webapp.parsing.extraction.values import Hints, hints_of, value_of
from webapp.rules.document_date import MONTHS


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234,5", "1234.5"),
        ("1\u202f234,5", "1234.5"),
        ("1'234.50", "1234.50"),
        ("12,34,567", "1234567"),
        ("1.234.567", "1234567"),
        (".5", "0.5"),
        ("0,123", "0.123"),
        ("1234,567", "1234.567"),
        ("-1.5", "-1.5"),
        ("\u22121.5", "-1.5"),
        ("\u20131.5", "-1.5"),
        ("1,5-", "-1.5"),
        ("(1,234.5)", "-1234.5"),
        ("$(1,234.5)", "-1234.5"),
        ("-$1.5", "-1.5"),
        ("$ -1.5", "-1.5"),
        ("1.234,50 €", "1234.50"),
        ("EUR 12", "12"),
        ("12,5 kr", "12.5"),
        ("12.5 %", "12.5"),
        ("(1.5)%", "-1.5"),
        ("+3", "3"),
        ("-0.00", "0.00"),
        ("12*", "12"),
        ("1.5e-3", "0.0015"),
        ("007", "7"),
        ("١٢", "12"),
        ("12²", None),
        ("1,234", None),
        ("1.234", None),
        ("1,23,4", None),
        ("1 23", None),
        ("--5", None),
        ("5%%", None),
        ("12 kg", None),
        ("1.2.3", None),
        ("<5", None),
        ("", None),
        ("(", None),
        ("()", None),
        ("1e999", None),
        ("9" * 101, None),
        (f"-{'9' * 40}.5", f"-{'9' * 40}.5"),
        ("one", None),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert decimal_of(text, None) == number


def test_a_number_in_doubt_is_one_if_it_is_told_how_it_is_written():
    assert (decimal_of("1,234", "."), decimal_of("1,234", ",")) == ("1234", "1.234")
    assert decimal_of("1.234,5", ".") is None
    assert integer_of("1,234", None) == integer_of("1.234", None) == 1234
    assert (integer_of("1.000", "."), integer_of("1.5", "."), integer_of("1,234", ",")) == (
        *(1, None),
        None,
    )
    assert integer_of(str(2**53), None) == 2**53
    assert integer_of(str(2**53 + 1), None) == str(2**53 + 1)
    assert decimal_sign(["1,234", "2", "x", "3,5"]) == ","
    assert decimal_sign(["1,234,567", "1.234"]) == "."
    assert decimal_sign(["3,5", "3.5"]) is None
    assert decimal_sign(["1,234"]) is None


WRITINGS = [(".", ","), (",", "."), (".", ""), (",", " "), (".", "'"), (",", "\u00a0")]


@examples(50)
@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12)),
    st.sampled_from(WRITINGS),
    st.sampled_from(["{}", "$ {}", "{} €", "{} %", "{}*", " {} "]),
)
def test_a_number_is_the_same_in_each_writing(number, writing, around):
    sign, group = writing
    number = round(max(min(number, 10**12), -(10**12)), 2)
    said = f"{number:,.2f}".replace(",", "_").replace(".", sign).replace("_", group)
    if number < 0:
        assert decimal_of(around.format(f"({said[1:]})"), sign) == f"{number:.2f}"
        assert decimal_of(around.format(f"{said[1:]}-"), sign) == f"{number:.2f}"
    expected = f"{abs(number) if number == 0 else number:.2f}"
    assert decimal_of(around.format(said), sign) == expected
    assert decimal_of(around.format(said), None) == expected


@examples(50)
@given(st.text(max_size=30), st.sampled_from([None, ".", ","]))
def test_any_text_is_a_value_or_a_mistake(text, sign):
    for type_ in ("text", "integer", "decimal", "date", "boolean"):
        value, is_wrong = value_of(text, type_, Hints(sign, "dmy"))
        assert value is None or not is_wrong


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-02-28", "2025-02-28"),
        ("2025/2/8", "2025-02-08"),
        ("2025-02-28 00:00:00", "2025-02-28"),
        ("2025-02-28T10:00:00Z", "2025-02-28"),
        ("28.02.2025", "2025-02-28"),
        ("3. 4. 2025", "2025-04-03"),
        ("28/2/25", "2025-02-28"),
        ("2/28/99", "1999-02-28"),
        ("04/04/2025", "2025-04-04"),
        ("28 February 2025", "2025-02-28"),
        ("28-Feb-25", "2025-02-28"),
        ("28. Februar 2025", "2025-02-28"),
        ("Fri, 28 Feb 2025", "2025-02-28"),
        ("Freitag, 28. Februar 2025", "2025-02-28"),
        ("Feb. 28, 2025", "2025-02-28"),
        ("Friday, February 28, 2025", "2025-02-28"),
        ("2nd of May 2025", "2025-05-02"),
        ("1er mars 2025", "2025-03-01"),
        ("2 de mayo de 2025", "2025-05-02"),
        ("2 May 2025 10:30 am", "2025-05-02"),
        ("03/04/2025", None),
        ("30.02.2025", None),
        ("29.2.2023", None),
        ("2025-13-01", None),
        ("May 2025", None),
        ("28 Foo 2025", None),
        ("12", None),
        ("due 28.02.2025", None),
    ],
)
def test_days_as_people_write_them(text, day):
    assert date_of(text, None) == day


def test_a_day_in_doubt_is_one_if_the_order_is_told_or_learned():
    assert (date_of("03/04/2025", "dmy"), date_of("03/04/2025", "mdy")) == (
        *("2025-04-03", "2025-03-04"),
    )
    assert date_of("25/04/2025", "mdy") is None
    assert date_of("25/03/04", "ymd") == "2025-03-04"
    assert date_of("2025-03-04", "dmy") == "2025-03-04"
    assert date_order(["03/04/2025", "25/04/2025"]) == "dmy"
    assert date_order(["03/04/2025", "04-25-2025", "x"]) == "mdy"
    assert date_order(["25/04/2025", "04/25/2025"]) is None
    assert date_order(["03/04/2025", "25.04.2025"]) is None


@examples(50)
@given(st.dates(date(1970, 1, 1), date(2069, 12, 31)), st.sampled_from(sorted(MONTHS)))
def test_a_day_is_the_same_in_each_writing(day, month):
    expected = day.isoformat()
    assert date_of(f"{day:%d.%m.%Y}", None) == date_of(f"{day:%d.%m.%y}", None) == expected
    assert date_of(f"{day:%d/%m/%Y}", "dmy") == date_of(f"{day:%m/%d/%y}", "mdy") == expected
    if MONTHS[month] == day.month:
        for said in (month, month.title(), month.upper()):
            assert date_of(f"{day.day} {said} {day.year}", None) == expected
            assert date_of(f"{said} {day.day}, {day.year}", None) == expected


@pytest.mark.parametrize(
    ("text", "type_", "value"),
    [
        ("", "decimal", (None, False)),
        (" – ", "decimal", (None, False)),
        ("N/A", "date", (None, False)),
        ("–", "text", ("–", False)),
        ("007", "text", ("007", False)),
        ("x", "integer", (None, True)),
        ("Ja", "boolean", (True, False)),
        ("NON", "boolean", (False, False)),
        ("✓", "boolean", (True, False)),
        ("maybe", "boolean", (None, True)),
    ],
)
def test_a_text_is_empty_of_its_type_or_a_mistake(text, type_, value):
    assert value_of(text, type_, Hints()) == value


@pytest.mark.parametrize(
    ("texts", "type_"),
    [
        (["1", "2", "–", ""], "integer"),
        (["1,234", "987"], "text"),
        (["1,234", "1,234,567"], "integer"),
        (["1,234", "3.5"], "decimal"),
        (["1,234", "3,5"], "decimal"),
        (["0", "1"], "integer"),
        (["12.00", "13.00"], "decimal"),
        (["007", "12"], "text"),
        (["+49 301 234"], "text"),
        (["1234567890123456"], "text"),
        (["+3.5", "-1"], "decimal"),
        (["yes", "No"], "boolean"),
        (["2025-02-28", "1 May 2025"], "date"),
        (["03/04/2025", "25/04/2025"], "date"),
        (["03/04/2025"], "text"),
        (["1", "x"], "text"),
        (["", "–"], "text"),
    ],
    ids=str,
)
def test_a_type_is_only_guessed_if_all_texts_are_of_it(texts, type_):
    assert type_of(texts, hints_of(texts, {}, Hints())) == type_
