"""Rules that classify documents."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.rules.filing import PLACES
from webapp.rules.phrases import MOST_CHARACTERS, mistake_in
from webapp.schemas.common import Flag, PageArguments, ShortList, page_of, tag, text

MATCHES: Final = ("any", "all")
GIVES: Final = ("category", "correspondent", "folder_id", "tags")

_MOST_PHRASES: Final = 20
_MOST_TAGS: Final = 20


def _phrases(**more: Any) -> ShortList:
    return ShortList(
        text(1, MOST_CHARACTERS, metadata={"example": "energy bill"}),
        most=_MOST_PHRASES,
        metadata={
            "description": "Words or phrases, in any case. A `*` at the beginning or end of a word "
            "stands for any letters.",
            "minItems": 1,
        },
        **more,
    )


class RuleChange(Schema):
    """Changes to a rule; null takes away what it gives."""

    name = text(1, 100, metadata={"example": "Energy bills"})
    position = fields.Integer(
        validate=validate.Range(1, 10_000),
        metadata={"description": "Rules apply in this order; of equal ones the older first."},
    )
    is_active = Flag()
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

    @validates_schema
    def _can_match(self, rule: dict[str, Any], **_: Any) -> None:
        for name in ("phrases", "within"):
            if rule.get(name) == []:
                raise ValidationError("Must not be empty.", name)
        mistakes = {
            number: [mistake]
            for number, phrase in enumerate(rule.get("phrases", []))
            if (mistake := mistake_in(phrase))
        }
        if mistakes:
            raise ValidationError({"phrases": mistakes})


class NewRule(RuleChange):
    """A rule: what to look for, and what documents are given in which it is found."""

    name = text(1, 100, required=True, metadata={"example": "Energy bills"})
    position = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 10_000),
        metadata={"description": "By default it comes last."},
    )
    is_active = Flag(load_default=True)
    phrases = _phrases(required=True)
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
    phrases = fields.List(fields.String(), required=True)
    match = fields.String(required=True, validate=validate.OneOf(MATCHES))
    within = fields.List(fields.String(validate=validate.OneOf(PLACES)), required=True)
    category = fields.String(required=True, allow_none=True)
    correspondent = fields.String(required=True, allow_none=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
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
