"""What a word is: in addresses, with signs, without spaces, without accents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.blueprints.library.test_search import ask, capture, found, in_language, suggested
from webapp.search import finder
from webapp.search.finder import marked


def link(person, url, title):
    body = {"source_type": "article", "source_url": url, "title": title, "enrich": False}
    assert person.client.post("/api/items", json=body).status_code == 201


def check(person, subtests, queries):
    for query, titles in queries.items():
        with subtests.test(query):
            assert found(person, query) == titles


@pytest.mark.long
def test_words_of_addresses(olga, subtests):
    link(olga, "https://github.com/acme/rocket-engine/issues/4711", "Ticket")
    link(olga, "https://de.wikipedia.org/wiki/%C3%9Cbersetzung", "Wiki")
    link(olga, "https://example.com/%ff%fe?q=needle_in+hay#stack", "Odd")
    capture(olga, "see https://tracker.example.org/acme/boat, or www.node.js", title="Note")
    capture(olga, "write to ana.lopez@example.net today", title="Mail")
    check(
        olga,
        subtests,
        {
            "rocket ": ["Ticket"],
            "github ": ["Ticket"],
            "4711 ": ["Ticket"],
            "rocket-engine": ["Ticket"],
            "rocket-eng": ["Ticket"],
            "acme/rock": ["Ticket"],
            "https://github.com/acme/rocket-engine/issues/4711": ["Ticket"],
            "github.com": ["Ticket"],
            "Übersetzung": ["Wiki"],
            "needle ": ["Odd"],
            "hay ": ["Odd"],
            "boat ": ["Note"],
            "tracker.example.org": ["Note"],
            "node.js": ["Note"],
            "lopez ": ["Mail"],
            "ana.lopez@example.net": ["Mail"],
            "lopez@example": ["Mail"],
        },
    )


@pytest.mark.long
def test_numbers_after_signs(olga, subtests):
    capture(olga, "CVE-2024-12345 is bad", title="CVE")
    capture(olga, "call 123456 now", title="Call")
    capture(olga, "covid-19 rates, 3.14 and 10,000", title="Rates")
    capture(olga, "released v1.2.3 of it", title="Version")
    check(
        olga,
        subtests,
        {
            "12345": ["CVE", "Call"],
            "12345 ": ["CVE"],
            "CVE-2024-12345": ["CVE"],
            "cve-2024 ": ["CVE"],
            "2024-123": ["CVE"],
            "19": ["Rates"],
            "3.14": ["Rates"],
            "10,000": ["Rates"],
            "v1.2.3": ["Version"],
            "1.2.3 ": ["Version"],
            "v1.2": ["Version"],
        },
    )


@pytest.mark.long
def test_signs_that_belong_to_a_word(olga, subtests):
    for title in (
        *("Learning C++ templates", "C# in depth", "Plain C primer", "Cats and cars"),
        *(".NET 8 is out", "A fishing net", "Notepad++, a review", "#oak is not C"),
    ):
        capture(olga, title, title=title)
    check(
        olga,
        subtests,
        {
            "C++": ["Learning C++ templates"],
            "c++ ": ["Learning C++ templates"],
            "C#": ["C# in depth"],
            ".NET": [".NET 8 is out"],
            "net ": ["A fishing net", ".NET 8 is out"],
            "Notepad++": ["Notepad++, a review"],
            "oak ": ["#oak is not C"],
        },
    )
    assert found(olga, "C")[-1] == "Cats and cars"


@pytest.mark.long
def test_what_nobody_sees_within_words(olga, subtests):
    capture(olga, "Unter\u00adnehmen zero\u200bwidth re\u2060join me\u200cme", title="It")
    queries = ("Unternehmen", "zerowidth ", "rejoin ", "meme ", "ze\u00adro\u200bwidth")
    check(olga, subtests, {query: ["It"] for query in queries})
    hit = ask(olga, "unternehmen").json["items"][0]
    assert hit["snippet"].startswith("<mark>Unternehmen</mark> zerowidth")


@pytest.mark.long
def test_words_within_texts_without_spaces(olga, subtests):
    capture(olga, "東京都の天気予報", title="Weather")
    capture(olga, "機械学習の入門書を図書館で借りました。プログラミング言語", title="Books")
    capture(olga, "中华人民共和国", title="China")
    capture(olga, "대한민국 도서관에서 책을", title="Korea")
    capture(olga, "ประเทศไทยสวยงาม", title="Thailand")
    capture(olga, "Python入門", title="Python")
    check(
        olga,
        subtests,
        {
            "天気": ["Weather"],
            "天気 ": ["Weather"],
            "京都の": ["Weather"],
            "東京 天気": ["Weather"],
            "図書館": ["Books"],
            "図館": [],
            "共和国": ["China"],
            "도서관": ["Korea"],
            "서관에": ["Korea"],
            "ไทย": ["Thailand"],
            "入門": ["Python", "Books"],
            "python ": ["Python"],
            # One letter, in a title or the beginning.
            "語": ["Books"],
            "天 ": ["Weather"],
        },
    )
    assert ask(olga, "天気予").json["items"][0]["snippet"] == "東京都の<mark>天気予</mark>報"
    assert suggested(olga, "図書") == [("item", "Books")]


@pytest.mark.parametrize(
    ("shown", "marks"),
    [
        ("\ue000ab\ue001\x03\ue000bc\ue001\x03cd", "<mark>abc</mark>d"),
        ("ab\x03\ue000bc\ue001", "a<mark>bc</mark>"),
        ("\ue000ab\ue001\x03bc", "<mark>ab</mark>c"),
        ("ab\x03bc\x03cd", "abcd"),
        ("x\x02<\x02\ue000y\ue001", "x&lt;<mark>y</mark>"),
    ],
    ids=ascii,
)
def test_pairs_of_letters_become_their_text_again(shown, marks):
    assert marked(shown) == marks


@pytest.mark.long
def test_words_without_their_accents_after_exact_ones(olga, owner, subtests):
    capture(olga, "über alles")
    capture(olga, "uber driver")
    in_language(owner, capture(olga, "resume work"), "en")
    in_language(owner, capture(olga, "le résumé, à la crème"), "fr")
    for text in ("Ёлка", "Straße", "smørrebrød", "Łódź", "İstanbul", "ΟΔΟΣ", "tag only"):
        capture(olga, text, *(["Élan"] if text == "tag only" else []))
    check(
        olga,
        subtests,
        {
            "uber": ["uber driver", "über alles"],
            "uber ": ["uber driver", "über alles"],
            "über": ["über alles", "uber driver"],
            "u\u0308ber ": ["über alles", "uber driver"],
            '"uber alles"': ["über alles"],
            "resume ": ["resume work", "le résumé, à la crème"],
            "résumé ": ["le résumé, à la crème", "resume work"],
            "creme": ["le résumé, à la crème"],
            "елка ": ["Ёлка"],
            "strasse ": ["Straße"],
            "STRASSE": ["Straße"],
            "smorrebrod": ["smørrebrød"],
            "lodz ": ["Łódź"],
            "istanbul ": ["İstanbul"],
            "οδός": ["ΟΔΟΣ"],
            "οδος ": ["ΟΔΟΣ"],
            "elan ": ["tag only"],
        },
    )
    assert ask(olga, '"uber alles"').json["items"][0]["snippet"] == (
        "<mark>über</mark> <mark>alles</mark>"
    )


@pytest.mark.long
def test_exact_words_come_before_beginnings_of_words(olga):
    capture(olga, "C")
    capture(olga, "Cats, cars, cakes and candles")
    capture(olga, "Camels and cows with candy in the cellar", title="Cabin")
    assert found(olga, "C")[0] == "C"
    assert len(found(olga, "C")) == 3


@pytest.mark.long
def test_a_word_of_many_tags_finds_all_that_have_one(olga, make):
    for number in range(25):
        capture(olga, "note", f"client-{number:02}", title=f"n{number}")
    assert len(found(olga, "client", limit=100)) == 25
    assert len(found(olga, "client ", limit=100)) == 25


@pytest.mark.long
def test_sites(olga, subtests):
    link(olga, "https://www.example.com/path", "With www")
    link(olga, "http://docs.example.com:8080/", "Below")
    link(olga, "https://notexample.com/", "Another")
    link(olga, "https://münchen.de/rathaus", "Town")
    capture(olga, "no address", title="Note")
    check(
        olga,
        subtests,
        {
            "site:example.com": ["Below", "With www"],
            "site:WWW.example.com": ["Below", "With www"],
            "site:docs.example.com": ["Below"],
            "site:https://example.com/": ["Below", "With www"],
            "-site:example.com": ["Note", "Town", "Another"],
            "site:münchen.de": ["Town"],
            "site:xn--mnchen-3ya.de": ["Town"],
            "site:example.com path": ["With www"],
        },
    )
    for query in ("site:example.com/path", "site:/", 'site:"a b"'):
        answer = ask(olga, query)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "q")


def test_titles_are_marked_like_snippets(olga):
    capture(olga, "text", title="Oak <posts> & über")
    (hit,) = ask(olga, "posts uber").json["items"]
    assert hit["title"] == "Oak <posts> & über"
    assert hit["marked_title"] == "Oak &lt;<mark>posts</mark>&gt; &amp; <mark>über</mark>"


@pytest.mark.long
def test_guesses_say_that_they_are(olga):
    capture(olga, "The garden", title="Garden")
    assert ask(olga, "garden").json["is_guess"] is False
    guessed = ask(olga, "gardn").json
    assert (guessed["is_guess"], len(guessed["items"])) == (True, 1)
    assert ask(olga, "zzzzzz").json["is_guess"] is False


@pytest.mark.long
def test_the_answer_says_where_it_stopped(olga, monkeypatch):
    monkeypatch.setattr(finder, "CANDIDATES", 2)
    made = [capture(olga, "oak", title=f"n{number}") for number in range(3)]
    answer = ask(olga, "oak").json
    assert [each["title"] for each in answer["items"]] == ["n2", "n1"]
    assert answer["stopped_at"] == made[1]["created_at"]
    monkeypatch.setattr(finder, "CANDIDATES", 3)
    assert ask(olga, "oak").json["stopped_at"] is None
    assert datetime.fromisoformat(made[0]["created_at"]) < datetime.now(UTC)
