"""From a model's answer to an enrichment: liberal with its form, strict about its limits.

Models fence their JSON, think aloud before it, count badly and return five tags for three. Anything
that can be read without guessing its meaning is read; the rest is an AIError that may be retried.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from webapp.clients.ai.contract import (
    CATEGORY_LIMIT,
    CORRESPONDENT_LIMIT,
    SUMMARY_LIMIT,
    TAG_LIMIT,
    TAGS_LIMIT,
    TITLE_LIMIT,
    AIError,
    DayGuess,
    Description,
    Enrichment,
    Guess,
    Known,
    TagSuggestion,
)
from webapp.reading.wording import one_line, shorten, tag_name
from webapp.rules.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The confidence of a tag whose own is missing or makes no sense: neither sure nor unsure.
_UNSTATED = 0.5
# A model may draft its answer many times over; each try costs a parse.
_MOST_DRAFTS = 50
_OBJECT_START = re.compile(r"\{\s*\"")
_NUMBER = re.compile(r"\s*([-+]?\d{1,20}(?:[.,]\d{0,20})?)\s*(%?)\s*")
# How models say in words that they found nothing.
_NONE = frozenset({"null", "none", "unknown", "n/a", "-"})
_ISO_639_1 = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()
)


def enrichment_from(body: object, known_tags: Sequence[str]) -> Enrichment:
    """The enrichment in a chat completion (its decoded JSON; None if it was not JSON).

    Raises AIError: permanent for a refusal, which a retry would only repeat; not permanent for an
    answer that cannot be read, since the next one may be better.
    """
    return _enrichment(_found(body), known_tags)


def description_from(body: object, known: Known) -> Description:
    """The same of a document. A category, correspondent or date that cannot be read is none."""
    found = _found(body)
    return Description(
        _enrichment(found, known.tags),
        _guess(found.get("category"), known.categories, CATEGORY_LIMIT),
        _guess(found.get("correspondent"), known.correspondents, CORRESPONDENT_LIMIT),
        _day(found.get("date")),
    )


def _found(body: object) -> Mapping[str, Any]:
    content, finish = _content(body)
    # Thoughts often contain drafted JSON; the answer, if any, comes after them.
    _, thought, answer = content.rpartition("</think>")
    found = _best(_objects(answer))
    if found is None and thought:
        found = _best(_objects(content))
    if found is None:
        if finish == "length":
            raise AIError("The AI provider's answer was cut off at its length limit.")
        raise AIError("The AI provider's answer was not the JSON object asked for.")
    return found


def _enrichment(found: Mapping[str, Any], known_tags: Sequence[str]) -> Enrichment:
    title = shorten(one_line(_text(found.get("title"))), TITLE_LIMIT)
    summary = shorten(one_line(_text(found.get("summary"))), SUMMARY_LIMIT)
    tags = _tags(found.get("tags"), known_tags)
    for name, value in (("title", title), ("summary", summary), ("tags", tags)):
        if not value:
            raise AIError(f"The AI provider's answer was not complete: it has no {name}.")
    return Enrichment(title, summary, tags, _language(found.get("language")))


def _content(body: object) -> tuple[str, object]:
    """The text of the first choice, and why the model stopped there."""
    if not isinstance(body, dict):
        raise AIError("The AI provider's answer was not JSON.")
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise AIError("The AI provider's answer was not a chat completion.")
    message, finish = choice["message"], choice.get("finish_reason")
    if message.get("refusal") or finish == "content_filter":
        raise AIError("The AI provider declined to describe this text.", permanent=True)
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    if not isinstance(content, str) or not content.strip():
        if finish == "length":
            raise AIError("The AI provider's answer was cut off at its length limit.")
        raise AIError("The AI provider's answer was empty.")
    return content, finish


def _objects(content: str) -> Iterator[Mapping[str, Any]]:
    """Every outermost JSON object in the text: bare, fenced, between prose."""
    decoder = json.JSONDecoder()
    end = tries = 0
    for start in _OBJECT_START.finditer(content):
        if start.start() < end:
            continue
        tries += 1
        if tries > _MOST_DRAFTS:
            return
        try:
            value, end = decoder.raw_decode(content, start.start())
        except (ValueError, RecursionError):
            continue
        yield value


def _best(objects: Iterator[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The last object that looks like an enrichment, itself or as the one thing wrapped in it."""
    best = None
    for value in objects:
        inside = [inner for inner in value.values() if isinstance(inner, dict)]
        for candidate in (value, *inside):
            if "title" in candidate and "summary" in candidate:
                best = candidate
                break
    return best


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _tags(value: object, known_tags: Sequence[str]) -> tuple[TagSuggestion, ...]:
    """The best three, each name once, a known one in the user's spelling."""
    known = {fold(name): name for tag in known_tags if (name := one_line(tag))}
    found: dict[str, TagSuggestion] = {}
    for written, stated in _named(value):
        name = known.get(fold(one_line(written))) or tag_name(written, TAG_LIMIT)
        name = known.get(fold(name), name)
        if not name or len(name) > TAG_LIMIT:
            continue
        tag = TagSuggestion(name, _confidence(stated))
        before = found.get(fold(name))
        if before is None or before.confidence < tag.confidence:
            found[fold(name)] = tag
    # The sort is stable: of tags equally sure, the one named first stays first.
    return tuple(sorted(found.values(), key=lambda tag: -tag.confidence)[:TAGS_LIMIT])


def _guess(value: object, known: Sequence[str], limit: int) -> Guess | None:
    """A name with its confidence, a known one in the user's spelling."""
    written, stated = value, None
    if isinstance(value, dict):
        written, stated = value.get("name", value.get("value")), value.get("confidence")
    name = shorten(one_line(_text(written)), limit, mark="")
    if not name or fold(name) in _NONE:
        return None
    spelled = {fold(one_line(each)): one_line(each) for each in known}
    return Guess(spelled.get(fold(name), name), _confidence(stated))


def _day(value: object) -> DayGuess | None:
    written, stated = value, None
    if isinstance(value, dict):
        written, stated = value.get("day", value.get("value")), value.get("confidence")
    try:
        return DayGuess(date.fromisoformat(_text(written).strip()[:10]), _confidence(stated))
    except ValueError:
        return None


def _named(value: object) -> Iterator[tuple[str, object]]:
    """Pairs of name and confidence, from the form asked for and from those models fall into."""
    if isinstance(value, dict):
        value = [{"name": name, "confidence": stated} for name, stated in value.items()]
    elif isinstance(value, str):
        value = value.split(",")
    for tag in value if isinstance(value, list) else ():
        if isinstance(tag, str):
            yield tag, None
        elif isinstance(tag, dict):
            yield _text(tag.get("name", tag.get("tag"))), tag.get("confidence", tag.get("score"))


def _confidence(stated: object) -> float:
    """0 to 1 with two decimals, from a number, "0.8" or "80 %"; beyond that it is clamped."""
    if isinstance(stated, str):
        number = _NUMBER.fullmatch(stated)
        if number is None:
            return _UNSTATED
        stated = float(number[1].replace(",", ".")) / (100 if number[2] else 1)
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        return _UNSTATED
    if isinstance(stated, float) and math.isnan(stated):
        return _UNSTATED
    # Clamped before it becomes a float: JSON has integers that are too large for one.
    return round(float(min(max(stated, 0), 1)), 2)


def _language(value: object) -> str | None:
    """ "en-GB" and "EN" are "en"; a name in words, or a code nobody assigned, is unknown."""
    code = re.split(r"[-_]", _text(value).strip().lower())[0]
    return code if code in _ISO_639_1 else None
