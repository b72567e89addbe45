"""Parses a search query.

Words next to each other must all match; `OR` between two accepts either; `-` in front of one
excludes it; `"…"` is a phrase; `#tag` or `tag:`, `category:`, `in:`, `is:`, `type:`, `site:`,
`before:`, `after:` narrow it.
Everything else is words: the only possible mistake is an unknown value of such a filter.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_CONDITIONS: Final = 20
_LONGEST_HOST: Final = 253

# The values of `is:`, and the statuses that they stand for.
STATUSES: Final = {
    "pending": ("pending", "enriching", "ready_to_confirm", "processing", "failed"),
    "completed": ("completed",),
    "enriching": ("enriching",),
    "ready_to_confirm": ("ready_to_confirm",),
    "awaiting_upload": ("awaiting_upload",),
    "processing": ("processing",),
    "ready": ("ready",),
    "failed": ("failed",),
    "confirmed": ("confirmed",),
    "discarded": ("discarded",),
    "revealed": ("revealed",),
}
TYPES: Final = (
    *("item", "note", "article", "task", "document", "table", "token", "author"),
    *("pdf", "text", "sheet", "slides", "mail", "page", "book", "image", "other"),
)

_NAMED: Final[dict[str, Literal["tag", "category", "in"]]] = {
    "#": "tag",
    "tag:": "tag",
    "category:": "category",
    "in:": "in",
}

_TOKEN: Final = re.compile(
    r'(?P<minus>-)?(?P<field>#|(?:tag|category|in|is|type|site|before|after):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))',
    re.IGNORECASE,
)
# A digit, a sign between letters that is neither a hyphen nor an apostrophe, or a sign as in `C++`
# and `.NET`.
_WRITTEN: Final = re.compile(r"\d|\w[^\w\s'’-]+\w|\w[+#]+$|^\.\w")
_SITE: Final = re.compile(r"(?:[a-z]+://)?(?:www\.)?([^\s/:?#@]+)(?::\d+)?/?", re.IGNORECASE)
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?", re.ASCII)


class QueryMistake(ValueError):
    """A filter has an unknown value; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Words:
    """A word or a phrase in a text, or a tag of that name."""

    text: str
    is_negated: bool = False
    is_phrase: bool = False

    @property
    def is_literal(self) -> bool:
        """Whether it is looked for as it is written: a phrase, a number, a code or an address."""
        return self.is_phrase or _WRITTEN.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class Named:
    """What has exactly this tag or category, or is in a folder of this name or path."""

    field: Literal["tag", "category", "in"]
    name: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """Any of some words that are not in the text; migrations/0016-search-index.sql lists them."""

    lexemes: tuple[str, ...]
    is_negated: bool = False


Condition = Words | Named | Facet


@dataclass(frozen=True, slots=True)
class Query:
    """At least one condition of each group must hold. `prefix` is the word that may be
    unfinished."""

    groups: tuple[tuple[Condition, ...], ...]
    prefix: Words | None = None
    after: datetime | None = None
    before: datetime | None = None

    @property
    def conditions(self) -> list[Condition]:
        return [condition for group in self.groups for condition in group]

    @property
    def terms(self) -> list[str]:
        """The texts whose meaning the database knows, each once."""
        return list(
            dict.fromkeys(
                condition.name if isinstance(condition, Named) else condition.text
                for condition in self.conditions
                if not isinstance(condition, Facet)
            )
        )

    @property
    def places(self) -> list[str]:
        """The terms that name folders."""
        return [
            condition.name
            for condition in self.conditions
            if isinstance(condition, Named) and condition.field == "in"
        ]

    @property
    def guessable(self) -> list[str]:
        """The words that may be mistyped, each once."""
        return list(
            dict.fromkeys(
                condition.text
                for condition in self.conditions
                if isinstance(condition, Words)
                and not (condition.is_phrase or condition.is_negated)
            )
        )

    @property
    def said(self) -> str:
        """The words, without what is excluded and the filters. Empty if all are literal: what is
        only similar is not what they ask for."""
        words = [
            condition
            for condition in self.conditions
            if isinstance(condition, Words) and not condition.is_negated
        ]
        if all(word.is_literal for word in words):
            return ""
        return " ".join(word.text for word in words)

    def without_words(self) -> Query:
        """What must hold whatever the words of a text are: filters, phrases and exclusions."""
        return replace(
            self,
            groups=tuple(
                group
                for group in self.groups
                if not any(
                    isinstance(condition, Words)
                    and not (condition.is_phrase or condition.is_negated)
                    for condition in group
                )
            ),
            prefix=None,
        )

    def widened(self, similar: Mapping[str, Iterable[Condition]]) -> Query:
        """The same query, with similar words accepted for each word."""
        return replace(
            self,
            groups=tuple(
                (
                    *group,
                    *(
                        other
                        for condition in group
                        if isinstance(condition, Words) and not condition.is_negated
                        for other in similar.get(condition.text, ())
                    ),
                )
                for group in self.groups
            ),
        )


