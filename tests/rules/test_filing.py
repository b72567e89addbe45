"""What rules find in a document, and what they give it."""

from __future__ import annotations

import time

import pytest

from webapp.rules.filing import given_by
from webapp.rules.phrases import folded, is_in, mistake_in

DOCUMENT = {
    "text": "Stadtwerke\nYour energy  bill for May\nCustomer No. 4711, parental leave",
    "title": "Bill",
    "name": "scan-17.pdf",
    "correspondent": None,
}


def rule(*phrases, **more):
    plain = {"match": "any", "within": ["text", "title", "name", "correspondent"]}
    plain |= dict.fromkeys(("category", "correspondent", "folder_id"))
    return plain | {"phrases": phrases, "tags": []} | more


@pytest.mark.parametrize(
    ("phrase", "is_there"),
    [
        ("energy bill", True),
        ("ENERGY\tBILL", True),
        ("energy", True),
        ("nergy", False),
        ("rent", False),
        ("parent*", True),
        ("*works", False),
        ("*werke", True),
        ("en* bill", True),
        ("your *ergy bill", True),
        ("no. 4711", True),
        ("4711,", True),
        ("may customer", True),
        ("scan-17.pdf", False),
    ],
)
def test_a_phrase_matches_whole_words_in_any_case(phrase, is_there):
    assert mistake_in(phrase) is None
    assert is_in(phrase, folded(DOCUMENT["text"])) == is_there


def test_letters_match_in_every_encoding():
    assert is_in("größe", folded("GRO\u0308SSE Gro\u0308\u00dfe"))


@pytest.mark.parametrize("phrase", ["*", "a", "-", "* a*", "*a*", "a**", "x*y", "a" * 101])
def test_a_phrase_that_says_too_little_or_too_much_is_a_mistake(phrase):
    assert mistake_in(phrase)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("a *b c", "a " + "b" * 200_000),
        ("a *b c", ("a " + "b" * 100) * 2_000),
        ("ab* cd", "ab" * 100_000),
        ("*ab", "a" * 200_000),
        ("ab*", "e" + "\u0301" * 199_999),
    ],
)
def test_no_phrase_is_slow_in_any_text(phrase, text):
    began = time.thread_time()
    is_in(phrase, folded(text))
    assert time.thread_time() - began < 5  # CPU time, more than ten times the usual


def test_the_first_rule_that_gives_a_field_wins_and_tags_add_up():
    given = given_by(
        [
            rule("nothing", category="Never"),
            rule("energy", category="Bill", tags=["home", "May"]),
            rule("stadtwerke", category="Letter", correspondent="Stadtwerke", tags=["HOME"]),
        ],
        DOCUMENT,
    )
    assert given == [
        ("category", "Bill"),
        ("correspondent", "Stadtwerke"),
        ("tag", "home"),
        ("tag", "May"),
    ]


def test_a_rule_looks_where_it_says_for_any_or_all_of_its_phrases():
    assert given_by([rule("energy", within=["title", "name"], category="x")], DOCUMENT) == []
    assert given_by([rule("scan-17.pdf", within=["name"], category="x")], DOCUMENT)
    assert given_by([rule("energy", "absent", category="x")], DOCUMENT)
    assert given_by([rule("energy", "absent", match="all", category="x")], DOCUMENT) == []
    assert given_by([rule("energy", "bill", match="all", category="x")], DOCUMENT)
