"""Annotations: highlights on the page of an item, and notes about it."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import page_of, visible
from webapp.schemas.library.items import STATUSES

# Those that other programs have, too.
COLORS: Final = (
    *("yellow", "red", "green", "blue", "orange", "pink", "purple", "brown", "gray"),
    *("cyan", "indigo", "teal"),
)

_LONGEST: Final = 10_000
_LONGEST_AROUND: Final = 1000
_LAST_OFFSET: Final = 2**31 - 1

_SAYING: Final = ("quote", "note")
_OF_A_QUOTE: Final = ("prefix", "suffix", "start_offset", "end_offset", "color")


def _text(said: str) -> fields.String:
    return fields.String(
        allow_none=True,
        validate=[validate.Length(1, _LONGEST), visible("Must not be blank.")],
        metadata={"description": said},
    )


def _around(said: str) -> fields.String:
    return fields.String(
        allow_none=True,
        validate=validate.Length(max=_LONGEST_AROUND),
        metadata={"description": said},
    )


def _offset(said: str) -> fields.Integer:
    return fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(0, _LAST_OFFSET),
        metadata={"description": said},
    )


class AnnotationChange(Schema):
    """Changes to an annotation; null takes a field away. What was quoted stays."""

    note = _text("What somebody has to say about the quote, or about the item.")
    color = fields.String(validate=validate.OneOf(COLORS))
    prefix = _around("The text just before the quote, by which it is found again.")
    suffix = _around("The text just after it.")
    start_offset = _offset("Where the quote begins in `content`, in characters.")
    end_offset = _offset("Where it ends, after its last character.")

    @validates_schema
    def _ends_after_its_start(self, change: dict[str, Any], **_: Any) -> None:
        start, end = change.get("start_offset"), change.get("end_offset")
        if start is not None and end is not None and start >= end:
            raise ValidationError("Must be after start_offset.", "end_offset")


class NewAnnotation(AnnotationChange):
    """A highlight, which has a `quote`; or a note on the item, which has none."""

    quote = _text("A text of the page. Without one, it is a note on the item.")

    @validates_schema
    def _says_something(self, new: dict[str, Any], **_: Any) -> None:
        if new.get("quote") is None:
            if new.get("note") is None:
                raise ValidationError({name: ["Give a quote or a note."] for name in _SAYING})
            for name in _OF_A_QUOTE:
                if new.get(name) is not None:
                    raise ValidationError("Is only of a quote.", name)
        if (new.get("start_offset") is None) != (new.get("end_offset") is None):
            raise ValidationError("Give both offsets, or none.", "end_offset")


class Annotation(Schema):
    """An annotation, and the item that it is about."""

    id = fields.UUID(required=True)
    item_id = fields.UUID(required=True)
    item_title = fields.String(required=True, allow_none=True)
    item_status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    source_url = fields.String(
        required=True, allow_none=True, metadata={"description": "The item's."}
    )
    quote = fields.String(
        required=True, allow_none=True, metadata={"description": "Null for a note on the item."}
    )
    prefix = fields.String(required=True, allow_none=True)
    suffix = fields.String(required=True, allow_none=True)
    start_offset = fields.Integer(required=True, allow_none=True)
    end_offset = fields.Integer(required=True, allow_none=True)
    color = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf((*COLORS, None)),
        metadata={"description": "Of a quote; yellow by default."},
    )
    note = fields.String(required=True, allow_none=True)
    created_by = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


AnnotationPage = page_of(Annotation)