def parse(text: str) -> Query:
    """Parse what a user typed. Raises QueryMistake."""
    groups: list[tuple[Condition, ...]] = []
    after = before = None
    goes_on = False
    last: Words | None = None
    for token in _TOKEN.finditer(text):
        field = (token["field"] or "").lower()
        value = token["word"] if token["phrase"] is None else token["phrase"]
        is_negated = token["minus"] is not None
        last = None
        if not value.strip():
            continue
        if not field and not is_negated and token["word"] == "OR":
            goes_on = bool(groups)
            continue
        if field in ("before:", "after:"):
            if is_negated:
                raise QueryMistake(f"{field} cannot be excluded; use its opposite.")
            moment = _moment(field, value)
            if field == "before:":
                before = moment if before is None else min(before, moment)
            else:
                after = moment if after is None else max(after, moment)
            goes_on = False
            continue
        condition = _condition(field, value, is_negated, is_phrase=token["phrase"] is not None)
        if goes_on:
            groups[-1] += (condition,)
        else:
            groups.append((condition,))
        goes_on = False
        if isinstance(condition, Words) and token["phrase"] is None and not is_negated:
            last = condition
    if sum(map(len, groups)) > MOST_CONDITIONS:
        raise QueryMistake(f"Use at most {MOST_CONDITIONS} conditions at once.")
    may_go_on = last is not None and not text[-1:].isspace()
    return Query(tuple(groups), last if may_go_on else None, after, before)


def _condition(field: str, value: str, is_negated: bool, *, is_phrase: bool) -> Condition:
    named = _NAMED.get(field)
    if named is not None:
        return Named(named, value, is_negated)
    if field == "is:":
        if value.lower() not in STATUSES:
            raise QueryMistake(f"is: takes one of {', '.join(STATUSES)}.")
        return Facet(tuple(f" s:{status}" for status in STATUSES[value.lower()]), is_negated)
    if field == "type:":
        if value.lower() not in TYPES:
            raise QueryMistake(f"type: takes one of {', '.join(TYPES)}.")
        return Facet((f" y:{value.lower()}",), is_negated)
    if field == "site:":
        return Facet(_hosts(value), is_negated)
    return Words(value, is_negated, is_phrase)


def _hosts(value: str) -> tuple[str, ...]:
    """The lexemes of a host and all below it, however its address writes letters outside ASCII."""
    found = _SITE.fullmatch(value.strip())
    host = found[1].strip(".").lower() if found else ""
    if not host or len(host) > _LONGEST_HOST:
        raise QueryMistake("site: takes a host, such as example.com.")
    written = [host]
    with contextlib.suppress(UnicodeError):
        written.append(host.encode("idna").decode())
    with contextlib.suppress(UnicodeError):
        written.append(host.encode().decode("idna"))
    return tuple(f" h:{each}" for each in dict.fromkeys(written))


def _moment(field: str, value: str) -> datetime:
    """The beginning of a year, a month or a day."""
    found = _DATE.fullmatch(value)
    year, month, day = (int(part or 1) for part in found.groups()) if found else (0, 0, 0)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        raise QueryMistake(f"{field} takes a day, a month or a year, such as 2026-11-21.") from None
