"""How sure one can be of what was learned."""

from __future__ import annotations

import pytest

from webapp.rules.learned import learned_from


def label(**changes):
    usual = {"field": "category", "value": "Letter", "evidence": 1.0, "documents": 3, "words": 10}
    return usual | changes


def test_three_documents_and_ten_words_can_be_sure():
    (found,) = learned_from([label()])
    assert found.confidence > 0.99


@pytest.mark.parametrize("few", [{"documents": 2}, {"words": 9}])
def test_fewer_suggest_nothing(few):
    (found,) = learned_from([label(**few)])
    assert found.confidence < 0.7
