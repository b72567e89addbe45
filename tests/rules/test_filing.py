"""What rules find in a document, and what they give it."""

from __future__ import annotations

import time

import pytest

from webapp.rules.filing import given_by, rulings_on
from webapp.rules.phrases import folded, is_in, mistake_in

DOCUMENT = {
    "text": "Stadtwerke\nYour energy  bill for May\nCustomer No. 4711, parental leave",
    "title": "Bill",
    "name": "scan-17.pdf",
    "correspondent": None,
}


def rule(*phrases, **more):
    plain = {"match": "any", "within": ["text", "title", "name", "correspondent"]}
    plain |= dict.fromkeys(("category", "correspondent", "folder_id", "action"))
    plain |= {"id": "r", "name": "r", "addresses": [], "source_types": [], "with_tags": []}
    return plain | {"phrases": phrases, "tags": []} | more


def item(**more):
    plain = {"status": "ready_to_confirm", "source_type": "article", "title": "A good harvest"}
    plain |= {"addresses": ["https://example.com/farm"], "text": "Apples", "summary": None}
    return plain | {"tags": ["Farm"], "folder_ids": [], "settled": []} | more


def given_to(rules, item):
    return [(ruling.field, ruling.value) for ruling in rulings_on(rules, item)]


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


@pytest.mark.parametrize(
    ("conditions", "matches"),
    [
        ({"addresses": ["example.org", "example.com"]}, True),
        ({"addresses": ["example.org"]}, False),
        ({"source_types": ["article"]}, True),
        ({"source_types": ["note"]}, False),
        ({"with_tags": ["FARM"]}, True),
        ({"with_tags": ["farm", "other"]}, False),
        ({"phrases": ["harvest"]}, True),
        ({"phrases": ["harvest"], "within": ["text"]}, False),
        ({"phrases": ["apples"], "addresses": ["example.com"], "with_tags": ["farm"]}, True),
        ({"phrases": ["pears"], "addresses": ["example.com"]}, False),
    ],
)
def test_an_item_must_meet_each_condition_of_a_rule(conditions, matches):
    assert bool(given_to([rule(tags=["x"], **conditions)], item())) == matches


def test_the_first_rule_decides_about_an_item_and_tags_add_up_for_later_rules():
    rules = [
        rule("pears", action="confirm", folder_id="never"),
        rule("apples", action="discard", tags=["fruit", "farm"]),
        rule(with_tags=["Fruit"], action="confirm", folder_id="f", tags=["FRUIT", "more"]),
    ]
    assert given_to(rules, item()) == [
        ("action", "discard"),
        ("folder_id", "f"),
        ("tag", "fruit"),
        ("tag", "more"),
    ]


@pytest.mark.parametrize(
    ("status", "action", "is_given"),
    [
        ("enriching", "confirm", False),
        ("ready_to_confirm", "confirm", True),
        ("failed", "confirm", False),
        ("confirmed", "confirm", False),
        ("enriching", "discard", True),
        ("ready_to_confirm", "discard", True),
        ("failed", "discard", True),
        ("confirmed", "discard", False),
    ],
)
def test_rules_decide_about_items_that_await_a_decision(status, action, is_given):
    given = given_to([rule("apples", action=action)], item(status=status))
    assert given == ([("action", action)] if is_given else [])


def test_while_an_item_is_enriched_a_field_waits_for_the_first_rule_that_gives_it():
    rules = [
        rule("pears", action="confirm"),
        rule("apples", action="discard", folder_id="f", tags=["x"]),
    ]
    assert given_to(rules, item(status="enriching")) == [("folder_id", "f"), ("tag", "x")]
    assert given_to(rules[1:], item(status="enriching"))[0] == ("folder_id", "f")
    assert ("action", "discard") in given_to(rules, item())


def test_what_was_settled_is_not_given_and_counts_for_no_later_rule():
    rules = [
        rule("apples", action="discard", folder_id="f", tags=["Fruit"]),
        rule(with_tags=["fruit"], tags=["more"]),
    ]
    settled = [["tag", "fruit"], ["action", ""], ["folder_id", "f"]]
    assert given_to(rules, item(settled=settled)) == []
    assert given_to(rules, item(folder_ids=["f"], settled=settled[:2])) == []
