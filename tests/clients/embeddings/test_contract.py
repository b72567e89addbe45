"""What every provider of embeddings guarantees."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.clients.embeddings.embeddings_server import embeddings_server
from webapp.clients.embeddings.choice import is_installed, provider_from


@pytest.fixture(params=["embedded", "remote"])
def provider(request):
    if request.param == "embedded":
        if not is_installed():
            pytest.skip("the extra `meaning` is not installed")
        yield provider_from(None, None, None)
        return
    with embeddings_server() as server:
        made = provider_from(server.url, "sk-1", "test-model", timeout=10)
        yield made
        made.close()


def test_each_text_gets_a_vector_of_the_length_1_in_their_order(provider):
    texts = ["The puppy sleeps.", "A fence for the garden.", "dog"]
    vectors = provider.embed(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == 3
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert np.allclose(provider.embed([text])[0], vector, atol=1e-5)


def test_what_means_the_same_is_nearer(provider):
    puppy, dog, invoice = provider.embed(["a puppy", "the dog", "an invoice"])
    assert puppy @ dog > puppy @ invoice


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0", "\ud800", "?" * 1000, "天気" * 500, "🦦", "a" * 10_000, "́" * 5_000],
)
def test_any_text_gets_a_vector(provider, text):
    (vector,) = provider.embed([text])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5) or not vector.any()


def test_hundreds_of_texts_are_embedded_at_once(provider):
    texts = [f"puppy number {number}" for number in range(200)]
    vectors = provider.embed(texts)
    assert len(vectors) == 200
    assert np.allclose(vectors[199], provider.embed(texts[199:])[0], atol=1e-5)


def test_threads_share_it(provider):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(provider.embed(["dog"])[0])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.allclose(found[0], other) for other in found)


def test_its_model_has_a_name_and_it_can_be_closed_twice(provider):
    assert provider.model
    provider.close()
    provider.close()


def test_nothing_is_installed_or_named(monkeypatch):
    monkeypatch.setattr("webapp.clients.embeddings.choice.is_installed", lambda: False)
    assert provider_from(" ", None, None) is None
