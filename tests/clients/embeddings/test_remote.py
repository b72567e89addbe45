"""An endpoint of embeddings that refuses, lies or takes forever."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.clients.ai.chat_server import Reply, refusal
from tests.clients.embeddings.embeddings_server import embeddings, embeddings_server
from webapp.clients.ai.contract import AIError
from webapp.clients.embeddings.choice import provider_from

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def server():
    with embeddings_server() as started:
        yield started


@pytest.fixture
def provider(server):
    made = provider_from(server.url, f"{KEY}\n", "test-model", timeout=5)
    yield made
    made.close()


def failure(provider, *texts):
    with pytest.raises(AIError) as caught:
        provider.embed(texts or ["a text"])
    assert KEY not in str(caught.value)
    assert "'test-model' at 127.0.0.1, named in the settings." in str(caught.value)
    return caught.value


def test_the_request_is_the_standards(server, provider):
    provider.embed(["a dog", "\0"])
    (request,) = server.requests
    assert request.path == "/v1/embeddings"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.body == {"model": "test-model", "input": ["a dog", " "]}
    assert KEY not in repr(provider)


def test_no_request_has_more_than_32_texts(server, provider):
    assert len(provider.embed(["dog"] * 70)) == 70
    assert [len(request.body["input"]) for request in server.requests] == [32, 32, 6]


def test_vectors_are_ordered_by_their_index(server, provider):
    data = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 0]}]
    server.replies.append(Reply(body={"data": data}))
    assert provider.embed(["a", "b"]).tolist() == [[1, 0], [0, 1]]


def test_large_and_tiny_numbers_keep_their_direction(server, provider):
    server.replies.append(embeddings([3e60, 4e60], [3e-60, 4e-60], [0, 0]))
    assert np.allclose(provider.embed(["a", "b", "c"]), [[0.6, 0.8], [0.6, 0.8], [0, 0]])


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        [],
        {},
        {"data": None},
        {"data": [1]},
        {"data": []},
        {"data": [{"embedding": [1]}, {"embedding": [1]}]},
        {"data": [{"index": 7, "embedding": [1]}]},
        {"data": [{"index": "0", "embedding": [1]}]},
        {"data": [{"index": [0], "embedding": [1]}]},
        {"data": [{"index": {}, "embedding": [1]}]},
        b"[" * 100_000,
        b'{"data": [{"embedding": ' + b"[" * 900 + b"]" * 900 + b"}]}",
        {"data": [{"embedding": None}]},
        {"data": [{"embedding": "AAAA"}]},
        {"data": [{"embedding": {}}]},
        {"data": [{"embedding": []}]},
        {"data": [{"embedding": ["x"]}]},
        {"data": [{"embedding": [[1]]}]},
        {"data": [{"embedding": [None]}]},
        {"data": [{"embedding": [10**400]}]},
        {"data": [{"embedding": [1e200]}]},
        b'{"data": [{"embedding": [NaN]}]}',
        b'{"data": [{"embedding": [Infinity]}]}',
        b'{"data": [{"embedding": [1e999]}]}',
    ],
)
def test_an_answer_that_is_none_is_temporary(server, provider, body):
    server.replies.append(Reply(body=body))
    assert not failure(provider).permanent


def test_a_vector_must_fit_into_the_database(server, provider):
    server.replies.append(embeddings([1.0] * 4_001))
    assert failure(provider).permanent


def test_vectors_of_several_lengths_are_refused(server, provider):
    server.replies += [embeddings(*[[1.0, 0.0]] * 32), embeddings([1.0])]
    failure(provider, *["a"] * 33)
    server.replies.append(embeddings([1.0], [1.0, 0.0]))
    failure(provider, "a", "b")


def test_the_largest_answer_is_read_and_an_endless_one_is_not(server, provider):
    numbers = [-math.pi / 1e5] * 4_000
    server.replies.append(embeddings(*[numbers] * 32))
    assert provider.embed(["a"] * 32).shape == (32, 4_000)
    server.replies.append(Reply(body=b" " * 6_000_000))
    failure(provider)


@pytest.mark.parametrize(
    ("status", "permanent"), [(401, True), (404, True), (429, False), (500, False)]
)
def test_a_refusal_says_what_to_do(server, provider, status, permanent):
    server.replies.append(refusal(status, f"no, {KEY}", Retry_After="7"))
    error = failure(provider)
    assert error.permanent is permanent
    assert error.retry_after == (None if permanent else 7)
    assert status != 401 or "EMBEDDINGS_KEY" in str(error)


def test_a_slow_answer_is_given_up(server):
    provider = provider_from(server.url, None, "test-model", timeout=0.2)
    server.replies.append(Reply(body={"data": []}, drip=0.05))
    assert "in time" in str(failure(provider))
    provider.close()


@pytest.mark.parametrize(
    ("url", "key", "model", "named"),
    [
        ("ftp://example.com", None, "m", "EMBEDDINGS_URL"),
        ("http://user:secret@example.com", None, "m", "EMBEDDINGS_URL"),
        ("http://example.com", "a key", "m", "EMBEDDINGS_KEY"),
        ("http://example.com", None, " ", "EMBEDDINGS_MODEL"),
    ],
)
def test_what_cannot_work_is_refused_at_once(url, key, model, named):
    with pytest.raises(ValueError, match=named):
        provider_from(url, key, model)
