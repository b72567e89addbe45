"""Embedding texts, by a server on loopback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clients.ai.chat_server import Reply, refusal
from tests.clients.embeddings.embeddings_server import SUBJECTS, embeddings
from tests.meaning import meaning_of
from webapp.clients.embeddings.choice import is_installed
from webapp.clients.embeddings.probes import PROBES

# Each has several rounds of a worker.
pytestmark = pytest.mark.long


@pytest.fixture
def meaning(settings, owner):
    with meaning_of(settings, owner) as made:
        yield made


def queued(owner):
    return owner.execute("SELECT count(*) FROM outbox WHERE kind = 'embed_texts'").fetchone()[0]


def by_subject(request):
    """A model that knows the subjects of the probes, and takes all texts to be rather alike."""

    def vector(text):
        return [2.0, *(float(text in pair) for pair in PROBES)]

    return embeddings(*map(vector, request.body["input"]))


def test_without_a_model_nothing_is_queued(make, owner):
    make.item(title="A puppy")
    assert queued(owner) == 0


def test_what_is_new_is_embedded_and_again_when_its_text_changes(make, owner, meaning):
    meaning.choose()
    item = make.item(title="A puppy", raw_text="It sleeps.")
    assert meaning.embed() == 1
    assert meaning.rows("number, page, starts_at, length") == [(1, None, 1, 10)]
    owner.execute("UPDATE items SET language = 'en' WHERE id = %s", (item["id"],))
    assert queued(owner) == 0
    owner.execute("UPDATE items SET title = 'A car' WHERE id = %s", (item["id"],))
    assert meaning.embed() == 1
    (vector,) = meaning.rows("vector::real[]")
    assert [round(number, 1) for number in vector] == [0, 1, 0, 0, 0.1]


def test_tasks_are_their_users_and_documents_have_pages(
    make, people, olga, meaning, is_ready, owner
):
    meaning.choose()
    make.task(olga, title="Buy a puppy")
    assert meaning.embed() == 1
    assert meaning.rows("audience") == [olga.id]


def test_an_empty_text_has_no_vector(make, owner, meaning):
    meaning.choose()
    meaning.server.requests.clear()
    item = make.item(raw_text="…")
    assert meaning.embed() == 1
    assert meaning.rows() == []
    assert meaning.server.requests == []
    owner.execute("UPDATE items SET raw_text = 'dog' WHERE id = %s", (item["id"],))
    meaning.embed()
    owner.execute("UPDATE items SET raw_text = '?' WHERE id = %s", (item["id"],))
    meaning.embed()
    assert meaning.rows() == []


def test_a_long_text_has_many_passages(make, owner, meaning):
    meaning.choose()
    item = make.item(title="Long")
    owner.execute(
        "UPDATE items SET content = repeat('The dog sleeps. ', 30000) WHERE id = %s", (item["id"],)
    )
    meaning.embed()
    # Of a page from the web, the index has the first 100,000 characters.
    assert len(meaning.rows()) == 146
    assert max(len(request.body["input"]) for request in meaning.server.requests) <= 32


def test_what_goes_takes_its_vectors_along(make, owner, meaning):
    meaning.choose()
    item = make.item()
    meaning.embed()
    owner.execute("DELETE FROM items WHERE id = %s", (item["id"],))
    assert meaning.rows() == []


def test_the_trash_is_marked(make, owner, meaning):
    meaning.choose()
    item = make.item()
    meaning.embed()
    make.move(item["id"], "discarded")
    assert meaning.rows("is_discarded") == [True]
    owner.execute("UPDATE items SET raw_text = 'A car.' WHERE id = %s", (item["id"],))
    meaning.embed()
    assert meaning.rows("is_discarded") == [True]


def test_a_text_that_changes_meanwhile_is_embedded_again(make, owner, meaning):
    meaning.choose()
    item = make.item(title="A puppy")

    def late(request):
        owner.execute("UPDATE items SET title = 'A car' WHERE id = %s", (item["id"],))
        meaning.server.model = lambda _: embeddings([0, 1, 0, 0, 0])
        return embeddings([1, 0, 0, 0, 0])

    meaning.server.model = late
    meaning.embed()
    meaning.due()
    meaning.embed()
    assert meaning.rows("vector::real[]") == [[0, 1, 0, 0, 0]]
    assert queued(owner) == 0


def test_one_text_that_is_refused_does_not_stop_the_others(make, owner, meaning):
    meaning.choose()
    make.item(title="good one")
    bad = make.item(title="bad one")
    plain = meaning.server.model

    def picky(request):
        if any("bad" in text for text in request.body["input"]):
            return refusal(400, "I do not like this text")
        return plain(request)

    meaning.server.model = picky
    assert meaning.embed() == 2
    (died,) = owner.execute("SELECT subject_id, error FROM dead_letters").fetchall()
    assert died[0] == bad["id"]
    assert "do not like" in died[1]
    owner.execute("UPDATE items SET title = 'better' WHERE id = %s", (bad["id"],))
    assert owner.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)
    assert meaning.embed() == 1


def test_a_busy_server_is_asked_again_later(make, owner, meaning):
    meaning.choose()
    make.item()
    meaning.server.replies.append(refusal(429, "slow down", Retry_After="70"))
    assert meaning.embed() == 1
    wait = owner.execute("SELECT run_after - now() > '1 minute' FROM outbox").fetchall()
    assert (True,) in wait
    meaning.due()
    assert meaning.embed() == 1


@pytest.mark.parametrize("vector", [[1.0], [1.0] * (len(SUBJECTS) + 2)])
def test_vectors_of_another_length_than_before_are_refused(make, owner, meaning, vector):
    meaning.choose()
    make.item()
    meaning.embed()
    make.item()
    meaning.server.replies.append(embeddings(vector))
    assert meaning.embed() == 1
    (error,) = owner.execute("SELECT error FROM dead_letters").fetchone()
    assert "before" in error
    assert len(meaning.rows()) == 1


def test_hostile_answers_leave_what_is_there(make, owner, meaning):
    meaning.choose()
    item = make.item()
    meaning.embed()
    before = meaning.rows("vector::real[]")
    owner.execute("UPDATE items SET title = 'other' WHERE id = %s", (item["id"],))
    meaning.server.replies.append(Reply(body=b'{"data": [{"embedding": [NaN, NaN]}]}'))
    assert meaning.embed() == 1
    assert meaning.rows("vector::real[]") == before


class TestAnotherModel:
    def test_all_texts_are_embedded_again_and_no_vectors_are_mixed(self, make, owner, meaning):
        made = [make.item(title=f"dog {number}") for number in range(3)]
        meaning.choose()
        assert queued(owner) == 3
        assert meaning.embed() == 3
        other = replace(meaning.settings, embeddings_model="others")
        meaning.choose(other)
        assert queued(owner) == 3
        current = owner.execute("SELECT name FROM embedding_models WHERE is_current").fetchall()
        assert current == [("others",)]
        # A worker that still has the former settings leaves them alone.
        assert meaning.embed() == 0
        meaning.server.model = lambda request: embeddings(
            *[[0.6, 0.8]] * len(request.body["input"])
        )
        assert meaning.embed(other) == 3
        assert {len(vector) for vector in meaning.rows("vector::real[]")} == {2}
        assert sorted(meaning.rows()) == sorted(item["id"] for item in made)

    def test_it_is_measured_once_how_alike_its_texts_must_be(self, owner, meaning):
        meaning.server.model = by_subject
        meaning.choose()
        (least,) = owner.execute("SELECT least_alike FROM embedding_models").fetchone()
        assert 0.5 < least < 1
        meaning.server.requests.clear()
        meaning.choose()
        assert meaning.server.requests == []

    def test_it_is_measured_later_if_it_does_not_answer(self, make, owner, meaning):
        make.item(title="A puppy")
        meaning.server.model = lambda _: refusal(503, "busy")
        meaning.choose()
        found = owner.execute("SELECT least_alike, is_current FROM embedding_models").fetchall()
        assert (found, queued(owner)) == ([(None, True)], 1)
        meaning.server.model = by_subject
        meaning.choose()
        assert owner.execute("SELECT least_alike FROM embedding_models").fetchone() != (None,)

    def test_it_goes_on_where_it_stopped(self, make, owner, meaning, monkeypatch):
        monkeypatch.setattr("workers.fill_embeddings.BATCH", 2)
        for _ in range(5):
            make.item()
        meaning.choose()
        assert queued(owner) == 4
        meaning.choose()
        assert queued(owner) == 5
        filled = owner.execute("SELECT filled_at IS NOT NULL FROM embedding_models").fetchone()
        assert filled == (True,)

    def test_no_more_is_queued_than_can_be_done_soon(self, make, owner, meaning, monkeypatch):
        monkeypatch.setattr("workers.fill_embeddings.BATCH", 2)
        monkeypatch.setattr("workers.fill_embeddings.MOST_WAITING", 2)
        for _ in range(5):
            make.item()
        meaning.choose()
        assert queued(owner) == 2

    def test_without_a_provider_nothing_is_queued_and_what_is_queued_goes(
        self, make, owner, meaning, settings, monkeypatch
    ):
        meaning.choose()
        item = make.item()
        meaning.embed()
        make.item()
        monkeypatch.setattr("webapp.clients.embeddings.choice.is_installed", lambda: False)
        meaning.choose(settings)
        meaning.embed(settings)
        assert queued(owner) == 0
        make.item()
        assert queued(owner) == 0
        # What was embedded would be out of date if the model came back.
        owner.execute("UPDATE items SET title = 'other' WHERE id = %s", (item["id"],))
        assert meaning.rows() == []


@pytest.mark.skipif(not is_installed(), reason="the extra `meaning` is not installed")
def test_the_embedded_model_embeds(make, owner, meaning, settings):
    meaning.choose(settings)
    make.item(title="A puppy")
    assert meaning.embed(settings) == 1
    assert meaning.rows("vector_dims(vector)") == [256]
