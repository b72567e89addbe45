"""How alike texts must be, for models of different kinds."""

from __future__ import annotations

import numpy as np
import pytest

from webapp.clients.embeddings.choice import is_installed, provider_from
from webapp.clients.embeddings.contract import of_length_1
from webapp.clients.embeddings.likeness import least_alike
from webapp.clients.embeddings.probes import PROBES


class Narrow:
    """The embedded model, with all vectors in a narrow cone, as those of many models are."""

    model = "narrow"

    def __init__(self, shared):
        self.inner = provider_from(None, None, None)
        self.shared = shared

    def embed(self, texts):
        vectors = self.inner.embed(texts)
        return of_length_1(np.hstack([vectors, np.full((len(texts), 1), self.shared)]))

    def close(self):
        self.inner.close()


class Blind:
    """A model that finds the same in everything, or nothing."""

    model = "blind"

    def __init__(self, value):
        self.value = value

    def embed(self, texts):
        return np.full((len(texts), 3), self.value, dtype=np.float32)

    def close(self):
        pass


@pytest.mark.skipif(not is_installed(), reason="the extra `meaning` is not installed")
def test_the_bound_is_where_a_models_unrelated_texts_are():
    wide, narrow = least_alike(Narrow(0)), least_alike(Narrow(2))
    assert wide == pytest.approx(0.2, abs=0.02)
    # The shared part of two vectors takes 4 of 5 of their cosine.
    assert narrow == pytest.approx((wide + 4) / 5, abs=0.001)


@pytest.mark.parametrize("value", [0.0, 0.57735])
def test_a_model_that_tells_nothing_apart_hides_nothing(value):
    assert least_alike(Blind(value)) == 0


def test_each_probe_has_its_own_subject():
    questions = [set(question.lower().split()) for question, _ in PROBES]
    common = {"a", "how", "in", "of", "on", "the", "to", "for", "with", "and"}
    words = [word for each in questions for word in each - common]
    assert len(words) == len(set(words))
