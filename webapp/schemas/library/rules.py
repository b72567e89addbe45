"""Rules for documents and items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.rules import address_patterns, phrases
from webapp.rules.filing import ACTIONS, APPLIES_TO, PLACES
from webapp.schemas.common import Flag, PageArguments, ShortList, page_of, tag, text
from webapp.schemas.library.items import SOURCE_TYPES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

MATCHES: Final = ("any", "all")
GIVES: Final = ("category", "correspondent", "folder_id", "tags", "action")

_MOST_PHRASES: Final = 20
_MOST_ADDRESSES: Final = 20
_MOST_TAGS: Final = 20


def _phrases(**more: Any) -> ShortList:
    return ShortList(
        text(1, phrases.MOST_CHARACTERS, metadata={"example": "energy bill"}),
        most=_MOST_PHRASES,
        metadata={
            "description": "Words or phrases, in any case. A `*` at the beginning or end of a word "
            "stands for any letters.",
        },
        **more,
    )


def _addresses(**more: Any) -> ShortList:
    return ShortList(
        text(1, address_patterns.MOST_CHARACTERS, metadata={"example": "example.com/blog"}),
        most=_MOST_ADDRESSES,
        metadata={
            "description": "Of items, of which one must be theirs: a host, which includes those "
            "below it, perhaps with the beginning of a path. A `*` stands for any characters."
        },
        **more,
    )


def _source_types(**more: Any) -> ShortList:
    return ShortList(
        fields.String(validate=validate.OneOf(SOURCE_TYPES)),
        most=len(SOURCE_TYPES),
        metadata={"description": "Of items."},
        **more,
    )


def _with_tags(**more: Any) -> ShortList:
    return ShortList(
        tag(),
        most=_MOST_TAGS,
        metadata={
            "description": "Tags that an item must have, all of them. Those that an earlier rule "
            "gives count."
        },
        **more,
    )


_ACTION: Final[dict[str, Any]] = {
    "allow_none": True,
    "validate": validate.OneOf(ACTIONS),
    "metadata": {
        "description": "What becomes of an item: it is confirmed once it is enriched, or discarded."
    },
}
_APPLIES_TO: Final[dict[str, Any]] = {
    "validate": validate.OneOf(APPLIES_TO),
    "metadata": {
        "description": "`addresses`, `source_types`, `with_tags` and `action` need `items`; "
        "`category` and `correspondent` are for documents."
    },
}


def _mistakes(patterns: list[str], mistake_in: Callable[[str], str | None]) -> dict[int, list[str]]:
    """What is wrong with some of the patterns, by their place."""
    return {
        number: [mistake]
        for number, pattern in enumerate(patterns)
        if (mistake := mistake_in(pattern))
    }


class RuleChange(Schema):
    """Changes to a rule; null takes away what it gives."""

    name = text(1, 100, metadata={"example": "Energy bills"})
    position = fields.Integer(
        validate=validate.Range(1, 10_000),
        metadata={"description": "Rules apply in this order; of equal ones the older first."},
    )
    is_active = Flag()
    applies_to = fields.String(**_APPLIES_TO)
    addresses = _addresses()
    source_types = _source_types()
    with_tags = _with_tags()
    phrases = _phrases()
    match = fields.String(
        validate=validate.OneOf(MATCHES),
        metadata={"description": "Whether any or all of the phrases must be there."},
    )
    within = ShortList(
        fields.String(validate=validate.OneOf(PLACES)),
        most=len(PLACES),
        metadata={"description": "Where to look.", "minItems": 1},
    )
    category = text(1, 100, allow_none=True)
    correspondent = text(1, 200, allow_none=True)
    folder_id = fields.UUID(allow_none=True)
    tags = ShortList(tag(), most=_MOST_TAGS)
    action = fields.String(**_ACTION)

    @validates_schema
    def _can_match(self, rule: dict[str, Any], **_: Any) -> None:
        if rule.get("within") == []:
            raise ValidationError("Must not be empty.", "within")
        mistakes = {
            name: found
            for name, of in (("phrases", phrases), ("addresses", address_patterns))
            if (found := _mistakes(rule.get(name, []), of.mistake_in))
        }
        if mistakes:
            raise ValidationError(mistakes)


class NewRule(RuleChange):
    """A rule: what to look for, and what documents or items are given in which it is found."""

    name = text(1, 100, required=True, metadata={"example": "Energy bills"})
    position = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 10_000),
        metadata={"description": "By default it comes last."},
    )
    is_active = Flag(load_default=True)
    applies_to = fields.String(load_default="documents", **_APPLIES_TO)
    addresses = _addresses(load_default=list)
    source_types = _source_types(load_default=list)
    with_tags = _with_tags(load_default=list)
    phrases = _phrases(load_default=list)
    match = fields.String(load_default="any", validate=validate.OneOf(MATCHES))
    within = ShortList(
        fields.String(validate=validate.OneOf(PLACES)),
        most=len(PLACES),
        load_default=lambda: list(PLACES),
        metadata={"description": "Where to look; by default everywhere."},
    )
    category = text(1, 100, load_default=None, allow_none=True)
    correspondent = text(1, 200, load_default=None, allow_none=True)
    folder_id = fields.UUID(load_default=None, allow_none=True)
    tags = ShortList(tag(), most=_MOST_TAGS, load_default=list)
    action = fields.String(load_default=None, **_ACTION)

    @validates_schema
    def _gives_something(self, rule: dict[str, Any], **_: Any) -> None:
        if not any(rule.get(name) for name in GIVES):
            raise ValidationError({name: ["Give at least one of these."] for name in GIVES})


class Rule(Schema):
    """A rule."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    position = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)
    applies_to = fields.String(required=True, validate=validate.OneOf(APPLIES_TO))
    addresses = fields.List(fields.String(), required=True)
    source_types = fields.List(fields.String(), required=True)
    with_tags = fields.List(fields.String(), required=True)
    phrases = fields.List(fields.String(), required=True)
    match = fields.String(required=True, validate=validate.OneOf(MATCHES))
    within = fields.List(fields.String(validate=validate.OneOf(PLACES)), required=True)
    category = fields.String(required=True, allow_none=True)
    correspondent = fields.String(required=True, allow_none=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    action = fields.String(required=True, allow_none=True, validate=validate.OneOf(ACTIONS))
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


RulePage = page_of(Rule)


class TriedDocument(Schema):
    """A document in which a rule was looked for."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    matches = fields.Boolean(required=True)


TriedDocumentPage = page_of(TriedDocument)


class TryArguments(PageArguments):
    """How many documents to try a rule on, newest first."""


class Gives(Schema):
    """What a rule changes in an item."""

    tags = fields.List(fields.String(), required=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    action = fields.String(required=True, allow_none=True, validate=validate.OneOf(ACTIONS))


class RuledItem(Schema):
    """An item to which a rule was applied, or in which it was looked for."""

    id = fields.UUID(required=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "Before the rule."},
    )
    title = fields.String(required=True, allow_none=True)
    source_url = fields.String(required=True, allow_none=True)
    matches = fields.Boolean(required=True)
    gives = fields.Nested(Gives, required=True)


RuledItemPage = page_of(RuledItem)
