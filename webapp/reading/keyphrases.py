"""What a note is about, in phrases of one to three words taken from it, and in tags known already.

The score of a phrase is the weight of the passages it stands in (a heading's more than a late
sentence's), times what its words are likely to be: a stop word never, a verb rarely, a German word
with a capital very likely. No training, no corpus; ties go to what comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.reading.ideographs import ideograph_phrases
from webapp.reading.stopwords import StopWords, stop_words
from webapp.reading.wording import fold, one_line
from webapp.reading.words import Word, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_PHRASE = 3
_LONGEST_NAME = 50
# A second and a third tag must be nearly as good as the best one.
_WORTH = 0.5
# What several words count compared with one: used twice; a name; everything between two stop words,
# which in English and German is a noun phrase more often than elsewhere; any other neighbours.
_AGAIN = 2.0
_NAME = 1.6
_WHOLE = {"en": 1.25, "de": 1.0}
_NEIGHBOURS = 0.7


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence, item or heading, and how much its words count."""

    text: str
    weight: float


@dataclass(slots=True)
class _Candidate:
    stems: tuple[str, ...]
    first: int
    base: float = 0.0
    times: int = 0
    shape: float = 1.0
    spellings: dict[str, int] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """Words that occur together twice belong together, whatever else they look like."""
        together = len(self.stems) > 1 and self.times > 1
        return self.base * (max(self.shape, _AGAIN) if together else self.shape)


def key_phrases(
    passages: Sequence[Passage], language: str | None, most: int = 3
) -> list[tuple[str, float]]:
    """Up to `most` phrases with their scores, best first; none shares a word with another."""
    stop = stop_words(language)
    read = [(passage, words(passage.text, stop, language)) for passage in passages]
    nouns = language == "de" and _has_inner_capitals(read)
    found: dict[tuple[str, ...], _Candidate] = {}
    for passage, sentence in read:
        for phrase, whole in _phrases(sentence):
            _count(found, phrase, whole, passage.weight, nouns=nouns, language=language)
    pool = [(each.score, each.first, _spelling(each), each.stems) for each in found.values()]
    start = len(pool)
    for index, (name, score) in enumerate(ideograph_phrases(passages, language)):
        pool.append((score, start + index, name, tuple(name)))
    pool.sort(key=lambda each: (-each[0], each[1]))
    return _distinct(pool, most)


def _distinct(
    pool: Iterable[tuple[float, int, str, tuple[str, ...]]], most: int
) -> list[tuple[str, float]]:
    chosen: list[tuple[str, float]] = []
    taken: set[str] = set()
    for score, _, name, stems in pool:
        if chosen and score < chosen[0][1] * _WORTH:
            break
        if len(name) > _LONGEST_NAME or not taken.isdisjoint(stems):
            continue
        chosen.append((name, score))
        taken.update(stems)
        if len(chosen) == most:
            break
    return chosen


def _phrases(sentence: Sequence[Word | None]) -> Iterable[tuple[list[Word], bool]]:
    """Every phrase of up to three words, and whether it is all that stands between two breaks."""
    run: list[Word] = []
    for word in [*sentence, None]:
        if word is not None and not word.stops and not word.verb:
            run.append(word)
            continue
        for start in range(len(run)):
            for length in range(1, min(LONGEST_PHRASE, len(run) - start) + 1):
                yield run[start : start + length], length == len(run)
        run = []
        if word is not None and word.verb and not word.stops:
            yield [word], False


def _count(
    found: dict[tuple[str, ...], _Candidate],
    phrase: list[Word],
    whole: bool,
    weight: float,
    *,
    nouns: bool,
    language: str | None,
) -> None:
    stems = tuple(word.stem for word in phrase)
    if len(set(stems)) < len(stems):
        return
    worth = [_worth(word, language, nouns=nouns) for word in phrase]
    if min(worth) <= 0:
        return
    if nouns and len(phrase) > 1 and not all(word.capital for word in phrase):
        return
    candidate = found.get(stems)
    if candidate is None:
        candidate = found[stems] = _Candidate(stems, len(found))
        candidate.shape = _shape(phrase, whole, language)
    candidate.times += 1
    candidate.base += weight * sum(worth) / len(worth)
    spelling = " ".join(word.text for word in phrase)
    spelling = spelling if nouns else spelling.lower()
    candidate.spellings[spelling] = candidate.spellings.get(spelling, 0) + 1


def _shape(phrase: Sequence[Word], whole: bool, language: str | None) -> float:
    if len(phrase) == 1:
        return 1.0
    if all(word.capital and not word.opens for word in phrase):
        return _NAME
    return _WHOLE.get(language or "", 0.85) if whole and len(phrase) == 2 else _NEIGHBOURS


def _spelling(candidate: _Candidate) -> str:
    """The spelling used most; of equals, the one used first."""
    return max(candidate.spellings, key=candidate.spellings.__getitem__)


