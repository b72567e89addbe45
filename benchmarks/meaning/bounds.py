"""What bounds of likeness hide: answers, and texts that have nothing to do with a question.

    python -m benchmarks.meaning.bounds FOLDER [--url … --model … --key …]

The folder has two of the collections that `benchmarks/meaning/collections.py` names. What answers a
question is judged by people; the texts of the other collection have nothing to do with it. Compared
are no bound, the one that Coffer measures, and bounds from random pairs of the texts themselves:
their mean and one or two standard deviations. Prints nDCG@10 by vectors alone, and the shares of
both that are above each bound.
"""

from __future__ import annotations

import argparse
import sys
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.meaning.collections import read
from benchmarks.meaning.quality import TOP, mean, ndcg
from webapp.clients.embeddings.choice import provider_from
from webapp.clients.embeddings.likeness import least_alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.meaning.collections import Collection
    from webapp.clients.embeddings.contract import Provider, Vectors

_MOST_CHARACTERS = 700


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.meaning.bounds")
    parser.add_argument("folder", type=Path)
    for name in ("--url", "--model", "--key"):
        parser.add_argument(name)
    given = parser.parse_args()
    provider = provider_from(given.url, given.key, given.model)
    collections = read(given.folder)
    if provider is None or len(collections) < 2:
        print("Install the extra `meaning` or name an endpoint, and name a folder of collections.")
        return 2
    bound = least_alike(provider)
    texts = {each.name: _embedded(provider, each) for each in collections}
    for own, other in permutations(collections, 2):
        questions = provider.embed(list(own.questions.values()))
        likes = questions @ texts[own.name].T
        unlike = questions @ texts[other.name].T
        pairs = _pairs(texts[own.name])
        print(f"\n{own.name}, by {provider.model}")
        for name, least in (
            ("none", -1.0),
            ("measured by the model", bound),
            ("pairs, mean + 1 sd", pairs.mean() + pairs.std()),
            ("pairs, mean + 2 sd", pairs.mean() + 2 * pairs.std()),
        ):
            gained, kept = _found(own, likes, least)
            print(
                f"  {name:22} {least:6.3f}  nDCG@10 {gained:.3f}, answers {kept:.3f},"
                f" texts of {other.name} {(unlike >= least).mean():.4f}"
            )
    return 0


def _embedded(provider: Provider, collection: Collection) -> Vectors:
    """The beginnings of the texts, as long as a passage."""
    said = [f"{title}\n\n{text}"[:_MOST_CHARACTERS] for title, text in collection.texts.values()]
    return provider.embed(said)


def _pairs(vectors: Vectors) -> Any:
    """The cosines of random pairs of different texts."""
    chance = np.random.default_rng(1)
    one, other = chance.integers(0, len(vectors), (2, 5_000))
    alike = (vectors[one] * vectors[other]).sum(axis=1)
    return alike[one != other]


def _found(collection: Collection, likes: Any, least: float) -> tuple[float, float]:
    """The mean nDCG@10, and the share of all answers that is above a bound."""
    numbers = list(collection.texts)
    gained: list[float] = []
    kept: list[float] = []
    for place, question in enumerate(collection.questions):
        if not (answers := collection.answers.get(question)):
            continue
        best: Sequence[int] = np.argsort(-likes[place])[:TOP].tolist()
        found = [numbers[each] for each in best if likes[place, each] >= least]
        gained.append(ndcg(found, answers))
        kept += [
            float(likes[place, each] >= least)
            for each, number in enumerate(numbers)
            if number in answers
        ]
    return mean(gained), mean(kept)


if __name__ == "__main__":
    sys.exit(main())
