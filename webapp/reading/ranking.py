"""Which sentences of a note carry it, and a summary made of them in their own order."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.reading.wording import ELLIPSIS, fold, shorten
from webapp.reading.words import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.reading.blocks import Note
    from webapp.reading.sentences import Sentence
    from webapp.reading.stopwords import StopWords

_MOST = 3
_FULL = 320  # a summary this long needs no third sentence
_ALIKE = 0.6
_SAME_PARAGRAPH = 0.7
_POINTING_BACK = 0.85
_FEW_TERMS = 6
_CLOSED = (".", "!", "?", "…", ":", ";", "。", "！", "？", "؟", "।", "۔")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+")
# "It", "This", "However": quoted alone, the sentence would hang in the air.
_POINTS_BACK = re.compile(
    r"(?:it|they|he|she|this|these|those|that|but|and|so|however|then|er|sie|es|dies|diese[rsnm]?"
    r"|aber|und|doch|dabei|dadurch|esto|eso|ello|ellos|pero|y|il|ils|elle|elles|cela|mais|et"
    r"|questo|essi|ma|e|isso|eles|mas|hij|zij|dit|dat|maar|en)\b",
    re.IGNORECASE,
)
_HASHTAGS = re.compile(r"(?:#[\w/-]+[\s.,]*)+")
_WIDE = re.compile("[\u3000-\u9fff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A sentence, what it is about, and how central it is (only comparable within a note)."""

    sentence: Sentence
    terms: frozenset[str]
    score: float


def rank(
    sentences: Sequence[Sentence], headings: str, stop: StopWords, language: str | None
) -> list[Ranked]:
    """Every sentence with its score, in their order. Linear in the number of words."""
    about = [frozenset(terms(sentence.text, stop, language)) for sentence in sentences]
    told = terms(headings, stop, language)
    count = len(about)
    frequency = Counter(term for each in about for term in each)
    # The weight of a term in a sentence is its rarity; in the sum of all sentences, its rarity
    # times its frequency. Their product, over the sentence's length, is the cosine.
    rarity = {term: math.log(1 + count / times) for term, times in frequency.items()}
    ranked = []
    for index, (sentence, each) in enumerate(zip(sentences, about, strict=True)):
        # Sorted, since the order of a set of strings differs from process to process, and with it
        # the last bit of the sum.
        ordered = sorted(each)
        length = math.sqrt(sum(rarity[term] ** 2 for term in ordered)) or 1.0
        score = sum(rarity[term] ** 2 * frequency[term] for term in ordered) / length
        score *= 1 + 0.5 * math.exp(-4 * index / count) + (0.3 if index == 0 else 0)
        score *= 1 + 0.1 * len(told & each)
        score *= min(1.0, (len(each) + 1) / _FEW_TERMS)
        if _ADDRESS.search(sentence.text):
            score *= 0.6
        if sentence.text.endswith(("?", "？", "؟")):
            score *= 0.8
        if _POINTS_BACK.match(sentence.text):
            score *= _POINTING_BACK
        ranked.append(Ranked(sentence, each, score))
    return ranked


def summary_of_sentences(ranked: Sequence[Ranked], title: str, limit: int) -> str:
    """The one to three most central sentences that differ, in the note's order.

    The title is repeated only where the note says nothing else.
    """
    told = _essence(title)
    rest = [each for each in ranked if not _HASHTAGS.fullmatch(each.sentence.text)] or ranked
    rest = [each for each in rest if _essence(each.sentence.text) != told] or rest
    chosen: list[int] = []
    total = 0
    while rest and len(chosen) < _MOST and (total < _FULL or not chosen):
        worth = {
            index: each.score * _news(each, [rest[other] for other in chosen])
            for index, each in enumerate(rest)
            if index not in chosen and (not chosen or total + len(each.sentence.text) + 2 <= limit)
        }
        best = max(worth, key=lambda index: (worth[index], -index), default=None)
        if best is None or (chosen and worth[best] <= 0):
            break
        chosen.append(best)
        total += len(rest[best].sentence.text) + 2
    return shorten(joined([rest[index].sentence.text for index in sorted(chosen)]), limit)


def _news(each: Ranked, chosen: Sequence[Ranked]) -> float:
    """How much of a sentence has not been said: 0 for a repetition, less in a paragraph quoted."""
    news = 1.0
    for other in chosen:
        shared = len(each.terms & other.terms) / (min(len(each.terms), len(other.terms)) or 1)
        news = min(news, 0.0 if shared >= _ALIKE else 1 - shared)
        if other.sentence.block == each.sentence.block and each.sentence.kind == "text":
            news *= _SAME_PARAGRAPH
    return news


def _essence(text: str) -> str:
    return fold(text).strip(" .!?…:;\"'„“”«»¡¿。！？")


def joined(texts: Sequence[str]) -> str:
    """Pieces one after the other; those that end without a full stop are parted by a semicolon."""
    whole = ""
    for text in texts:
        if not whole:
            whole = text
        elif _WIDE.match(whole[-1]) and _WIDE.match(text):
            whole += text
        else:
            whole += (" " if whole.endswith(_CLOSED) else "; ") + text
    return whole


def summary_of_list(note: Note, title: str, limit: int) -> str:
    """What a list holds: "Fruit: apples, pears; Dairy: milk", cut between two items."""
    told = _essence(title)
    groups: list[tuple[str, list[str]]] = [("", [])]
    for block in note.blocks:
        text = block.text.rstrip(" :")
        if block.kind == "heading" or (block.kind == "text" and block.text.endswith(":")):
            groups.append(("" if _essence(text) == told else text, []))
        elif block.kind == "text" and _essence(text) != told:
            groups.append(("", [block.text]))
        elif block.kind == "item":
            groups[-1][1].append(text.rstrip(".;,"))
    parts: list[str] = []
    for name, items in groups:
        between = "; " if any("," in item or ";" in item for item in items) else ", "
        listed = between.join(items)
        if name or listed:
            parts.append(f"{name}: {listed}" if name and listed else name or listed)
    return _cut_between(parts, limit)


def _cut_between(parts: Sequence[str], limit: int) -> str:
    whole = joined(parts)
    if len(whole) <= limit:
        return whole
    border = max(whole.rfind(mark, 0, limit - 2) for mark in (", ", "; ", ". "))
    if border < limit // 2:
        return shorten(whole, limit)
    return f"{whole[:border].rstrip('.')}, {ELLIPSIS}"
