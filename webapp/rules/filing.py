"""What a workspace's rules give a document."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from webapp.rules.names import fold
from webapp.rules.phrases import folded, is_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PLACES: Final = ("text", "title", "name", "correspondent")
FIELDS: Final = ("category", "correspondent", "folder_id")

# Characters of a text that rules look at: some hundred pages.
MOST_TEXT: Final = 200_000


class Given(NamedTuple):
    """A value that a rule gives; several for the field `tag`."""

    field: str
    value: str


class Filed:
    """What rules look at, folded when it is first needed."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {place: folded((self._document[place] or "")[:MOST_TEXT]) for place in PLACES}

    def matches(self, rule: Mapping[str, Any]) -> bool:
        """Whether any or, if the rule says so, all of its phrases are in its places."""
        enough = all if rule["match"] == "all" else any
        return enough(
            any(is_in(phrase, self._folded[place]) for place in rule["within"])
            for phrase in rule["phrases"]
        )


def given_by(rules: Iterable[Mapping[str, Any]], document: Mapping[str, Any]) -> list[Given]:
    """What rules give a document with `text`, `title`, `name` and `correspondent`.

    The first rule that gives a field wins; the tags of all that match add up.
    """
    filed = Filed(document)
    fields: dict[str, Given] = {}
    tags: dict[str, Given] = {}
    for rule in rules:
        if filed.matches(rule):
            for field in FIELDS:
                if rule[field] is not None:
                    fields.setdefault(field, Given(field, str(rule[field])))
            for tag in rule["tags"]:
                tags.setdefault(fold(tag), Given("tag", tag))
    return [*fields.values(), *tags.values()]
