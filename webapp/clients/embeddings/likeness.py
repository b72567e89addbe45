"""How alike texts must be, for a model, to have anything to do with each other.

The cosine of texts that have nothing in common is near 0 for some models and above 0.7 for others
(Ethayarajh 2019, "How Contextual are Contextualized Word Representations?"), so each is measured:
by questions and passages on as many subjects, of which only those of one subject belong together.
What is stored is no measure. Who collects one subject has texts that are all alike, more so than
a question and its answer: a bound of theirs hides most answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.clients.embeddings.probes import PROBES

if TYPE_CHECKING:
    from webapp.clients.embeddings.contract import Provider

# Standard deviations above the mean of what does not belong together: one such pair of a hundred.
_DEVIATIONS: Final = 2.5
# What differs by less does so by chance of the last digits.
_ROUNDED: Final = 0.001


def least_alike(provider: Provider) -> float:
    """The cosine below which texts have nothing to do with each other; 0 if the model does not tell
    the probes apart, so that it hides nothing. Raises AIError."""
    import numpy as np

    questions = provider.embed([question for question, _ in PROBES])
    passages = provider.embed([passage for _, passage in PROBES])
    alike = questions.astype(np.float64) @ passages.astype(np.float64).T
    others = alike[~np.eye(len(PROBES), dtype=bool)]
    mean, deviation = float(others.mean()), float(others.std())
    if float(alike.diagonal().mean()) <= mean + max(deviation, _ROUNDED):
        return 0.0
    return mean + _DEVIATIONS * deviation
