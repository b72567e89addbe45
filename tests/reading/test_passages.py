"""Dividing texts into passages."""

from __future__ import annotations

import time

import pytest

from webapp.reading.passages import LONGEST, MOST_PASSAGES, passages_of


def test_a_short_text_is_one_passage_with_its_title_and_summary():
    (passage,) = passages_of("Oak", "About posts.", "They are due.")
    assert passage.text == "Oak\nAbout posts.\nThey are due."
    assert (passage.starts_at, passage.length, passage.page) == (1, 13, 1)


def test_passages_are_the_whole_body_and_only_the_first_has_the_summary():
    body = "A sentence about oak posts in the garden. " * 100
    passages = passages_of("Oak", "Posts", body)
    assert "".join(body[each.starts_at - 1 :][: each.length] for each in passages) == body
    assert all(each.length <= LONGEST and each.text.startswith("Oak\n") for each in passages)
    assert [("Posts" in each.text) for each in passages] == [True] + [False] * (len(passages) - 1)
    assert all(each.text.endswith(". ") for each in passages)


def test_no_passage_is_on_two_pages():
    passages = passages_of(None, None, "One.\f\f  \fFour.")
    assert [(each.text, each.page, each.starts_at) for each in passages] == [
        ("One.", 1, 1),
        ("Four.", 4, 10),
    ]


@pytest.mark.parametrize("given", [(None, None, None), ("", "", ""), ("…", None, " \f?!\n")])
def test_a_thing_without_a_letter_has_no_passage(given):
    assert passages_of(*given) == []


def test_a_thing_without_a_text_has_its_title():
    (passage,) = passages_of("Order posts", None, None)
    assert (passage.text, passage.length) == ("Order posts", 0)


@pytest.mark.parametrize("piece", ["a", "a ", "\n", ". ", "天", "a\f", "! \n\n", "\0", "e\u0301"])
def test_the_longest_texts_are_divided_in_time(piece):
    body = piece * (4_000_000 // len(piece))
    began = time.perf_counter()
    passages = passages_of("t" * 500, None, body)
    assert time.perf_counter() - began < 2
    assert len(passages) <= MOST_PASSAGES
    assert all(len(each.text) <= LONGEST + 201 for each in passages)
