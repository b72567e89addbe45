"""The words of a sentence, with what their surroundings say about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.reading.wording import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webapp.reading.stopwords import StopWords

# Scripts written without spaces; their runs are taken apart elsewhere.
_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# `\w` leaves out the marks that Arabic, Hebrew, Indic and Thai words are full of.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u0e00-\u0e4e\u0e80-\u0ece\u0f18-\u0fbc\u1000-\u109f"
    "\u1780-\u17d3\u200c\u200d"
)
_LETTER = rf"[^\W_{_CJK}]"
_REST = rf"(?:[^\W{_CJK}]|[{_MARKS}])*+"
_TOKEN = re.compile(
    rf"(?P<cjk>[{_CJK}]+)"
    r"|(?P<address>(?:https?://|www\.)[^\s<>\"]+|[\w.+-]{1,64}+@[\w-]{1,64}\.[\w.]{1,64})"
    rf"|(?P<word>[#@]?{_LETTER}{_REST}"
    rf"(?:(?:['’\-]|\.(?=[a-z0-9])){_LETTER}{_REST}){{0,6}}(?:\+\+|\#(?!\w))?)"
    r"|(?P<space>\s+)|(?P<mark>.)",
    re.DOTALL,
)
# l'hôtel, d’eau, qu'il, dell'acqua: the article is not part of the word.
_ELIDED = re.compile(
    r"^(?:[ldjmnstc]|qu|jusqu|lorsqu|puisqu|un|del?l|al?l|nell|sull|dall|quest)['’](?=\w{2})",
    re.IGNORECASE,
)
_KOREAN_PARTICLE = re.compile(
    "(?<=..)(?:에서는|에서도|에서|으로|에게|까지|부터|에는|에도|처럼|보다|은|는|이|가|을|를|에|의|로|와|과|도|만)$"
)
_POSSESSIVE = re.compile(r"['’]s?$")

_NONE: frozenset[str] = frozenset()


def _sets(lists: Mapping[str | None, str]) -> Mapping[str | None, frozenset[str]]:
    return {code: frozenset(text.split()) for code, text in lists.items()}


# A word right before one of these is hardly ever a noun: "Bake the bread", "Renovar el pasaporte".
_DETERMINERS = _sets(
    {
        "en": "the a an my your his her its our their this these those me him them us it",
        "es": "el la los las un una unos unas mi tu su mis tus sus este esta al nos les",
        "fr": "le la les un une des mon ma mes ton ta son sa ses notre nos leur ce cette au aux",
        "it": "il lo la i gli le un una uno mio mia questo questa",
        "pt": "o a os as um uma meu minha seu sua este esta ao",
        "nl": "de het een mijn je jouw zijn haar ons onze hun dit deze",
    }
)
# And one right after these is hardly ever one either: "to bake", "we moved". A capital spares it.
_BEFORE_VERBS = _sets(
    {
        "en": """
            to i you we they he she who which will would can could should must may might shall don't
            didn't doesn't won't can't not please let's never i'll we'll you'll they'll it'll
            """
    }
)
# What a to-do begins with. Only at the start, and only before another word, is it taken for a verb.
_IMPERATIVES = _sets(
    {
        "en": """
            arrange book cancel change charge clean close collect compare cook cut deliver design
            discuss download draft drop email empty explain feed file fill finish hang install
            invite learn load mail measure merge mow open order organise organize pack paint plan
            plant practise practice prepare print question register renew rent repair replace reply
            report reschedule reserve return review save schedule sell share sign sort study submit
            switch test text tidy transfer update upgrade upload vacuum visit wash water wrap
            """
    }
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `opens`: first in its sentence, where a capital says nothing."""

    text: str
    stem: str
    stops: bool  # on the list of words that never make a tag
    common: bool
    verb: bool  # by what stands before or behind it
    opens: bool

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper()


BREAK = None  # where punctuation, an address or a line end parts two words


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of kind (`cjk`, `address`, `word`, `mark`) and text; spaces are left out."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind is not None and kind != "space":
            yield kind, match.group()


def words(text: str, stop: StopWords, language: str | None) -> list[Word | None]:
    """The words of one sentence in order, `BREAK` wherever a phrase may not run on."""
    determiners = _DETERMINERS.get(language, _NONE)
    before_verbs = _BEFORE_VERBS.get(language, _NONE)
    imperatives = _IMPERATIVES.get(language, _NONE)
    bare: list[str] = []
    for kind, token in tokens(text):
        bare.append(_bare(token) if kind == "word" else "")
        if language == "ko":
            bare[-1] = _KOREAN_PARTICLE.sub("", bare[-1])
        if kind == "word" and _POSSESSIVE.search(token):
            bare.append("")  # "Ben's appointment" is not about a "ben appointment"
    found: list[Word | None] = []
    opens = True
    for index, token in enumerate(bare):
        if not token:
            found.append(BREAK)
            continue
        folded = fold(token)
        before = bare[index - 1].lower() if index else ""
        behind = bare[index + 1].lower() if index + 1 < len(bare) else ""
        verb = (
            behind in determiners
            or (before in before_verbs and not token[0].isupper())
            or (opens and behind != "" and folded in imperatives)
        )
        found.append(
            Word(
                text=token,
                stem=stem(folded, language),
                stops=folded in stop.never,
                common=folded in stop.common,
                verb=verb and len(token) > 1,
                opens=opens,
            )
        )
        opens = False
    return found


def _bare(token: str) -> str:
    token = token.lstrip("#@").replace("’", "'")
    return _POSSESSIVE.sub("", _ELIDED.sub("", token))


def stem(word: str, language: str | None) -> str:
    """What singular and plural of a lower-case word have in common.

    Rough, and only for counting: nobody is shown a stem.
    """
    if len(word) < 4:
        return word
    match language:
        case "en":
            if word.endswith("ies") and len(word) > 4:
                return word[:-3] + "y"
            if word.endswith(("ches", "shes", "xes", "sses", "zes")):
                return word[:-2]
            return word[:-1] if word.endswith("s") and word[-2] not in "sui" else word
        case "es" | "pt":
            if word.endswith("es") and word[-3] in "lnrdzj" and len(word) > 5:
                return word[:-2]
            return word.removesuffix("s")
        case "fr":
            return word[:-1] if word[-1] in "sx" else word
        case "it":
            return word[:-1] if word[-1] in "aeio" and len(word) > 4 else word
        case "de" | "nl":
            for ending in ("en", "er", "es", "e", "n", "s"):
                if word.endswith(ending) and len(word) - len(ending) >= 4:
                    return word[: -len(ending)]
    return word


def terms(text: str, stop: StopWords, language: str | None) -> set[str]:
    """What a sentence is about, for comparing sentences: stems, and pairs of ideographs."""
    found: set[str] = set()
    for kind, token in tokens(text):
        if kind == "cjk":
            found.update(token[i : i + 2] for i in range(max(1, len(token) - 1)))
        elif kind == "word":
            folded = fold(_bare(token))
            if folded and folded not in stop.never and not folded.isdecimal():
                found.add(stem(folded, language))
    return found
