"""Search and suggestions over HTTP."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.blueprints.examples import Examples
from tests.fuzzing import examples
from webapp.search import finder

EXAMPLES = Examples(
    bodies={"search.find_by_body": {"q": "milk"}},
    queries={"search.find": {"q": "milk"}, "search.suggest": {"q": "mi"}},
    unlike_their_method={"search.find_by_body"},  # a query that does not appear in a proxy's log
)


def capture(person, text, *tags, title=None, **more):
    body = {"source_type": "note", "raw_text": text, "tags": list(tags), "enrich": False} | more
    answer = person.client.post("/api/items", json=body | ({"title": title} if title else {}))
    assert answer.status_code == 201, answer.json
    return answer.json


def do(person, title, *tags, **more):
    body = {"title": title, "tags": list(tags)} | more
    answer = person.client.post("/api/me/tasks", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def in_language(owner, item, language):
    owner.execute("UPDATE items SET language = %s WHERE id = %s", (language, item["id"]))


def ask(person, q, **more):
    return person.client.get("/api/search", query_string={"q": q} | more)


def found(person, q, **more):
    answer = ask(person, q, **more)
    assert answer.status_code == 200, answer.json
    return [each["title"] for each in answer.json["items"]]


def suggested(person, q, **more):
    answer = person.client.get("/api/search/suggest", query_string={"q": q} | more)
    assert answer.status_code == 200, answer.json
    return [(each["type"], each["text"]) for each in answer.json["items"]]


@pytest.fixture
def garden(olga, owner):
    """A few things to find: three notes, an article, two tasks."""
    posts = capture(
        olga, "The oak posts have to be ordered before Friday.", "Home Garden", title="Oak posts"
    )
    in_language(owner, posts, "en")
    capture(olga, "Beech is for the metal fence.", "work", title="Fence")
    capture(olga, "Nothing of that.", title="Other")
    capture(
        olga,
        "Read later.",
        source_type="article",
        source_url="https://timber.example.com/drying?x=1",
        title="Drying wood",
    )
    do(olga, "Order the posts", "work", description="Twelve of them, by phone")
    done = do(olga, "Paint the gate")
    olga.client.patch(f"/api/me/tasks/{done['id']}/complete", json={})
    return posts


EVERYTHING = {"Oak posts", "Fence", "Other", "Drying wood", "Order the posts", "Paint the gate"}


FOUND = [
    ("posts", {"Oak posts", "Order the posts"}),
    ("POSTS order", {"Oak posts", "Order the posts"}),
    ("order friday ", {"Oak posts"}),
    ('"oak posts"', {"Oak posts"}),
    ('"posts oak"', set()),
    ("posts -oak", {"Order the posts"}),
    ('-"oak posts" posts', {"Order the posts"}),
    ("-posts", EVERYTHING - {"Oak posts", "Order the posts"}),
    ("beech OR oak", {"Fence", "Oak posts"}),
    ("beech OR oak metal", {"Fence"}),
    ("oa", {"Oak posts"}),
    ("oak pos", {"Oak posts"}),
    ("oak po ", set()),
    ("#work", {"Fence", "Order the posts"}),
    ("#WORK fence", {"Fence"}),
    ('#"home garden"', {"Oak posts"}),
    ("#garden", set()),
    ("-#work is:confirmed", {"Oak posts", "Other", "Drying wood"}),
    ("garden", {"Oak posts"}),
    ("gard", {"Oak posts"}),
    ("home garden", {"Oak posts"}),
    ("work", {"Fence", "Order the posts"}),
    ("type:task", {"Order the posts", "Paint the gate"}),
    ("type:note is:confirmed", {"Oak posts", "Fence", "Other"}),
    ("type:article", {"Drying wood"}),
    ("type:item -type:note", {"Drying wood"}),
    ("is:pending", {"Order the posts"}),
    ("is:completed OR type:article", {"Paint the gate", "Drying wood"}),
    ("phone", {"Order the posts"}),
    ("timber.example.com", {"Drying wood"}),
    ("after:2020", EVERYTHING),
    ("before:2020", set()),
    ("posts before:2020", set()),
    ("gardn", {"Oak posts"}),
    ("Oka psots", set()),
    ("fencee", {"Fence"}),
    ("fence zzzzzzz", set()),
    ('"', set()),
    ("-", set()),
    ("%", set()),
    ("_", set()),
    ("#", set()),
    ("o'clock \\ ' | & ! ( :* <->", set()),
]


@pytest.mark.long
@pytest.mark.usefixtures("garden")
def test_what_is_found(olga, subtests):
    for q, titles in FOUND:
        with subtests.test(q):
            assert set(found(olga, q)) == titles


@pytest.mark.long
def test_a_query_in_the_body_finds_the_same(olga, garden):
    by_body = olga.client.post("/api/search", json={"q": "oak", "limit": 5})
    assert by_body.status_code == 200
    assert by_body.json == ask(olga, "oak").json
    (result,) = by_body.json["items"]
    assert result["id"] == garden["id"]
    assert (result["type"], result["kind"], result["status"]) == ("item", "note", "confirmed")
    assert result["tags"] == ["Home Garden"]


@pytest.mark.parametrize(
    ("language", "text", "q"),
    [
        ("en", "They were running home", "run"),
        ("en", "The story of houses", "stories house "),
        ("de", "Die Äpfel im Garten", "apfel"),
        ("de", "Er ging durch die HÄUSER", "haus"),
        ("fr", "Elles mangeaient des pommes", "manger pomme "),
        ("es", "Las canciones nuevas", "canción nueva "),
        ("ru", "Красивые дома стоят", "дом"),
        ("xx", "Plain words only", "words"),
    ],
)
def test_words_are_found_by_their_stems_in_the_language_of_the_text(olga, owner, language, text, q):
    in_language(owner, capture(olga, text, title="It"), language)
    assert found(olga, q) == ["It"]


@pytest.mark.long
def test_each_text_is_asked_in_its_own_language(olga, owner):
    in_language(owner, capture(olga, "The die is cast", title="English"), "en")
    in_language(owner, capture(olga, "Die Würfel sind gefallen", title="Deutsch"), "de")
    assert found(olga, "die cast ") == ["English"]  # and not ignored, as "die" is in German
    assert found(olga, "die würfel ") == ["Deutsch"]
    assert found(olga, "würfel -cast") == ["Deutsch"]


@pytest.mark.long
def test_common_words_alone_are_looked_for_in_titles(olga, owner):
    in_language(owner, capture(olga, "A band of London", title="The Who"), "en")
    in_language(owner, capture(olga, "x " * 300 + "Who is the other one", title="Band"), "en")
    assert found(olga, "the who ") == ["The Who"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("one", "other"),
    [("caf\u00e9", "cafe\u0301"), ("\ufb01sh", "fish"), ("oak", "\uff2fak")],
)
def test_tags_that_look_alike_are_both_found(olga, one, other):
    capture(olga, "Sits in the shade", one)
    capture(olga, "Stands in the sun", other)
    capture(olga, "Lies in the rain", "elsewhere")
    both = ["Sits in the shade", "Stands in the sun"]
    for q in (f'#"{one}"', f"tag:{other}", one, other):
        assert sorted(found(olga, q)) == both, q
    assert found(olga, f'-#"{one}"') == ["Lies in the rain"]
    assert suggested(olga, one)


@pytest.mark.long
def test_letters_are_the_same_however_they_are_encoded(olga):
    capture(olga, "cafe\u0301 at the corner", title="It")
    assert found(olga, "café") == ["It"]
    assert found(olga, "CAFE\u0301 ") == ["It"]


class TestFoundAtOnce:
    """Search results are never stale."""

    @pytest.mark.long
    def test_edits_are_found_and_what_they_replaced_is_not(self, olga, garden):
        path = f"/api/items/{garden['id']}"
        olga.client.patch(path, json={"title": "Larch", "summary": "Boards"})
        assert found(olga, "larch boards") == ["Larch"]
        assert found(olga, '"oak posts" larch') == ["Larch"]  # the text still has them
        olga.client.patch(path, json={"title": "Elm"})
        assert found(olga, "lar") == []

    @pytest.mark.long
    def test_tags_given_taken_renamed_merged_and_removed(self, olga, garden):
        path = f"/api/items/{garden['id']}"
        olga.client.patch(path, json={"add_tags": ["spring"], "remove_tags": ["home garden"]})
        assert found(olga, "#spring") == ["Oak posts"]
        assert found(olga, '#"home garden"') == []
        tags = {tag["name"]: tag["id"] for tag in olga.client.get("/api/tags").json["items"]}
        olga.client.patch(f"/api/tags/{tags['spring']}", json={"name": "May"})
        assert found(olga, "#may -#spring") == ["Oak posts"]
        olga.client.post(f"/api/tags/{tags['spring']}/merge", json={"into": tags["work"]})
        assert set(found(olga, "#work")) == {"Oak posts", "Fence", "Order the posts"}
        olga.client.delete(f"/api/tags/{tags['work']}")
        assert found(olga, "#work") == []
        assert len(found(olga, "-#work")) == len(EVERYTHING)

    @pytest.mark.long
    def test_what_is_discarded_is_found_by_asking_for_it(self, olga, garden):
        olga.client.patch(f"/api/items/{garden['id']}", json={"action": "discard"})
        assert found(olga, "oak") == []
        assert found(olga, "oak is:discarded") == ["Oak posts"]
        assert found(olga, "oak -is:discarded") == []
        assert set(found(olga, "posts is:discarded OR type:task")) == {
            "Oak posts",
            "Order the posts",
        }
        olga.client.post("/api/trash/purge", json={"ids": [garden["id"]]})
        assert found(olga, "oak is:discarded") == []

    @pytest.mark.long
    def test_a_task_that_is_done_reopened_changed_and_removed(self, olga):
        task = do(olga, "Paint the gate")
        path = f"/api/me/tasks/{task['id']}"
        olga.client.patch(f"{path}/complete", json={})
        assert found(olga, "gate is:completed") == ["Paint the gate"]
        olga.client.patch(f"{path}/complete", json={})
        assert found(olga, "gate is:pending") == ["Paint the gate"]
        olga.client.put(path, json={"title": "Paint the door", "description": "green"})
        assert found(olga, "door green") == ["Paint the door"]
        assert found(olga, '"the gate"') == []
        olga.client.delete(path)
        assert found(olga, "door") == []


class TestSnippets:
    def test_hits_are_marked_and_everything_else_is_escaped(self, olga):
        text = "Before <script>alert('x')</script> & <b>oak</b> \ue000 posts \ue001 &amp; mark"
        capture(olga, text, title="<i>It</i>")
        (result,) = ask(olga, "oak posts ").json["items"]
        assert result["title"] == "<i>It</i>"
        assert "<mark>oak</mark>" in result["snippet"]
        assert "<mark>posts</mark>" in result["snippet"]
        left = result["snippet"].replace("<mark>", "").replace("</mark>", "")
        assert not set(left) & set("<>\"'\ue000\ue001")

    @pytest.mark.parametrize(
        "word", ["button", "vector", "int", "quoted", "dashed", "creme", "don"]
    )
    def test_what_signs_enclose_is_found_and_shown_as_it_was_written(self, olga, word):
        text = "A <Button> in std::vector<int>, “quoted”, a — dashed—one, «creme» and don’t"
        capture(olga, text, title="It")
        (result,) = ask(olga, f"{word} ").json["items"]
        assert "<mark>" in result["snippet"]
        shown = unescape(result["snippet"].replace("<mark>", "").replace("</mark>", ""))
        assert shown in text
        assert len(shown) > 20

    def test_the_unfinished_word_is_marked_whole(self, olga):
        capture(olga, "Photosynthesis of leaves", title="Photosynthesis")
        (result,) = ask(olga, "photos").json["items"]
        assert "<mark>Photosynthesis</mark>" in result["snippet"]

    def test_it_shows_the_place_of_the_hit(self, olga):
        capture(olga, "nothing " * 500 + "but the oak here", title="It")
        (result,) = ask(olga, "oak").json["items"]
        assert "<mark>oak</mark>" in result["snippet"]
        assert len(result["snippet"]) < 500


class TestOrder:
    @pytest.mark.long
    def test_titles_come_before_tags_before_texts(self, olga):
        capture(olga, "There is an oak.", title="Text")
        capture(olga, "Nothing here.", "oak", title="Tag")
        capture(olga, "Nothing here.", title="An oak")
        assert found(olga, "oak") == ["An oak", "Tag", "Text"]

    @pytest.mark.long
    def test_what_is_equal_comes_newest_first_page_by_page(self, olga):
        for number in range(7):
            capture(olga, "oak", title=f"Note {number}")
        pages, cursor = [], None
        while True:
            page = ask(olga, "oak", limit=3, **({"cursor": cursor} if cursor else {})).json
            pages.append([each["title"] for each in page["items"]])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert pages == [["Note 6", "Note 5", "Note 4"], ["Note 3", "Note 2", "Note 1"], ["Note 0"]]

    @pytest.mark.long
    def test_guesses_have_pages_too(self, olga):
        for number in range(3):
            capture(olga, "x", title=f"Garden {number}")
        first = ask(olga, "gardn", limit=2).json
        second = ask(olga, "gardn", limit=2, cursor=first["next_cursor"]).json
        assert [each["title"] for each in first["items"] + second["items"]] == [
            *("Garden 2", "Garden 1", "Garden 0")
        ]
        assert second["next_cursor"] is None

    @pytest.mark.long
    def test_of_many_matches_the_newest_are_ranked_and_older_ones_come_with_before(
        self, olga, owner, monkeypatch
    ):
        monkeypatch.setattr(finder, "CANDIDATES", 2)
        old = capture(olga, "oak", title="Oak oak")
        past = datetime.now(UTC) - timedelta(days=400)
        owner.execute("UPDATE search_entries SET created_at = %s WHERE id = %s", (past, old["id"]))
        for number in range(3):
            capture(olga, "oak", title=f"Note {number}")
        assert found(olga, "oak") == ["Note 2", "Note 1"]
        assert found(olga, f"oak before:{past.year + 1}") == ["Oak oak"]


class TestWhoFindsWhat:
    @pytest.mark.long
    def test_items_are_found_by_members_and_tasks_by_their_user(self, people, olga):
        mara = people.person("mara")
        shared = {"X-Workspace-Id": str(people.workspace(olga, member=mara))}
        item = {"source_type": "note", "raw_text": "Oak", "enrich": False}
        olga.client.post("/api/items", json=item, headers=shared)
        olga.client.post("/api/me/tasks", json={"title": "Oak of olga"}, headers=shared)
        mara.client.post("/api/me/tasks", json={"title": "Oak of mara"}, headers=shared)

        def all_found(person, path):
            answer = person.client.get(path, query_string={"q": "oak"}, headers=shared)
            return {each.get("title", each.get("text")) for each in answer.json["items"]}

        for path in ("/api/search", "/api/search/suggest"):
            assert all_found(olga, path) == {"Oak", "Oak of olga"}
            assert all_found(mara, path) == {"Oak", "Oak of mara"}
        assert found(olga, "oak") == []  # it is not in the personal workspace

    @pytest.mark.long
    def test_nobody_finds_what_is_in_another_workspace(self, people, olga, garden):
        stranger = people.person("stranger")
        for q in ("oak", "posts", "is:confirmed", "type:task", "gardn", "-zzz", "#work"):
            assert found(stranger, q) == []
        assert suggested(stranger, "oa") == suggested(stranger, "home") == []
        assert garden


SUGGESTED = [
    ("oa", [("item", "Oak posts")]),
    ("oak po", [("item", "Oak posts")]),
    ("pos", [("task", "Order the posts"), ("item", "Oak posts")]),
    ("ga", [("tag", "Home Garden"), ("task", "Paint the gate"), ("item", "Oak posts")]),
    ("#ga", [("tag", "Home Garden"), ("task", "Paint the gate"), ("item", "Oak posts")]),
    ("#", []),
    ("home ga", [("tag", "Home Garden"), ("item", "Oak posts")]),
    ("WOR", [("tag", "work"), ("task", "Order the posts"), ("item", "Fence")]),
    ("posts oa", [("item", "Oak posts")]),
    ("frid", [("item", "Oak posts")]),
    ("saturday", []),
    ("%", []),
    ("' \\", []),
]


class TestSuggestions:
    @pytest.mark.long
    @pytest.mark.usefixtures("garden")
    def test_tags_come_first_then_titles_from_the_newest_on(self, olga, subtests):
        for q, expected in SUGGESTED:
            with subtests.test(q):
                assert suggested(olga, q) == expected

    @pytest.mark.long
    def test_no_more_than_asked_for_and_nothing_discarded(self, olga):
        made = [capture(olga, "x", title=f"Oak {n}") for n in range(4)]
        olga.client.patch(f"/api/items/{made[3]['id']}", json={"action": "discard"})
        assert suggested(olga, "oak", limit=2) == [("item", "Oak 2"), ("item", "Oak 1")]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "  "}, "q"),
        ({"q": "x" * 201}, "q"),
        ({"q": "is:nothing"}, "q"),
        ({"q": "before:soon"}, "q"),
        ({"q": "x", "limit": 0}, "limit"),
        ({"q": "x", "limit": 101}, "limit"),
        ({"q": "x", "mode": "y"}, "mode"),
    ],
)
def test_a_query_that_cannot_be_is_refused_and_says_why(olga, query, field):
    answer = olga.client.get("/api/search", query_string=query)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]


@pytest.mark.parametrize(
    "cursor", ["x", "MSAy", "bmFuIDAxYTFmZGIzLTI0NzktN2U0OC04MDBjLTM5NWE4MzUwZTEwMg"]
)
def test_a_cursor_that_is_not_ours_is_refused(olga, cursor):
    answer = ask(olga, "oak", cursor=cursor)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")


PIECES = st.sampled_from(
    [
        *(
            '"',
            "-",
            "#",
            " ",
            "OR",
            "is:pending",
            "type:task",
            "before:2026",
            "oak",
            "the",
            "gardn",
        ),
        *("'", "\\", ":*", "<->", "&", "|", "!", "(", "%", "_", " v:1", "\x01", "é", "\U0001f333"),
    ]
)


@pytest.mark.usefixtures("garden")
@examples(10, many=300)
@given(q=st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60))
def test_any_text_is_answered(olga, q):
    for path in ("/api/search", "/api/search/suggest"):
        answer = olga.client.get(path, query_string={"q": q})
        assert answer.status_code in (200, 422), (q, answer.json)


class TestWords:
    @pytest.mark.long
    def test_common_words_are_looked_for_in_titles_beside_other_languages(self, olga, owner):
        in_language(owner, capture(olga, "A band of London", title="The Who"), "en")
        in_language(owner, capture(olga, "Rome", title="Italy"), "en")
        do(olga, "Anything")
        assert found(olga, "the who ") == ["The Who"]
        assert found(olga, "it") == ["Italy"]

    def test_a_phrase_of_common_words_has_all_of_them(self, olga, owner):
        for title in ("The Who", "The Other"):
            in_language(owner, capture(olga, "x", title=title), "en")
        assert found(olga, '"the who"') == ["The Who"]

    def test_a_phrase_does_not_go_from_one_field_into_the_next(self, olga):
        capture(olga, "posts are not of it", title="Old oak")
        assert found(olga, '"oak posts"') == []
        assert found(olga, 'oak -"oak posts"') == ["Old oak"]

    @pytest.mark.long
    @pytest.mark.parametrize("name", ["node.js", "home-garden", "a/b", "snake_case"])
    def test_a_tag_is_a_word_however_it_is_written(self, olga, name):
        capture(olga, "nothing", name, title="Tagged")
        capture(olga, f"about {name} here", title="Text")
        assert set(found(olga, f"{name} ")) == {"Tagged", "Text"}
        assert ("tag", name) in suggested(olga, name[:-1])

    @pytest.mark.parametrize("name", ["cafe\u0301", "ﬁsh", "Ｗｏｒｋ", "①"])
    def test_tags_are_found_however_they_are_encoded(self, olga, name):
        capture(olga, "nothing", name, title="It")
        assert found(olga, f'#"{name}"') == ["It"]

    @pytest.mark.long
    @pytest.mark.parametrize("q", ["㌖" * 200, "㌖" * 199 + " ", '"' + "㌖" * 198 + '"'])
    def test_words_that_grow_long_are_answered(self, olga, q):
        capture(olga, "Other", title="㌖" * 60)
        assert ask(olga, q).status_code == 200
        suggested(olga, q)

    @pytest.mark.long
    def test_the_words_of_the_tasks_of_others_take_no_place_among_guesses(self, people, olga):
        mara = people.person("mara")
        team = {"X-Workspace-Id": str(people.workspace(olga, member=mara))}
        item = {"source_type": "note", "raw_text": "x", "title": "Gardeniz", "enrich": False}
        olga.client.post("/api/items", json=item, headers=team)
        for end in "abcde":
            mara.client.post("/api/me/tasks", json={"title": f"gardeni{end}"}, headers=team)
        rows = olga.client.get("/api/search", query_string={"q": "gardeni "}, headers=team)
        assert [row["title"] for row in rows.json["items"]] == ["Gardeniz"]


@pytest.mark.long
def test_hits_are_looked_for_as_a_few_words(olga, monkeypatch):
    """When they were phrases, PostgreSQL took half a minute."""
    asked = []
    show = finder.queries.search.show
    monkeypatch.setattr(
        finder.queries.search,
        "show",
        lambda *conn, **given: asked.append(given) or show(*conn, **given),
    )
    capture(olga, "a b " * 2000, title="a b")
    assert found(olga, '"' + "a b " * 40 + '"') == ["a b"]
    (hits,) = asked[0]["hits"]
    assert hits == "'a' | 'b'"


@pytest.mark.parametrize("rank", ["1e-300", "1e-46"])
def test_a_cursor_with_a_rank_that_cannot_be_is_refused(olga, rank):
    cursor = base64.urlsafe_b64encode(f"{rank} {uuid.uuid4()}".encode()).decode().rstrip("=")
    assert ask(olga, "oak", cursor=cursor).status_code == 400
