"""How what somebody typed is understood."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.parsing.documents.media import Kind
from webapp.schemas.library.search import DOCUMENT_KINDS, KINDS
from webapp.search.query import MOST_CONDITIONS, TYPES, Facet, Named, QueryMistake, Words, parse


def groups(text):
    return [list(group) for group in parse(text).groups]


def test_words_stand_side_by_side():
    assert groups("oak  posts\tFence") == [[Words("oak")], [Words("posts")], [Words("Fence")]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("oak posts -fence #garden", "oak posts"),
        ("well-known don't bread? «oak»,", "well-known don't bread? «oak»,"),
        ("invoice 4711", "invoice 4711"),
        ('oak "green fence"', "oak green fence"),
        ("4711", ""),
        ("CVE-2024-12345 v1.2.3", ""),
        ("ana.lopez@example.com", ""),
        ("https://example.com/a", ""),
        ("C# .NET", ""),
        ('"green fence" #garden', ""),
        ("#garden", ""),
    ],
)
def test_what_is_said_is_more_than_what_is_looked_for_as_it_is_written(text, said):
    assert parse(text).said == said


@pytest.mark.parametrize("text", ['"oak posts"', '"oak posts', '"oak posts""'])
def test_a_phrase_ends_with_its_quotation_mark_or_with_the_query(text):
    assert groups(text)[0] == [Words("oak posts", is_phrase=True)]


def test_minus_excludes_whatever_follows():
    assert groups('-oak -"a b" -#work -is:pending -type:note') == [
        [Words("oak", is_negated=True)],
        [Words("a b", is_negated=True, is_phrase=True)],
        [Named("tag", "work", is_negated=True)],
        [
            Facet(
                tuple(
                    f" s:{status}"
                    for status in (
                        "pending",
                        "enriching",
                        "ready_to_confirm",
                        "processing",
                        "failed",
                    )
                ),
                is_negated=True,
            )
        ],
        [Facet((" y:note",), is_negated=True)],
    ]


def test_a_minus_inside_a_word_is_part_of_it():
    assert groups("self-hosted -- -") == [
        [Words("self-hosted")],
        [Words("-", is_negated=True)],
        [Words("-")],
    ]


def test_or_joins_its_two_neighbours_alone():
    oak, beech, fence = Words("oak"), Words("beech"), Words("fence")
    assert groups("oak OR beech fence") == [[oak, beech], [fence]]
    assert groups("fence oak OR beech") == [[fence], [oak, beech]]
    assert groups("oak OR #garden OR type:task") == [
        [oak, Named("tag", "garden"), Facet((" y:task",))]
    ]


@pytest.mark.parametrize("text", ["OR oak", "oak OR", "OR oak OR", "OR OR oak", "oak OR OR"])
def test_or_without_a_neighbour_says_nothing(text):
    assert groups(text) == [[Words("oak")]]


@pytest.mark.parametrize("text", ["oak or beech", '"OR"', "-OR"])
def test_or_in_small_letters_or_quoted_is_a_word(text):
    assert Words("oak") not in parse(text).groups[0][1:]
    assert all(len(group) == 1 for group in parse(text).groups)


def test_tags_may_have_several_words():
    assert groups('#garden #"home garden"') == [
        [Named("tag", "garden")],
        [Named("tag", "home garden")],
    ]
    assert groups("tag:garden") == [[Named("tag", "garden")]]


def test_categories_and_folders_are_named_like_tags():
    assert groups('category:"tax return" -in:a/b') == [
        [Named("category", "tax return")],
        [Named("in", "a/b", is_negated=True)],
    ]


@pytest.mark.parametrize("text", ['"', '""', '" "', '#""', '-""'])
def test_what_is_empty_says_nothing(text):
    assert groups(text) == []


@pytest.mark.parametrize("text", ["https://example.com", "foo:bar", "is:", "#", "12:30", "before:"])
def test_what_is_no_filter_is_a_word(text):
    assert groups(text) == [[Words(text)]]


def test_filters_are_known_whatever_their_case():
    assert groups("IS:Confirmed Type:NOTE") == [[Facet((" s:confirmed",))], [Facet((" y:note",))]]


@pytest.mark.parametrize(
    ("text", "after", "before"),
    [
        ("after:2026", (2026, 1, 1), None),
        ("before:2026-11", None, (2026, 11, 1)),
        ("after:2026-1-2 before:2026-02-03", (2026, 1, 2), (2026, 2, 3)),
        ("after:2025 after:2026 before:2030 before:2028", (2026, 1, 1), (2028, 1, 1)),
        ('before:"2026"', None, (2026, 1, 1)),
    ],
)
def test_times_are_the_beginning_of_a_day_a_month_or_a_year(text, after, before):
    query = parse(text)
    assert query.groups == ()
    assert query.after == (after and datetime(*after, tzinfo=UTC))
    assert query.before == (before and datetime(*before, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("is:done", "is: takes one of pending"),
        ("-is:nothing", "is: takes one of"),
        ("type:tasks", "type: takes one of item"),
        ("before:yesterday", "before: takes a day"),
        ("after:2026-13", "after: takes a day"),
        ("after:2026-02-30", "after: takes a day"),
        ("before:0000", "before: takes a day"),
        ("-before:2026", "cannot be excluded"),
        ("a " * (MOST_CONDITIONS + 1), "at most 20"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_and_says_why(text, said):
    with pytest.raises(QueryMistake, match=said):
        parse(text)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("oak po", "po"),
        ("po", "po"),
        ("oak OR po", "po"),
        ("oak po ", None),
        ('oak "po"', None),
        ('oak "po', None),
        ("oak -po", None),
        ("oak #po", None),
        ("oak after:2026", None),
        ("oak OR", None),
    ],
)
def test_the_last_word_may_be_unfinished(text, prefix):
    found = parse(text).prefix
    assert (found and found.text) == prefix


@examples(15, many=500)
@given(st.text())
def test_any_text_is_a_query_or_a_mistake(text):
    try:
        query = parse(text)
    except QueryMistake:
        return
    assert all(query.groups)
    assert len(query.conditions) <= MOST_CONDITIONS


QUERIES = st.lists(
    st.sampled_from(
        [
            "OR",
            "-",
            '"',
            "#",
            " ",
            "is:",
            "type:",
            "note",
            "before:",
            "2026",
            "oak",
            "'",
            "\\",
            ":*",
        ]
    )
).map("".join)


@examples(30, many=1000)
@given(QUERIES)
def test_any_text_of_what_queries_are_made_of_is_a_query_or_a_mistake(text):
    test_any_text_is_a_query_or_a_mistake.hypothesis.inner_test(text)


def test_whatever_kind_a_result_has_can_be_searched_for():
    assert set(DOCUMENT_KINDS) == set(get_args(Kind))
    assert set(KINDS) <= set(TYPES)