_UNLIKELY = {
    # Endings of adverbs and verbs: word classes that make poor tags.
    "en": (("ly", 0.2), ("ed", 0.4), ("ing", 0.75)),
    "es": (("mente", 0.2), ("ar", 0.5), ("er", 0.6), ("ir", 0.5), ("ando", 0.3), ("iendo", 0.3),
           ("amos", 0.3), ("aron", 0.3), ("aba", 0.3), ("ado", 0.6), ("ada", 0.6),
           ("ados", 0.6), ("adas", 0.6), ("ió", 0.3), ("rlo", 0.3), ("rla", 0.3), ("rlos", 0.3)),
    "fr": (("er", 0.6), ("ez", 0.3), ("ons", 0.7), ("aient", 0.3), ("ait", 0.4)),
    "it": (("mente", 0.2), ("are", 0.5), ("ere", 0.6), ("ire", 0.5), ("ando", 0.3)),
    "pt": (("mente", 0.2), ("ar", 0.5), ("er", 0.6), ("ir", 0.5), ("ando", 0.3), ("endo", 0.3)),
    "nl": (("en", 0.8),),
    "de": (("ung", 1.1),),
    "ru": (("ть", 0.4), ("ться", 0.3), ("тся", 0.3), ("ет", 0.6), ("ал", 0.6), ("ла", 0.7)),
    "ko": (("다", 0.3), ("고", 0.5)),
}  # fmt: skip


def _worth(word: Word, language: str | None, *, nouns: bool) -> float:
    """How likely the word alone would make a tag: about 1 for a noun, 0 for never."""
    text = word.text
    if text.isdecimal() or len(text) < 2 or (len(text) < 3 and not text.isupper()):
        return 0.0
    if not any(map(str.isalpha, text)):
        return 0.0
    worth = 0.75 + min(len(text), 10) / 40
    if word.common:
        worth *= 0.6
    if word.verb:
        worth *= 0.35
    if any(map(str.isdecimal, text)):
        worth *= 0.6
    if nouns:
        # Every German noun has a capital; at the start of a sentence everything has.
        return worth * (0.25 if not word.capital else 0.8 if word.opens else 1.2)
    for ending, factor in _UNLIKELY.get(language or "", ()):
        if text.endswith(ending) and len(text) > len(ending) + 2:
            worth *= factor
            break
    if word.capital and not word.opens:
        worth *= 1.2
    return worth


def _has_inner_capitals(read: Iterable[tuple[Passage, Sequence[Word | None]]]) -> bool:
    """Whether the writer uses capitals inside sentences at all; many a chat does not."""
    return any(word and word.capital and not word.opens for _, each in read for word in each) or (
        all(word.capital for _, each in read for word in each if word and word.opens)
    )


@dataclass(frozen=True, slots=True)
class KnownTag:
    """A tag of the user's that the text names: how often, and whether at its head."""

    name: str
    times: int
    early: bool


_SEPARATORS = re.compile(r"[\s_\-]+")


def known_in(text: str, head: str, tags: Iterable[str], stop: StopWords) -> list[KnownTag]:
    """Those of `tags` that `text` names as whole words, those named early and often first.

    Case, and whether a tag is written with spaces, hyphens or underscores, makes no difference; a
    plural or singular "s" neither. A short word that is also grammar ("IT", "US") must match
    to the letter, or every "it" would be about computers.
    """
    body, opening = _flat(fold(text)), _flat(fold(head))
    exact, exact_head = _flat(text), _flat(head)
    found: dict[str, KnownTag] = {}
    for tag in tags:
        name = one_line(tag)
        folded = _flat(fold(name))
        if not folded or folded in found or len(name) > _LONGEST_NAME:
            continue
        if len(folded) <= 3 and folded in stop.never:
            times, early = _occurrences(_flat(name), exact), _occurrences(_flat(name), exact_head)
        else:
            times, early = _occurrences(folded, body), _occurrences(folded, opening)
        if times:
            found[folded] = KnownTag(name, times, early > 0)
    return sorted(found.values(), key=lambda tag: (not tag.early, -tag.times, -len(tag.name)))


def _flat(text: str) -> str:
    return _SEPARATORS.sub(" ", text).strip()


def _occurrences(tag: str, text: str) -> int:
    forms = [tag]
    if len(tag) > 3 and tag[-1].isalpha() and tag.isascii():
        forms.append(tag[:-1] if tag.endswith("s") else tag + "s")
    times = 0
    for form in forms:
        # The search for a substring is quick and nearly always in vain; only then the pattern.
        if form in text:
            before = r"(?<!\w)" if form[0].isalnum() and not _spaceless(form[0]) else ""
            behind = r"(?!\w)" if form[-1].isalnum() and not _spaceless(form[-1]) else ""
            times += len(re.findall(before + re.escape(form) + behind, text))
    return times


def _spaceless(character: str) -> bool:
    """Scripts without spaces have no word ends to match at; Thai to Khmer and the CJK blocks."""
    return (
        "\u0e00" <= character <= "\u0eff"
        or "\u1780" <= character <= "\u17ff"
        or ("\u3040" <= character <= "\u9fff")
    )
