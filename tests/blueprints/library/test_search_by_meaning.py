"""Search by meaning over HTTP."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.library.test_search import ask, capture, do, found
from tests.clients.ai.chat_server import Reply, refusal
from tests.clients.embeddings.embeddings_server import embeddings
from tests.meaning import meaning_of
from webapp.blueprints.library import meaning as module
from webapp.clients.embeddings.choice import is_installed
from webapp.filing.embeddings import provider_of

# Each has several rounds of a worker.
pytestmark = pytest.mark.long


@pytest.fixture
def ask_by(stand_in):
    """Has the app ask the provider of some settings."""
    with contextlib.ExitStack() as opened:

        def put(settings, timeout=2.0):
            provider = provider_of(settings, timeout)
            opened.callback(provider.close)
            stand_in(module._embedder, module.Embedder(provider))

        yield put


@pytest.fixture
def meaning(settings, owner, ask_by):
    """A model that knows some subjects, for the app and for workers."""
    with meaning_of(settings, owner) as made:
        ask_by(made.settings)
        made.choose()
        yield made


@pytest.fixture
def things(olga, meaning):
    """A few things, of which most are about an animal."""
    capture(olga, "The puppy sleeps.", "pets", title="Rex")
    capture(olga, "It needs an automobile.", "work", title="Trip")
    capture(olga, "A hound in the garden.", title="Walk")
    capture(olga, "The dog barks.", title="Noise")
    do(olga, "Feed the puppy")
    meaning.embed()


def upload(person, said="A letter"):
    form = {"file": (io.BytesIO(pdf(said)), f"{said}.pdf")}
    answer = person.client.post(
        "/api/documents/upload", data=form, content_type="multipart/form-data"
    )
    assert answer.status_code == 201, answer.json
    return answer.json


def by(person, mode, q, **more):
    answer = ask(person, q, mode=mode, **more)
    assert answer.status_code == 200, answer.json
    return answer.json


def titles(answer):
    return [each["title"] for each in answer["items"]]


def test_what_means_the_same_is_found(olga, things):
    answer = by(olga, "meaning", "dog")
    assert (answer["mode"], answer["mode_reason"]) == ("meaning", None)
    assert titles(answer)[-1] == "Trip"  # the least alike of all
    assert set(titles(answer)[:3]) == {"Feed the puppy", "Noise", "Rex"}


def test_both_lists_are_fused_by_their_places(olga, things):
    answer = by(olga, "both", "dog")
    assert titles(answer)[0] == "Noise"  # which also has the word
    ranks = [each["rank"] for each in answer["items"]]
    places = [each["title"] for each in by(olga, "meaning", "dog")["items"]]
    assert ranks[0] == pytest.approx(1 + 1 / 61 + 1 / (61 + places.index("Noise")))
    assert max(ranks[1:]) == pytest.approx(1 / 61, abs=0.001)
    assert ranks == sorted(ranks, reverse=True)
    assert len(titles(answer)) == len(set(titles(answer))) == 5


def test_what_has_the_words_is_before_what_is_only_near(olga, meaning):
    for _ in range(3):
        capture(olga, "A dog, a hound.", title="Near")
    meaning.embed()
    for _ in range(3):
        capture(olga, "The puppy sleeps.", title="Not embedded yet")
    answer = by(olga, "both", "puppy")
    assert titles(answer) == ["Not embedded yet"] * 3 + ["Near"] * 3
    first = by(olga, "both", "puppy", limit=4)
    rest = by(olga, "both", "puppy", limit=4, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == answer["items"]


@pytest.mark.parametrize(
    "q",
    ["4711", "CVE-2024-12345", '"the dog"', "rex@example.com", "node.js 22", "C++", "4711 #pets"],
)
def test_what_is_asked_for_as_it_is_written_is_not_like_anything_else(olga, things, meaning, q):
    before = len(meaning.server.requests)
    assert titles(ask(olga, q).json) == titles(by(olga, "words", q))
    assert by(olga, "both", q)["mode_reason"] == "no_words"
    assert len(meaning.server.requests) == before


@pytest.mark.skipif(not is_installed(), reason="the extra `meaning` is not installed")
def test_what_has_nothing_to_do_with_the_words_is_not_found(olga, settings, meaning, ask_by):
    ask_by(settings)
    meaning.choose(settings)
    capture(olga, "How to bake sourdough bread at home", title="Bread")
    capture(olga, "The dentist appointment is on Monday", title="Dentist")
    meaning.embed(settings)
    assert titles(by(olga, "both", "loaf recipe")) == ["Bread"]
    assert titles(by(olga, "both", "quantum chromodynamics")) == []
    assert len(by(olga, "meaning", "quantum chromodynamics")["items"]) == 2


@pytest.mark.skipif(not is_installed(), reason="the extra `meaning` is not installed")
def test_a_model_to_which_all_is_alike_is_measured(olga, settings, meaning):
    """As remote ones are: what is above 0.8 may have nothing to do with the words."""
    embedded = provider_of(settings)

    def narrow(request):
        vectors = embedded.embed(request.body["input"])
        return embeddings(*([*vector, 2.0] for vector in vectors.tolist()))

    meaning.server.model = narrow
    meaning.choose(replace(meaning.settings, embeddings_model="others"))
    meaning.choose()
    capture(olga, "How to bake sourdough bread at home", title="Bread")
    capture(olga, "The dentist appointment is on Monday", title="Dentist")
    meaning.embed()
    assert titles(by(olga, "both", "loaf recipe")) == ["Bread"]
    assert titles(by(olga, "both", "quantum chromodynamics")) == []
    assert len(by(olga, "meaning", "quantum chromodynamics")["items"]) == 2


def test_words_alone_are_what_they_were(olga, things):
    assert titles(by(olga, "words", "dog")) == ["Noise"]


def test_both_is_the_default_where_there_are_vectors(olga, things):
    assert ask(olga, "dog").json == by(olga, "both", "dog")
    answer = olga.client.post("/api/search", json={"q": "dog", "mode": "meaning"})
    assert answer.json == by(olga, "meaning", "dog")


def test_a_mode_that_is_none_is_refused(olga):
    assert ask(olga, "dog", mode="magic").status_code == 422


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("dog #pets", {"Rex"}),
        ("dog -#pets type:note", {"Noise", "Walk", "Trip"}),
        ("dog type:task", {"Feed the puppy"}),
        ('dog "the puppy"', {"Rex", "Feed the puppy"}),
        ("dog -barks", {"Rex", "Walk", "Trip", "Feed the puppy"}),
        ("dog before:2020", set()),
        ("dog after:2020 type:note -automobile", {"Rex", "Walk", "Noise"}),
        ("dog site:example.com", set()),
        ("dog in:taxes", set()),
        ("dog OR #pets", {"Rex", "Walk", "Noise", "Trip", "Feed the puppy"}),
        ("dog is:discarded", set()),
    ],
)
def test_filters_phrases_and_exclusions_hold(olga, things, q, expected):
    assert set(titles(by(olga, "meaning", q))) == expected


def test_a_query_without_words_has_no_meaning(olga, things):
    answer = by(olga, "both", "#pets")
    assert (answer["mode"], answer["mode_reason"]) == ("words", "no_words")
    assert titles(answer) == ["Rex"]
    assert ask(olga, "#pets").json["mode_reason"] is None


def test_the_trash_is_only_found_by_asking_for_it(olga, things, make):
    (noise,) = by(olga, "words", "dog")["items"]
    make.move(noise["id"], "discarded")
    assert "Noise" not in titles(by(olga, "meaning", "dog"))
    assert titles(by(olga, "meaning", "dog is:discarded")) == ["Noise"]


@pytest.mark.parametrize("mode", ["meaning", "both"])
def test_pages_are_one_list(olga, things, mode):
    whole = by(olga, mode, "dog")
    assert whole["next_cursor"] is None
    paged, cursor = [], None
    while True:
        answer = by(olga, mode, "dog", limit=2, **({"cursor": cursor} if cursor else {}))
        paged += answer["items"]
        if not (cursor := answer["next_cursor"]):
            break
    assert paged == whole["items"]


def test_pages_ask_for_one_vector(olga, things, meaning):
    before = len(meaning.server.requests)
    by(olga, "meaning", "puppy")
    by(olga, "both", "puppy", limit=1)
    assert len(meaning.server.requests) == before + 1


def test_the_snippet_is_the_nearest_passage(olga, meaning):
    filler = "Nothing of it is here. " * 30
    capture(olga, f"{filler}\n\nThe puppy <sleeps>.\n\n{filler}", title="Long")
    meaning.embed()
    (item,) = by(olga, "meaning", "dog")["items"]
    assert "sleeps" in item["snippet"]
    assert "&lt;sleeps&gt;" in item["snippet"]
    assert len(item["snippet"]) < 500
    (item,) = by(olga, "both", "sleeps")["items"]
    assert "<mark>sleeps</mark>" in item["snippet"]


def test_a_document_says_on_which_page(olga, meaning, is_ready):
    document = upload(olga)
    is_ready(document["id"], "A car.\fThe puppy sleeps.\fAn invoice.")
    meaning.embed()
    (found_one,) = by(olga, "meaning", "dog")["items"]
    assert (found_one["page"], found_one["snippet"]) == (2, "The puppy sleeps.")


def test_a_typing_mistake_is_guessed_all_the_same(olga, things):
    answer = by(olga, "both", "noisse")
    assert answer["is_guess"]
    assert "Noise" in titles(answer)


class TestWhoFindsWhat:
    def test_tasks_are_only_found_by_their_user(self, people, olga, meaning):
        bert = people.person("bert")
        team = people.workspace(olga, member=bert)
        for person in (olga, bert):
            person.client.environ_base["HTTP_X_WORKSPACE_ID"] = str(team)
        capture(olga, "The dog barks.", title="Noise")
        do(olga, "Feed the puppy")
        meaning.embed()
        for mode in ("meaning", "both"):
            assert set(titles(by(olga, mode, "hound"))) == {"Noise", "Feed the puppy"}
            assert titles(by(bert, mode, "hound")) == ["Noise"]
            assert titles(by(bert, mode, "hound type:task")) == []

    def test_nobody_finds_what_is_in_another_workspace(self, people, things, meaning):
        stranger = people.person("stranger")
        for mode in ("meaning", "both"):
            for q in ("dog", "dog type:note", "dog is:discarded", "dog -x"):
                assert titles(by(stranger, mode, q)) == []

    def test_what_is_shared_is_found_while_it_is(self, people, olga, meaning, is_ready, owner):
        bert = people.person("bert")
        shared, kept = (
            upload(olga),
            upload(olga, "Another"),
        )
        for each in (shared, kept):
            is_ready(each["id"], f"The puppy {each['id']} sleeps.")
        share = {"handle": "bert", "level": "view"}
        answer = olga.client.post(f"/api/documents/{shared['id']}/shares", json=share)
        assert answer.status_code == 201, answer.json
        meaning.embed()
        for q in ("dog", "dog type:document"):
            (seen,) = by(bert, "meaning", q)["items"]
            assert (seen["id"], seen["is_shared"]) == (shared["id"], True)
        owner.execute("UPDATE shares SET expires_at = now() - interval '1 second'")
        assert titles(by(bert, "meaning", "dog")) == []


class TestWithoutVectors:
    def test_words_are_used_and_it_says_why(self, olga):
        capture(olga, "The dog barks.", title="Noise")
        answer = by(olga, "meaning", "dog")
        assert (answer["mode"], answer["mode_reason"]) == ("words", "no_vectors")
        assert titles(answer) == ["Noise"]
        answer = ask(olga, "dog").json
        assert (answer["mode"], answer["mode_reason"]) == ("words", None)

    def test_before_the_first_text_is_embedded_there_are_none(self, olga, meaning):
        meaning.server.requests.clear()
        assert ask(olga, "dog").json["mode_reason"] is None
        assert by(olga, "meaning", "dog")["mode_reason"] == "no_vectors"
        assert meaning.server.requests == []

    def test_a_model_that_is_not_the_current_one_is_not_asked(self, olga, things, meaning, ask_by):
        other = replace(meaning.settings, embeddings_model="other")
        ask_by(other)
        assert by(olga, "meaning", "puppy")["mode_reason"] == "no_vectors"

    @pytest.mark.parametrize(
        "reply",
        [refusal(500, "broken"), refusal(401, "who"), Reply(body=[]), embeddings([1.0] * 9)],
    )
    def test_a_provider_that_fails_leaves_the_words(self, olga, things, meaning, reply):
        meaning.server.replies.append(reply)
        for q in ("cars", "car"):
            answer = ask(olga, q).json if q == "cars" else by(olga, "meaning", "cars")
            assert (answer["mode"], answer["mode_reason"]) == ("words", "provider_failed")

    def test_a_slow_provider_is_not_waited_for_again(self, olga, things, meaning, ask_by):
        ask_by(meaning.settings, 0.2)
        meaning.server.replies.append(Reply(body={"data": []}, drip=0.05))
        before = len(meaning.server.requests)
        for _ in range(3):
            assert ask(olga, "cars").json["mode_reason"] == "provider_failed"
        assert len(meaning.server.requests) == before + 1


def test_what_is_not_embedded_yet_is_found_by_words(olga, things):
    capture(olga, "Another dog.", title="New")
    assert "New" not in titles(by(olga, "meaning", "dog"))
    assert "New" in titles(by(olga, "both", "dog"))
    assert "New" in found(olga, "dog")
