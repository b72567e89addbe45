"""What a workspace's rules give a document or an item."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from webapp.rules.address_patterns import leads_to
from webapp.rules.names import fold
from webapp.rules.phrases import folded, is_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    Rule = Mapping[str, Any]

PLACES: Final = ("text", "title", "summary", "name", "correspondent")
APPLIES_TO: Final = ("documents", "items", "both")
ACTIONS: Final = ("confirm", "discard")

_OF_DOCUMENTS: Final = ("category", "correspondent", "folder_id")
_OF_ITEMS: Final = ("folder_id", "action")

# Characters of a text that rules look at: some hundred pages.
MOST_TEXT: Final = 200_000

# The statuses of an item in which an action is for a rule to take. One that is being enriched is
# confirmed when that is done; one that could not be is for a person to look at.
_ALLOWED: Final = {
    "confirm": ("ready_to_confirm",),
    "discard": ("enriching", "ready_to_confirm", "failed"),
}


class Given(NamedTuple):
    """A value that a rule gives; several for the field `tag`."""

    field: str
    value: str


class Ruling(NamedTuple):
    """What a rule gives an item."""

    rule_id: UUID
    rule: str  # its name
    field: str
    value: str

    @property
    def settles(self) -> str:
        """What is remembered of it: a tag in the form in which names are compared, and of an action
        only that there was one."""
        return {"tag": fold(self.value), "action": ""}.get(self.field, self.value)


class Filed:
    """What rules look at, folded when it is first needed."""

    def __init__(self, thing: Mapping[str, Any]) -> None:
        self._thing = thing
        self.tags = {fold(tag) for tag in thing.get("tags", ())}

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {place: folded((self._thing.get(place) or "")[:MOST_TEXT]) for place in PLACES}

    def matches(self, rule: Rule) -> bool:
        """Whether each condition of the rule is met. What is cheap is looked at first."""
        return (
            all(fold(tag) in self.tags for tag in rule["with_tags"])
            and (not rule["source_types"] or self._thing["source_type"] in rule["source_types"])
            and self._is_at(rule["addresses"])
            and self._says(rule)
        )

    def _is_at(self, patterns: Iterable[str]) -> bool:
        addresses = self._thing.get("addresses", ())
        return not patterns or any(
            leads_to(pattern, address) for pattern in patterns for address in addresses
        )

    def _says(self, rule: Rule) -> bool:
        """Whether any or, if the rule says so, all of its phrases are in its places."""
        enough = all if rule["match"] == "all" else any
        return not rule["phrases"] or enough(
            any(is_in(phrase, self._folded[place]) for place in rule["within"])
            for phrase in rule["phrases"]
        )


def given_by(rules: Iterable[Rule], document: Mapping[str, Any]) -> list[Given]:
    """What rules give a document with `text`, `title`, `summary`, `name` and `correspondent`.

    The first rule that gives a field wins; the tags of all that match add up.
    """
    filed = Filed(document)
    fields: dict[str, Given] = {}
    tags: dict[str, Given] = {}
    for rule in rules:
        if filed.matches(rule):
            for field in _OF_DOCUMENTS:
                if rule[field] is not None:
                    fields.setdefault(field, Given(field, str(rule[field])))
            for tag in rule["tags"]:
                tags.setdefault(fold(tag), Given("tag", tag))
    return [*fields.values(), *tags.values()]


def rulings_on(rules: Iterable[Rule], item: Mapping[str, Any]) -> list[Ruling]:
    """What rules give an item with `status`, `source_type`, `addresses`, `text`, `title`,
    `summary`, `tags`, `folder_ids`, and what was `settled` before, each as (field, value).

    As for documents; and a tag that an earlier rule has given counts as the item's. As long as the
    item is being enriched, more is to be known of it: then a field waits for the first rule that
    gives it.
    """
    filed = Filed(item)
    settled = {(field, value) for field, value in item["settled"]}
    fields: dict[str, Ruling | None] = {}
    tags: list[Ruling] = []
    for rule in rules:
        matches = filed.matches(rule)
        if not matches and item["status"] != "enriching":
            continue
        for field in _OF_ITEMS:
            if rule[field] is not None:
                fields.setdefault(field, _ruling(rule, field, rule[field]) if matches else None)
        for tag in rule["tags"] if matches else ():
            ruling = _ruling(rule, "tag", tag)
            if ruling.settles not in filed.tags and ("tag", ruling.settles) not in settled:
                filed.tags.add(ruling.settles)
                tags.append(ruling)
    return [
        *(each for each in fields.values() if each is not None and _is_new(each, item, settled)),
        *tags,
    ]


def _ruling(rule: Rule, field: str, value: object) -> Ruling:
    return Ruling(rule["id"], rule["name"], field, str(value))


def _is_new(ruling: Ruling, item: Mapping[str, Any], settled: set[tuple[str, str]]) -> bool:
    if (ruling.field, ruling.settles) in settled:
        return False
    if ruling.field == "action":
        return item["status"] in _ALLOWED[ruling.value]
    return ruling.value not in item["folder_ids"]
