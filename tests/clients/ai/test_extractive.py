"""The embedded provider: from the text itself, the same everywhere, within its limits."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.clients.ai import extractive
from webapp.clients.ai.contract import Enrichment
from webapp.clients.ai.extractive import READ_WHOLE, SENTENCES_READ, ExtractiveProvider

SAMPLES = Path(__file__).parent / "samples"
PROVIDER = functools.cache(ExtractiveProvider)  # reads its model when it is first used


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")


def enrich(text: str, title: str | None = None, known: Sequence[str] = ()) -> Enrichment:
    return PROVIDER().enrich(text, title=title, known_tags=known)


def tags(text: str, *known: str) -> list[str]:
    return [tag.name for tag in enrich(text, known=known).tags]


# --- what a person would write --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "title", "language", "first_tag"),
    [
        (
            "english_short",
            "Call the dentist tomorrow at 9 to move Ben's appointment",
            "en",
            "appointment",
        ),
        (
            "english_note",
            "Talked to Sarah about the heating in the old workshop",
            "en",
            "heat pump",
        ),
        (
            "english_article",
            "Swifts eat, drink, mate and even sleep on the wing",
            "en",
            "swifts",
        ),
        ("english_meeting", "Meeting notes: website relaunch", "en", "product pages"),
        ("english_recipe", "Grandma's lentil soup", "en", "lentils"),
        ("english_todo", "Renew passport, Book the ferry to Harwich…", "en", "passport"),
        ("hashtags", "Tried the new sourdough starter today, 80 % hydration, proofed overnight "
         "in the fridge", "en", "baking"),
        (
            "german_note",
            "Die Steuererklärung muss bis zum 31. Juli beim Finanzamt sein",
            "de",
            "Steuererklärung",
        ),
        ("german_list", "Packliste Ostsee", "de", "Packliste Ostsee"),
        (
            "german_article",
            "Wer im Spätsommer durch eine Streuobstwiese geht, tritt auf ein Stück "
            "Kulturgeschichte",
            "de",
            "Streuobstwiese",
        ),
        (
            "spanish_note",
            "Ayer hablé con el Sr. Ortega sobre las goteras del tejado",
            "es",
            "canalón",
        ),
        ("spanish_article", "El regreso de las salinas", "es", "salinas"),
        ("french_note", "Réserver le train pour Lyon avant jeudi", "fr", "croix-rousse"),
        ("code_python", "LRUCache (Python)", "en", "python"),
        ("code_sql", "Customers who ordered last year but not this year (SQL)", "en", "sql"),
        ("json", "weather-station (JSON)", None, "json"),
        ("emoji", "\U0001f600\U0001f389\U0001f382", None, "grinning face"),
        ("address", "How to repair a bicycle chain – example.org", None, "bicycle"),
        ("one_word", "Passport", None, "passport"),
        ("chinese", "城市屋顶花园正在改变人们的生活", "zh", "屋顶花园"),
        ("japanese", "週末に鎌倉へ日帰り旅行をした", "ja", "日帰り旅行"),
        ("arabic", "زرنا أمس المكتبة الجديدة في وسط المدينة", "ar", "المكتبة"),
    ],
)  # fmt: skip
def test_a_note_is_called_what_a_person_would_call_it(
    name: str, title: str, language: str | None, first_tag: str
) -> None:
    made = enrich(sample(name))
    assert (made.title, made.language, made.tags[0].name) == (title, language, first_tag)


PROSE = ["english_note", "english_article", "german_note", "german_article", "spanish_note",
         "spanish_article", "french_note"]  # fmt: skip


@pytest.mark.parametrize("name", PROSE)
def test_a_summary_is_whole_sentences_of_the_text_in_their_order(name: str) -> None:
    text = " ".join(sample(name).split())
    made = enrich(sample(name))
    assert made.summary != made.title
    assert made.summary.endswith((".", "?", "…"))
    places = [text.find(part) for part in made.summary.split(". ")]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("name", PROSE)
def test_tags_of_prose_are_words_of_the_text(name: str) -> None:
    text = sample(name).lower()
    assert all(tag.lower() in text for tag in tags(sample(name)))


def test_a_list_is_summed_up_by_its_items_under_their_headings() -> None:
    assert enrich(sample("german_list")).summary == (
        "Zelt und Heringe, Schlafsäcke, Gaskocher, Regenjacken, Sonnencreme, "
        "Luftpumpe fürs Schlauchboot, Ladekabel"
    )
    shopping = "# Shopping\n\nFruit:\n- apples\n- pears\n\nDairy:\n* milk\n* [ ] butter\n"
    assert enrich(shopping).summary == "Fruit: apples, pears; Dairy: milk, butter"


def test_a_long_list_is_cut_between_two_items() -> None:
    summary = enrich("\n".join(f"- item number {number}" for number in range(300))).summary
    assert len(summary) <= 500
    assert summary.endswith(", …")
    assert summary.removesuffix(", …").split(", ")[-1].startswith("item number")


def test_lines_without_bullets_are_a_list_too() -> None:
    made = enrich(sample("lines_todo"))
    assert made.title == "Call Anna about the keys, return the drill to Mark…"
    assert enrich("Pancakes\n2 eggs\n200 g flour\n300 ml milk").title == "Pancakes"


def test_only_a_greeting_and_a_farewell_are_left_out_not_what_begins_like_one() -> None:
    letter = "Hi Anna,\n\nthe keys are at the office.\n\nBest,\nTom"
    assert enrich(letter).title == "The keys are at the office"
    for subject in (
        "Best pizza in town",
        "Beste restaurants in Utrecht",
        "Love letters",
        "Cheers!",
    ):
        assert enrich(subject).title.rstrip("!") == subject.rstrip("!")


def test_a_fence_around_prose_changes_nothing() -> None:
    made = enrich("```\nThe keys are at the office. Ask Anna for the code.\n```")
    assert made.title == "The keys are at the office"


def test_front_matter_and_a_subject_line_name_the_note() -> None:
    made = enrich("---\ntitle: Trip to Porto\ntags: [travel, portugal]\n---\nBy the river.")
    assert made.title == "Trip to Porto"
    assert [tag.name for tag in made.tags][:2] == ["travel", "portugal"]
    letter = "Subject: Invoice 4711\n\nDear Ms Keller,\n\nit has not been paid.\n\nRegards,\nTom"
    made = enrich(letter)
    assert (made.title, made.summary) == ("Invoice 4711", "it has not been paid.")


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("function debounce(fn, ms) {\n  return fn;\n}", "debounce (JavaScript)"),
        ("package main\n\nfunc Fib(n int) int {\n\treturn n\n}", "Fib (Go)"),
        ("CREATE TABLE invoices (\n  id uuid\n);", "invoices (SQL)"),
        ("# Deploy\n\n```bash\ndocker compose pull\n```", "Deploy"),
        ("```rust\npub fn main_loop() {\n}\n```", "main_loop (Rust)"),
        ("import os\nimport sys", "import os (Python)"),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no such thing',
            "ValueError: no such thing",
        ),
    ],
)
def test_code_is_called_by_what_it_defines(code: str, title: str) -> None:
    assert enrich(code).title == title


@pytest.mark.parametrize(
    "text",
    [
        "import taxes for the new car",
        "Select a seat from the map; then pay.",
        "class starts at 9 (bring shoes)",
        "Docker training (Tuesday)",
    ],
)
def test_prose_that_begins_like_code_is_prose(text: str) -> None:
    assert "(Python)" not in enrich(text).title
    assert not {"python", "sql", "shell"} & set(tags(text))


# --- titles, tags, languages ----------------------------------------------------------------


def test_a_title_known_already_wins_and_is_cut_at_a_word() -> None:
    assert enrich(sample("english_note"), "  Heating\x00 plans ").title == "Heating plans"
    title = enrich(sample("english_note"), "heat pump " * 30).title
    assert 150 < len(title) <= 200
    assert title.endswith(("heat…", "pump…"))


@pytest.mark.parametrize("title", [None, "", " \n", "\u200d\ufe0f"])
def test_a_title_that_shows_nothing_is_none(title: str | None) -> None:
    assert enrich("Passport", title).title == "Passport"


def test_known_tags_named_in_the_text_come_first_and_surer_than_any_other() -> None:
    text = sample("english_note")
    made = enrich(text, known=["Roof", "energy", "Gardening", "HEAT-PUMP"])
    assert [tag.name for tag in made.tags] == ["HEAT-PUMP", "Roof", "energy"]
    assert made.tags[-1].confidence > max(tag.confidence for tag in enrich(text).tags)


@pytest.mark.parametrize(
    ("text", "known", "found"),
    [
        ("We moved the art fair.", "art", True),
        ("We started the party.", "art", False),
        ("Three new recipes to try.", "Recipe", True),
        ("Our machine-learning course.", "machine learning", True),
        ("Learning C++ at night.", "C++", True),
        ("Ask the IT department.", "IT", True),
        ("Take it or leave it.", "IT", False),
        ("At work until six.", "Work", True),
        ("我们小区的屋顶花园收获了番茄。", "花园", True),
        ("Die Straße wird gesperrt.", "STRASSE", True),
        ("\U0001f3e1 painting next week", "\U0001f3e1", True),
    ],
)
def test_a_known_tag_counts_where_the_text_names_it_as_a_word(
    text: str, known: str, found: bool
) -> None:
    assert (known in tags(text, known)) is found


def test_what_is_said_more_often_is_surer() -> None:
    once = enrich("The heating was repaired.").tags[0]
    often = enrich("The heating. The heating again. That heating! Only the heating.").tags[0]
    assert (once.name, often.name) == ("heating", "heating")
    assert 0 < once.confidence < often.confidence < 0.7


@pytest.mark.parametrize("text", ["ok", "Milk, bread, eggs", "gym 6pm", "12345", "def", "!!!"])
def test_a_text_too_short_to_tell_has_no_language(text: str) -> None:
    assert enrich(text).language is None


def test_a_text_with_nothing_to_read_is_described_by_its_characters() -> None:
    assert enrich("\U0001f1e9\U0001f1ea!").summary == "flag de, exclamation mark"
    assert tags("???") == ["question mark"]
    assert enrich(" \t ").title == "space, U+0009"


def test_different_texts_never_get_the_same_words() -> None:
    made = [enrich(path.read_text(encoding="utf-8")) for path in SAMPLES.glob("*.txt")]
    assert len({each.title for each in made}) == len(made)
    assert len({each.summary for each in made}) == len(made)


# --- the same everywhere, and bounded -------------------------------------------------------


@pytest.mark.processes
def test_the_same_text_gives_the_same_answer_in_every_process() -> None:
    code = (
        "import sys; from webapp.clients.ai.extractive import ExtractiveProvider;"
        "print([ExtractiveProvider().enrich(t) for t in __import__('json').load(sys.stdin)])"
    )
    texts = [path.read_text(encoding="utf-8") for path in sorted(SAMPLES.glob("*.txt"))]
    other = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(texts),
        env=os.environ | {"PYTHONHASHSEED": "1", "PYTHONIOENCODING": "utf-8"},
        encoding="utf-8",
        capture_output=True,
        check=True,
    )
    assert other.stdout == f"{[enrich(text) for text in texts]}\n"


def test_of_a_long_text_a_bounded_part_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    rank = extractive.rank

    def counted(read, *others):
        seen.append((len(read), sum(len(sentence.text) for sentence in read)))
        return rank(read, *others)

    monkeypatch.setattr(extractive, "rank", counted)
    made = enrich("The heating is old. " * 25_000)
    assert made.tags[0].name == "heating"
    ((count, characters),) = seen
    assert count <= SENTENCES_READ
    assert characters <= READ_WHOLE


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    [
        "word " * 2_000,
        "x" * 10_000,
        "屋顶花园" * 2_500,
        "." * 500_000,
        "[" * 500_000,
        "*a" * 250_000,
        "# " + " " * 40_000 + "x",
        "--" + " " * 40_000 + "x",
        "e" + "\u0301" * 40_000,
        "\U0001f1e9" * 40_000,
        "[" * 40_000 + "]" * 40_000,
        'f(" ' * 10_000,
        "a" + "`" * 40_000 + "x",
        "a" + "@" * 40_000,
    ],
    ids=lambda text: f"{text[:4]!a} x {len(text)}",
)
def test_no_text_without_a_sentence_end_keeps_the_provider_busy(text: str) -> None:
    # Each takes some 0.1 s at most; anything quadratic would take minutes and trip the test run.
    made = enrich(text)
    assert 1 <= len(made.title) <= 100
    assert 1 <= len(made.summary) <= 500


PIECES = st.sampled_from(
    ["#", "## ", " ", "\n", "\n\n", "- ", "[ ] ", "```", "```py\n", "---\n", "title: x\n", "|",
     "http://", "https://[", "https://ex.com/a-b", "\U0001f600", "\U0001f1e9", "\u0301", "\u200d",
     "\ufe0f", "\x00", "\ud800", "\u202e", "\u05e9\u05dc", "\u4f60\u597d", "\u30bf\u30ef\u30fc",
     "\ud55c\uad6d\uc5b4", "def f(x):\n", "class A {", "SELECT a FROM b;", ";", "{", "}", "(", ")",
     "Dr. ", "z. B. ", "3. ", "…", "!", "?", "¿", "word", "Word", "The ", "der ", "1", "'", "l'",
     "“", "”", "— ", ": ", ", ", "*", "_", "`", "<b>", "[x](y)", '{"a": 1}', "\r\n", "\u2028",
     "\u0130", "\u0149", "x" * 120, "\U0003fffe", "#tag", "a@b.c"]
)  # fmt: skip
TEXTS = st.text(st.characters(), max_size=150) | st.lists(PIECES, max_size=30).map("".join)


@examples(25, many=800)
@given(TEXTS, st.none() | TEXTS, st.lists(TEXTS, max_size=3))
def test_no_string_whatever_breaks_the_limits(
    text: str, title: str | None, known: list[str]
) -> None:
    made = enrich(text, title, known)
    names = [tag.name for tag in made.tags]
    for line, limit in [(made.title, 200 if title else 100), *((name, 50) for name in names)]:
        assert 1 <= len(line) <= limit
        assert line == line.strip()
        assert len(line.splitlines()) == 1
    assert 1 <= len(made.summary) <= 500
    assert 1 <= len(names) == len({name.casefold() for name in names}) <= 3
    assert all(0 <= tag.confidence <= 1 for tag in made.tags)
    assert "\x00" not in f"{made}".encode().decode()
