"""Where one sentence ends and the next begins, without a model and for many languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.reading.wording import grapheme_border

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.reading.blocks import Block, Kind

# Longer than this, a "sentence" is a list without line ends, a log, or a text with no full stops:
# it is cut at a clause, so that a part of it can be quoted.
LONGEST = 320


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or list item. `block` is the index of its block: its place in the note."""

    text: str
    kind: Kind
    block: int


# A full stop after one of these ends nothing. Those that also end sentences (etc., usw., Inc.)
# are here too: what follows decides, see `_ends`.
ABBREVIATIONS = frozenset(
    """
    e.g i.e eg ie cf vs etc approx ca dr mr mrs ms prof rev st sr jr inc ltd co corp dept est fig no
    nos p pp vol ed eds al ph.d ave blvd gen col lt sgt capt gov sen rep a.m p.m u.s u.k
    z.b d.h u.a o.ä s.o s.u i.d.r v.a z.t u.u bzw usw evtl ggf inkl exkl zzgl vgl nr str hr fr abs
    art tel abb aufl bd dipl ing med mio mrd min std st hl geb sog allg bspw max mind ugs
    sra srta srs ud uds d dña ee.uu ej p.ej pág págs núm avda av apdo tfno aprox admón cía dto izq
    m mm mme mlle env p.ex ex chap dép
    sig sig.ra dott ecc pag es ing avv
    exmo exma v.exa
    dhr mevr mw bijv blz enz d.w.z m.b.t o.a n.a.v t.a.v i.p.v
    jan feb mar apr jun jul aug sep sept oct okt nov dec dez dic abr ago ene
    """.split()
)
# After these a capital letter follows as a matter of course.
_LEADING = frozenset(
    """
    dr mr mrs ms prof rev st sr jr sra srta srs hr fr ing dipl d dña ud uds dott sig sig.ra avv mme
    mlle dhr mevr mw gen col lt sgt capt gov sen rep str avda av ave e.g i.e eg ie cf vs z.b d.h u.a
    v.a p.ej ej p.ex bijv bspw vgl ca approx aprox evtl ggf inkl exkl zzgl bzw sog hl exmo exma
    """.split()
)
# And after these a number does: "No. 5", but "He said no."
_NUMBERED = frozenset(
    "no nos nr núm fig p pp pág págs pag blz vol abs art abb bd tel ext kap chap".split()
)

_CANDIDATE = re.compile(
    r"(?P<wide>[。！？｡]+[」』”’）]*)"
    r"|(?<![.!?…؟۔।॥])(?P<mark>[.!?…؟۔।॥]++[\"'”’»›)\]]*+)(?=\s)"
)
_WORD_BEFORE = re.compile(r"[^\s(\[{\"'„“”‘«»¿¡/]+$")
_BEFORE_ORDINAL = re.compile(
    r"(?:^|\d\.|,|\b(?:am|der|die|das|dem|den|des|vom|zum|zur|im|ins|beim|bis|ab|seit|und|oder|ein"
    r"|einen|jeden?|kl|nr))\s*\d+$",
    re.IGNORECASE,
)
_LOOK_BACK = 24
_CLAUSE_ENDS = re.compile(r"[;:,،、，；)]\s*|\s[–—-]\s|[」』]")


def sentences(blocks: tuple[Block, ...], most: int) -> list[Sentence]:
    """The first `most` sentences of the blocks that are prose, headings and code left out."""
    found: list[Sentence] = []
    for index, block in enumerate(blocks):
        if block.kind not in {"text", "item"}:
            continue
        for text in split(block.text):
            found.append(Sentence(text, block.kind, index))
            if len(found) == most:
                return found
    return found


def split(text: str) -> Iterator[str]:
    """The sentences of one paragraph, their closing marks kept, none longer than `LONGEST`."""
    start = 0
    for match in _CANDIDATE.finditer(text):
        if match["wide"] or _ends(text, start, match):
            yield from _cut(text[start : match.end()].strip())
            start = match.end()
    yield from _cut(text[start:].strip())


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match["mark"].rstrip("\"'”’»›)]")
    behind = text[match.end() : match.end() + 2].strip()
    if behind in {"—", "–", "-"} and match["mark"][-1] in "\"'”’»":
        return False  # a quotation, and who said it
    following = text[match.end() : match.end() + 4].lstrip(" \"'„“”‘«»¿¡([-–—")
    if following[:1].islower():
        # "etc. and", "Dr. med.", "¿Vienes? preguntó": the sentence goes on.
        return False
    if mark != ".":
        return True
    before = _WORD_BEFORE.search(text[max(start, match.start() - _LOOK_BACK) : match.start()])
    word = before[0].lower() if before else ""
    if word.isdecimal() and len(word) <= 2:
        # "Am 3. Mai", "im 2. Stock" and a number at the head go on; "at 9. Then" does not.
        return not _BEFORE_ORDINAL.search(text[start : match.start()][-_LOOK_BACK:])
    if word in _NUMBERED:
        return not following[:1].isdecimal()
    if word in _LEADING or (len(word) == 1 and word.isalpha()):
        # "Dr. Meier", "J. R. R. Tolkien", "z. B. Äpfel".
        return False
    if word in ABBREVIATIONS:
        return following[:1].isupper()
    return True


def _cut(sentence: str) -> Iterator[str]:
    """`sentence` itself or, where it is too long, its parts: at a clause, else between words."""
    while len(sentence) > LONGEST:
        cut = 0
        for match in _CLAUSE_ENDS.finditer(sentence, LONGEST // 3, LONGEST):
            cut = match.end()
        if not cut:
            cut = sentence.rfind(" ", LONGEST // 3, LONGEST) + 1
            cut = cut or grapheme_border(sentence, LONGEST)
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence
