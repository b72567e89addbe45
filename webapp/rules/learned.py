"""How sure one may be of what was learned, from the evidence of the words.

The evidence for a label is how many nats likelier, on average, each known word of the document is
in documents with this label than in all others (`learned_evidence` in
migrations/0027-classification.sql). The curve was fitted on news of five subjects:
benchmarks/documents/classification.py shows how often it is right.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The evidence that divides what is left of the doubt by e.
_SCALE: Final = 0.09
# Fewer documents or known words than these say too little to suggest anything: otherwise the first
# correction in a workspace would be suggested for everything after it.
_FEW_DOCUMENTS: Final = 3
_FEW_WORDS: Final = 10
_MOST_IF_FEW: Final = 0.5


class Learned(NamedTuple):
    """A value for a field, and how sure it is, from 0 to 1."""

    field: str
    value: str
    confidence: float


def learned_from(evidence: Iterable[Mapping[str, Any]]) -> list[Learned]:
    """The most likely value of each field, and every likely tag.

    `evidence` has the labels that anything speaks for: `field`, `value`, `evidence`, and from how
    many `documents` and `words`. A field has one value, so what speaks for the second most likely
    one speaks against the first.
    """
    found: list[Learned] = []
    by_field: dict[str, list[Mapping[str, Any]]] = {}
    for label in sorted(evidence, key=lambda label: -label["evidence"]):
        by_field.setdefault(label["field"], []).append(label)
    for field, labels in by_field.items():
        if field == "tag":
            found += [_learned(label, label["evidence"]) for label in labels]
        else:
            first, second = labels[0]["evidence"], (labels[1:] or [{"evidence": 0}])[0]["evidence"]
            found.append(_learned(labels[0], first - second))
    return found


def _learned(label: Mapping[str, Any], evidence: float) -> Learned:
    confidence = 1 - 0.5 * math.exp(-evidence / _SCALE)
    if label["documents"] < _FEW_DOCUMENTS or label["words"] < _FEW_WORDS:
        confidence = min(confidence, _MOST_IF_FEW)
    return Learned(label["field"], label["value"], round(confidence, 3))
