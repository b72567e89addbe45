"""Names in their one form, in Python and in the database."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.rules.names import fold, is_blank, tag_name

SAME = [
    ("caf\u00e9", "cafe\u0301"),
    ("fish", "\ufb01sh"),
    ("Stra\u00dfe", "STRASSE", "stra\u1e9ee"),
    ("\u0130stanbul", "istanbul", "i\u0307stanbul", "ISTANBUL"),
    ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2", "\u03bf\u03b4\u03bf\u03c3"),
    ("\uff21\uff22\uff23", "abc"),
    ("\uff76\uff9e", "\u30ac"),
    ("home garden", " home\u00a0\u2003 garden\u3000", "home\tgarden", "HOME\u202fGARDEN"),
    ("oak", "o\u00adak", "\u200boak", "oak\ufeff", "o\u2060a\u200dk"),
    ("\u2764", "\u2764\ufe0f"),
    ("\u0622", "\u0627\u0653"),
    ("H2O", "H\u2082O"),
]
DIFFERENT = [
    ("cafe", "caf\u00e9"),
    ("s\u0131k\u0131", "siki"),
    ("c", "c++"),
    ("c#", "c"),
    ("1 2", "12"),
    ("\u65e5\u672c", "\u65e5"),
    # The flags of England and of Scotland.
    ("\U0001f3f4\U000e0067\U000e0062\U000e0065", "\U0001f3f4\U000e0067\U000e0062\U000e0073"),
]


@pytest.mark.parametrize("names", SAME)
def test_names_that_look_the_same_have_one_form(names):
    assert len({fold(name) for name in names}) == 1


@pytest.mark.parametrize("names", DIFFERENT)
def test_names_that_look_different_have_different_forms(names):
    assert len({fold(name) for name in names}) == len(names)


@pytest.mark.long
def test_the_database_has_the_same_form_for_every_character(app_conn):
    letters = [
        chr(number)
        for number in range(1, 0x110000)
        if unicodedata.category(chr(number)) not in ("Cn", "Cs", "Co", "Lo")
        or unicodedata.normalize("NFKC", chr(number)) != chr(number)
    ]
    texts = [f"A{letter}b {letter}" for letter in letters]
    rows = app_conn.execute(
        "SELECT name, fold(name) AS form FROM unnest(%s::text[]) AS name", (texts,)
    ).fetchall()
    other = [name for name, form in rows if fold(name) != form]
    # Where a newer Unicode knows more letters.
    assert len(other) < 50, other[:20]


@pytest.mark.fuzz
@examples(200)
# Without letters that only a newer Unicode than Python's knows.
@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cn", "Cs")),
        max_size=60,
    )
)
def test_the_database_has_the_same_form_for_any_text(app_conn, name):
    row = app_conn.execute("SELECT fold(%s) AS form, tag_name(%s) AS tag", (name, name)).fetchone()
    assert row == (fold(name), tag_name(name))
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("#oak", "oak"),
        ("  ## oak  tree\n", "oak tree"),
        ("\uff03\u6771\u4eac", "\u6771\u4eac"),
        ("C#", "C#"),
        ("#", ""),
        ("\u200b#oak", "oak"),
        ("\u00ad# \u2060#oak", "oak"),
        ("#\ufe0f\u20e3 one", "#\ufe0f\u20e3 one"),
        ("oak\u00a0tree", "oak tree"),
    ],
)
def test_the_sign_of_a_tag_does_not_belong_to_its_name(app_conn, written, name):
    assert tag_name(written) == name
    assert app_conn.execute("SELECT tag_name(%s) AS tag", (written,)).fetchone() == (name,)


def test_what_nobody_sees_is_blank():
    for text in (
        "",
        " \n",
        "\u200b",
        "\u00ad\ufeff",
        "\u2800\u3164",
        "\u202e \u2066",
        "\U000e0067",
    ):
        assert is_blank(text), ascii(text)
    for text in ("a", "\u200ba", "\u2764\ufe0f", "\u0e01", "."):
        assert not is_blank(text), ascii(text)
