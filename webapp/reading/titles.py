"""What a person would write above a note."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from webapp.reading.sentences import ABBREVIATIONS, Sentence
from webapp.reading.wording import ELLIPSIS, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.reading.blocks import Block, Note
    from webapp.reading.ranking import Ranked

# A title is read at a glance; only one that somebody wrote may use all the room there is.
GLANCE = 80
_BARELY_LONGER = 90  # a sentence this long is better whole than cut
_LIST_GLANCE = 60
_MOST_WORDS = 12
_LISTED = 3
_CLOSED = (".", "!", ";", ",", "…", "。", "！", "，", "、", "।", "۔")
_SHORTEST_CLAUSE = 28
_WIDE = re.compile("[\u1100-\u11ff\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]")
# In a note of up to eight sentences the first counts four times as much as a late one.
_EARLY = 3.0
_NOTE = 8
_CUT = 0.6
_HANGING = 0.5
_ON_SUBJECT = 0.4
_ADDRESS = re.compile(r"\s*(?:https?://|www\.)\S+\s*")
_STRONG_BREAK = re.compile(r";\s|:\s|\s[–—]\s|\s-\s|\s\(|[；：]")

# Only before these words is the part behind the comma one that can be left out.
_COMMA = re.compile(
    r",\s(?=(?:and|but|or|so|which|who|because|since|although|though|while|minus|plus|if|when|unless"
    r"|und|aber|oder|weil|da|dass|obwohl|wenn|falls|damit|denn|sondern|d(?:er|ie|as|en|em)(?= \w+ )"
    r"|pero|porque|que|aunque|si|cuando|y|sino|mais|car|qui|puisque|lorsque|et|ma|perché|che|quando"
    r"|mas|pois|maar|want|omdat|als|terwijl|die|dat)\b|[a-z]\w*ing\b)"
)
# A title must not begin with these: what they point to, or lead up to, is left behind.
HANGING = re.compile(
    r"(?:if|when|whenever|while|although|though|because|since|after|before|until|unless|as"
    r"|anyone who|whoever|but|and|so|however|it|they|he|she|this|that|these|those|then|there|also"
    r"|still|wenn|als|weil|obwohl|während|nachdem|bevor|seit|wer|falls|aber|und|doch|er|sie|es|dies"
    r"|diese[rs]?|das|dann|da|trotzdem|deshalb|außerdem|dabei"
    r"|si|cuando|aunque|porque|mientras|pero|y|esto|eso|ello|ellos|también|además|entonces"
    r"|quand|lorsque|comme|mais|et|il|ils|elle|elles|cela|ce|cette|puis|alors"
    r"|se|quando|mentre|ma|questo|essi|mas|embora|isso|eles|elas"
    r"|als|wanneer|terwijl|maar|en|hij|zij|dit|dat|toen)\b",
    re.IGNORECASE,
)

# The mark at the end makes it one: "Best pizza in town" and "Beste restaurants" are subjects.
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|moin|servus"
    r"|sehr geehrte[rs]?|guten (?:tag|morgen|abend)|hola|querid[oa]s?|estimad[oa]s?|buen[oa]s"
    r"|bonjour|bonsoir|salut|chère?|ciao|buongiorno|car[oa]|gentile|olá|oi|prezad[oa]s?"
    r"|beste|geachte|hoi|dag)\b[^.?,!]{0,40}[,!]",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"(?:(?:(?:best|kind|warm) )?(?:regards|wishes)|cheers|thanks(?: a lot| again)?|thank you"
    r"|yours(?: sincerely)?|sincerely|best|love|(?:viele|liebe|beste|herzliche|schöne) grüße"
    r"|mit (?:freundlichen|besten|herzlichen) grüßen|gruß|grüße|lg|vg|mfg|danke|saludos"
    r"|un (?:saludo|abrazo|beso)|gracias|atentamente|cordialement|bien à (?:toi|vous)|merci|bises"
    r"|(?:cordiali )?saluti|grazie|abraços|um abraço|atenciosamente|obrigad[oa]|groet(?:jes|en)?"
    r"|met vriendelijke groet)(?:[,!.](?: \w{1,20}){0,2})?",
    re.IGNORECASE,
)


def is_courtesy(text: str) -> bool:
    """Whether a line only greets or takes leave: it says nothing about the note."""
    return bool(_GREETING.fullmatch(text) or _FAREWELL.fullmatch(text))


def without_courtesy(read: Sequence[Sentence]) -> list[Sentence]:
    """The sentences of a letter without its greeting, its farewell and the name below that."""
    kept: list[Sentence] = []
    signing = False
    for sentence in read:
        signing = signing or bool(_FAREWELL.fullmatch(sentence.text))
        if not is_courtesy(sentence.text) and not (signing and len(sentence.text) <= 30):
            kept.append(sentence)
    return kept or list(read)


def written_title(note: Note) -> str:
    """The title the writer put above the note, or nothing."""
    if note.title:
        return note.title
    blocks = [block for block in note.blocks if not is_courtesy(block.text)] or note.blocks
    for index, block in enumerate(blocks[:3]):
        if block.kind == "heading":
            return block.text.rstrip(" :")
        if block.kind != "text" or index:
            break
        if looks_like_a_title(blocks):
            return block.text.rstrip(" :")
    return ""


def title_of_prose(ranked: Sequence[Ranked], subjects: Sequence[str]) -> str:
    """The clause that says most, said early, on the subject, and best one that need not be cut.

    A note begins with what it is about; a long text often with a scene, and comes to it later.
    `subjects` are the note's key phrases. Empty only when `ranked` is.
    """
    if not ranked:
        return ""
    early = _EARLY * min(1.0, _NOTE / len(ranked))
    titles = [of_sentence(each.sentence.text) for each in ranked]
    named = [subject.lower() for subject in subjects]

    def worth(index: int) -> float:
        worth = math.sqrt(ranked[index].score) * (1 + early * math.exp(-index / 1.5))
        low = titles[index].lower()
        worth *= 1 + _ON_SUBJECT * sum(subject in low for subject in named)
        worth *= _CUT if titles[index].endswith(ELLIPSIS) else 1.0
        return worth * (_HANGING if HANGING.match(titles[index]) else 1.0)

    return titles[max(range(len(ranked)), key=lambda index: (worth(index), -index))]


def looks_like_a_title(blocks: Sequence[Block]) -> bool:
    """Whether the first block stands above the others: short, open-ended, with more below it."""
    first, rest = blocks[0], blocks[1:]
    if not rest or len(first.text) > GLANCE or len(first.text.split()) > _MOST_WORDS:
        return False
    if first.text.endswith(_CLOSED) or _ADDRESS.search(first.text):
        return False
    if not any(map(str.isalpha, first.text)):
        return False
    below = rest[0]
    return (
        first.spaced
        or first.text.endswith(":")
        or below.kind in {"item", "code"}
        or len(below.text) > len(first.text)
    )


def title_of_list(note: Note) -> str:
    """The first items, as many as can be read at a glance. Empty only for a note without items."""
    items = [block.text.rstrip(" .;,:") for block in note.blocks if block.kind == "item"]
    title = next(iter(items), "")
    for count in range(2, min(_LISTED, len(items)) + 1):
        joined = ", ".join(items[:count])
        if ", " in items[count - 1] or ", " in items[0] or len(joined) > _LIST_GLANCE:
            break
        title = joined
    more = not title.endswith(items[-1]) if items else False
    title = of_sentence(title)
    return title + ELLIPSIS if more and not title.endswith(ELLIPSIS) else title


def of_sentence(sentence: str) -> str:
    """A sentence as a title: without its full stop and addresses, cut at a clause or a word."""
    bare = _ADDRESS.sub(" ", sentence).strip(" -–—:") or sentence.strip()
    last = bare.split(" ")[-1]
    if bare.endswith(".") and not bare.endswith("..") and last[:-1].lower() not in ABBREVIATIONS:
        bare = bare[:-1]
    bare = _capital(bare.rstrip("。;,"))
    # An ideograph says as much as a syllable, and is twice as wide on the screen.
    narrow = 1 if len(_WIDE.findall(bare)) * 3 < len(bare) else 2
    if len(bare) <= _BARELY_LONGER // narrow:
        return bare
    shortest, glance = _SHORTEST_CLAUSE // narrow**2, GLANCE // narrow
    strong = [found.start() for found in _STRONG_BREAK.finditer(bare, shortest, glance)]
    # After a main clause a comma opens an aside; after "When it rains" it opens the point.
    if not strong and not HANGING.match(bare):
        strong = [found.start() for found in _COMMA.finditer(bare, shortest, glance)]
    return bare[: strong[-1]].rstrip() if strong else shorten(bare, glance)


def _capital(title: str) -> str:
    """`title` with a capital at its head, unless its first word has one inside ("iPhone")."""
    return title[:1].upper() + title[1:] if title.split(" ", maxsplit=1)[0].islower() else title
