"""The parts that the embedded provider reads with: sentences, blocks, words and cuts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from webapp.reading.blocks import parse
from webapp.reading.language import detect
from webapp.reading.sentences import LONGEST, split
from webapp.reading.stopwords import stop_words
from webapp.reading.wording import clean, fold, shorten, tag_name

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "sentences",
    [
        ["Dr. Hansen offers a free check, e.g. in October.", "Then we decide."],
        ["It costs 3.50 euros.", "That is a lot!", "Is it?"],
        ["We met at 9 a.m. and left.", "Mr. J. R. Smith stayed..."],
        ["Wait… what?", "He said “No.”", "Then he left."],
        ["Wir treffen uns am 3. Mai im 2. Stock.", "Bring z. B. Äpfel, Birnen usw. mit."],
        ["Herr Dr. Weber kommt um 9.", "Danach ist frei."],
        ["¿Conviene repararlo ahora?", "El Sr. Ortega dice que sí.", "¡Perfecto!"],
        ["Mme Perrin habite av. Foch.", "Elle est là."],
        ["“The best way out is always through.” — Robert Frost"],
        ["See example.com for more.", "Version 2.0.1 is out."],
        ["In 2024.", "Then came more.", "See no. 5 and fig. 3.", "No.", "Never."],
        ["The U.S. economy grew.", "So did others, etc.", "Nothing else."],
    ],
    ids=lambda sentences: sentences[0][:20],
)
def test_sentences_end_where_a_reader_would_stop(sentences: list[str]) -> None:
    assert list(split(" ".join(sentences))) == sentences


def test_chinese_and_japanese_sentences_end_without_a_space() -> None:
    assert list(split("花园很美。真的吗？是！")) == ["花园很美。", "真的吗？", "是！"]
    assert list(split("彼は「はい。」と言った。次。")) == ["彼は「はい。」", "と言った。", "次。"]


def test_a_sentence_without_end_is_cut_at_clauses_and_words() -> None:
    parts = list(split("one, two three four " * 500))
    assert all(len(part) <= LONGEST for part in parts)
    assert all(part.endswith((",", "four")) for part in parts)
    assert all(len(part) <= LONGEST for part in split("x" * 5_000))


def test_markdown_is_taken_apart_and_its_marks_are_gone() -> None:
    note = parse(
        "# A *title* #\n\nSome **bold** text with [a link](https://example.com) and `code`.\n"
        "\n> quoted\n\n- [ ] open\n- [x] ~~done~~\n1. first\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
        "\n```py\nx = 1\n```\n\nSub\n---\n"
    )
    assert [(block.kind, block.text) for block in note.blocks] == [
        ("heading", "A title"),
        ("text", "Some bold text with a link and code."),
        ("text", "quoted"),
        ("item", "open"),
        ("item", "done"),
        ("item", "first"),
        ("item", "a, b"),
        ("item", "1, 2"),
        ("code", "x = 1"),
        ("heading", "Sub"),
    ]


def test_lines_wrapped_by_hand_are_joined_and_lines_of_their_own_are_not() -> None:
    wrapped = "A line that was broken by an editor at some sixty\ncharacters goes on below it."
    assert [block.text for block in parse(wrapped).blocks] == [wrapped.replace("\n", " ")]
    assert len(parse("Call Anna\nBuy milk").blocks) == 2
    assert [block.text for block in parse("这是一个很长的句子" * 6 + "\n继续").blocks] == [
        "这是一个很长的句子" * 6 + "继续"
    ]


def test_html_and_generics_are_told_apart() -> None:
    (block,) = parse("<p>A <b>List<String></b> is not a < b.</p>").blocks
    assert block.text == "A List<String> is not a < b."


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 10, "short"),
        ("  padded  ", 10, "padded"),
        ("two words here", 10, "two words…"),
        ("two, words", 9, "two…"),
        ("a supercalifragilistic", 12, "a supercali…"),
        ("unbreakable", 6, "unbre…"),
        ("e\u0301" * 4, 4, "e\u0301…"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467!", 4, "\U0001f468\u200d\U0001f469…"),
        (
            "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7\U0001f1eb\U0001f1f7",
            4,
            "\U0001f1e9\U0001f1ea…",
        ),
        ("\U0001f44d\U0001f3fd\U0001f44d\U0001f3fd!", 4, "\U0001f44d\U0001f3fd…"),
    ],
)
def test_a_text_is_cut_between_words_else_between_graphemes(
    text: str, limit: int, cut: str
) -> None:
    assert shorten(text, limit) == cut
    assert len(cut) <= limit


def test_what_cannot_be_stored_or_would_deceive_is_taken_out() -> None:
    assert clean("a\x00b\ud800c\u202ed\ufeff\r\ne\u2028f\rg") == "abcd\ne\nf\ng"
    assert clean("👨\u200d👩\u200d👧 می\u200cخواهم") == "👨\u200d👩\u200d👧 می\u200cخواهم"


def test_a_tag_name_has_no_hash_before_it_and_no_mark_behind() -> None:
    assert tag_name(" #to  do\n") == "to do"
    assert tag_name("C#") == "C#"
    assert tag_name("#") == ""
    assert tag_name("heating " * 10) == "heating heating heating heating heating heating"


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The wifi password is on the fridge", "en"),
        ("Geschenk für Oma besorgen", "de"),
        ("Ideas para el cumpleaños", "es"),
        ("Réserver le train pour Lyon", "fr"),
        ("Ricetta della torta di mele", "it"),
        ("Obrigado pela ajuda", "pt"),
        ("Boodschappen doen", "nl"),
        ("Купить молоко и хлеб", "ru"),
        ("你好世界", "zh"),
        ("牛乳とパンを買う", "ja"),
        ("우유와 빵 사기", "ko"),
        ("Docker Kubernetes Postgres Redis", None),
        ("https://example.com/the/house/of/the/rising/sun", None),
        ("东京", None),
        ("\ud800\x00", None),
        ("", None),
    ],
)
def test_a_language_is_named_only_if_it_is_recognized(text: str, language: str | None) -> None:
    assert detect(text) == language


def test_stop_words_are_grammar_and_leave_subjects_alone() -> None:
    english = stop_words("en")
    assert {"the", "my", "remind", "tomorrow"} <= english.never
    assert not {"music", "school", "heating"} & english.never
    assert "music" in english.common
    assert {"der", "bitte"} <= stop_words("de").never
    assert "и" in stop_words("ru").never
    assert {"the", "der", "el"} <= stop_words(None).never
    assert stop_words("xx") == stop_words(None)


def test_spellings_of_a_tag_fold_alike() -> None:
    assert fold("CAFE\u0301") == fold("caf\u00e9") == "caf\u00e9"
    assert fold("Vie\u0323\u0302t") == fold("Vie\u0302\u0323t")
    assert fold("x" + "\u0301" * 30) != fold("x" + "\u0301" * 29)


@pytest.mark.long
@pytest.mark.parametrize(
    ("read", "text"),
    [
        (fold, "a" + "\u0301\u0327" * 20_000),
        (parse, "[a](b" * 4_000),
        (parse, "![a](b" * 4_000),
    ],
    ids=["marks on one letter", "links that never end", "pictures that never end"],
)
def test_no_text_takes_long_to_read(read: Callable[[str], object], text: str) -> None:
    """Each of them used to take two seconds of CPU time or more; now it is tenths at most."""
    began = time.thread_time()
    read(text)
    assert time.thread_time() - began < 1
