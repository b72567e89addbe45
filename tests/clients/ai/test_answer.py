"""Reading a model's answer: liberal about its form, strict about the limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.ai.chat_server import GOOD, completion
from tests.fuzzing import examples
from webapp.clients.ai.answer import enrichment_from
from webapp.clients.ai.contract import AIError, Enrichment


def read(content: Any, *, known: tuple[str, ...] = (), **more: Any) -> Enrichment:
    return enrichment_from(completion(content, **more), known)


def answer(**changes: Any) -> str:
    return json.dumps(GOOD | changes)


def names(tags: Any, *known: str) -> list[str]:
    return [tag.name for tag in read(answer(tags=tags), known=known).tags]


PLAIN = answer()


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        f"```json\n{PLAIN}\n```",
        f"```\n{PLAIN}\n```",
        f"Sure, here it is:\n\n{PLAIN}\n\nLet me know if you need more!",
        f'<think>A title... {{"title": "draft", "summary": "draft"}}?</think>\n{PLAIN}',
        "<think>" + '{"title": "draft", "summary": "draft"} ' * 80 + f"</think>{PLAIN}",
        f"thinking without its first tag</think>{PLAIN}",
        f'First {{"title": "draft", "summary": "x", "tags": ["y"]}}, better: {PLAIN}',
        f'{{"enrichment": {PLAIN}}}',
        f"[{PLAIN}]",
        answer(summary=GOOD["summary"], comment={"title": 1}),
        [{"type": "text", "text": PLAIN[:20]}, {"type": "text", "text": PLAIN[20:]}],
    ],
    ids=lambda content: str(content)[:24],
)
def test_the_json_is_found_whatever_stands_around_it(content: Any) -> None:
    made = read(content)
    assert (made.title, made.summary) == (GOOD["title"], GOOD["summary"])
    assert [tag.name for tag in made.tags] == ["heating", "workshop"]


def test_a_think_tag_inside_the_summary_is_text() -> None:
    assert read(answer(summary="How </think> is used.")).summary == "How </think> is used."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "was not JSON"),
        ([], "was not JSON"),
        ({}, "was not a chat completion"),
        ({"choices": []}, "was not a chat completion"),
        ({"choices": [None]}, "was not a chat completion"),
        ({"choices": [{"message": None}]}, "was not a chat completion"),
        ({"choices": {"message": {}}}, "was not a chat completion"),
        (completion(None), "was empty"),
        (completion("  "), "was empty"),
        (completion({"title": "x"}), "was empty"),
        (completion("", "length"), "cut off"),
        (completion(PLAIN[:-30], "length"), "cut off"),
        (completion("I cannot see any text."), "was not the JSON object"),
        (completion('["title", "summary"]'), "was not the JSON object"),
        (completion('{"title": "only"}'), "was not the JSON object"),
        (completion('{"a":' * 100_000), "was not the JSON object"),
        (completion('{"title": "x", "n": ' + "9" * 10_000 + "}"), "was not the JSON object"),
        (completion(answer(title=" \n ")), "no title"),
        (completion(answer(title=None)), "no title"),
        (completion(answer(summary="\x00\ud800")), "no summary"),
        (completion(answer(tags=[])), "no tags"),
        (completion(answer(tags=[{"name": ""}, {"name": "#"}, 7, None])), "no tags"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_an_answer_that_cannot_be_read_may_be_asked_for_again(body: Any, message: str) -> None:
    with pytest.raises(AIError, match=message) as caught:
        enrichment_from(body, ())
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "body",
    [
        completion(None, refusal="I'm sorry, I can't help with that."),
        completion(PLAIN, refusal="No."),
        completion("", "content_filter"),
        completion(PLAIN, "content_filter"),
    ],
)
def test_a_refusal_is_final(body: Any) -> None:
    with pytest.raises(AIError, match="declined") as caught:
        enrichment_from(body, ())
    assert caught.value.permanent


def test_a_whole_answer_counts_even_where_the_model_stopped_at_its_limit() -> None:
    assert read(PLAIN, finish_reason="length").title == GOOD["title"]


def test_a_long_title_and_summary_are_cut_between_words() -> None:
    made = read(answer(title="heat pump " * 30, summary="It is cold. " * 90))
    assert len(made.title) <= 100
    assert made.title.endswith(("heat…", "pump…"))
    assert 480 < len(made.summary) <= 500
    assert made.summary.endswith("…")


def test_line_ends_controls_and_lone_surrogates_are_cleaned_and_html_is_text() -> None:
    made = read(answer(title=" a\n\tb\x00\ud83d ", summary="<b>x</b>\u2028y\u202e"))
    assert made.title == "a b"
    assert made.summary == "<b>x</b> y"


def test_of_many_tags_the_surest_three_are_kept_best_first() -> None:
    tags = [{"name": f"tag {place}", "confidence": place / 10} for place in range(6)]
    assert names(tags) == ["tag 5", "tag 4", "tag 3"]


def test_tags_that_differ_only_in_case_are_one() -> None:
    tags = [
        {"name": "Heating", "confidence": 0.4},
        {"name": "HEATING ", "confidence": 0.8},
        {"name": "heating", "confidence": 0.6},
    ]
    made = read(answer(tags=tags))
    assert [(tag.name, tag.confidence) for tag in made.tags] == [("HEATING", 0.8)]


def test_a_known_tag_keeps_the_users_spelling() -> None:
    assert names(["heat pump", "#to do", "STRASSE"], "Heat Pump", "To Do", "Straße", "#c") == [
        "Heat Pump",
        "To Do",
        "Straße",
    ]
    assert names(["#C"], "#c") == ["#c"]


def test_an_overlong_tag_is_cut_between_words_without_a_mark() -> None:
    assert names(["a very long tag that goes on and on about heating pumps"]) == [
        "a very long tag that goes on and on about heating"
    ]


@pytest.mark.parametrize(
    ("stated", "read_as"),
    [
        (0.834, 0.83),
        (1, 1.0),
        (7, 1.0),
        (-2, 0.0),
        ("0.8", 0.8),
        ("0,8", 0.8),
        ("80%", 0.8),
        ("80 %", 0.8),
        ("high", 0.5),
        ("", 0.5),
        (None, 0.5),
        (True, 0.5),
        ([0.9], 0.5),
        (float("nan"), 0.5),
        (float("inf"), 1.0),
        (10**400, 1.0),
        (-(10**400), 0.0),
    ],
    ids=lambda value: str(value)[:8],
)
def test_a_confidence_is_clamped_and_one_that_says_nothing_is_a_half(
    stated: Any, read_as: float
) -> None:
    (tag,) = read(answer(tags=[{"name": "x", "confidence": stated}])).tags
    assert tag.confidence == read_as


@pytest.mark.parametrize(
    "tags",
    [
        ["heating", "roof"],
        "heating, roof",
        {"heating": 0.9, "roof": 0.8},
        [{"tag": "heating", "score": 0.9}, {"tag": "roof", "score": 0.2}],
        [["?"], {"name": "heating"}, None, {"name": "roof"}, {"name": 5}],
    ],
    ids=str,
)
def test_tags_are_read_in_the_other_forms_models_use(tags: Any) -> None:
    assert names(tags) == ["heating", "roof"]


@pytest.mark.parametrize(
    ("stated", "code"),
    [("de", "de"), ("EN", "en"), ("pt-BR", "pt"), ("zh_Hans", "zh")]
    + [(other, None) for other in ("English", "xx", "eng", "", None, 7, ["en"])],
    ids=str,
)
def test_a_language_is_an_iso_639_1_code_or_unknown(stated: Any, code: str | None) -> None:
    assert read(answer(language=stated)).language == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@examples(25, many=800)
@given(st.dictionaries(st.sampled_from(["title", "summary", "tags", "language"]), json_values))
def test_any_json_object_gives_an_enrichment_within_limits_or_an_ai_error(found: Any) -> None:
    try:
        made = read(json.dumps(found), known=("Known", "x" * 60))
    except AIError:
        return
    assert 1 <= len(made.title) <= 100
    assert 1 <= len(made.summary) <= 500
    assert 1 <= len(made.tags) <= 3
    assert all(1 <= len(tag.name) <= 50 and 0 <= tag.confidence <= 1 for tag in made.tags)
    f"{made}".encode()
