"""Tags (I10)."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, page_of, text

SORTS: Final = ("name", "usage", "last_used")

_COLOR: Final = validate.Regexp(
    r"#[0-9a-f]{6}\Z", error="Takes # and six hex digits in lower case."
)


class TagArguments(PageArguments):
    """Which tags, in which order."""

    sort = fields.String(load_default="name", validate=validate.OneOf(SORTS))
    unused = fields.Boolean(
        load_default=False, metadata={"description": "true: those that nothing carries."}
    )


class NewTag(Schema):
    """A tag."""

    name = text(1, 50, required=True, metadata={"example": "garden"})
    color = fields.String(
        load_default=None, allow_none=True, validate=_COLOR, metadata={"example": "#2e7d32"}
    )


class TagChange(Schema):
    """Another name, another colour, or both."""

    name = text(1, 50, load_default=None)
    color = fields.String(
        load_default=None,
        validate=validate.Regexp(r"(?:#[0-9a-f]{6})?\Z", error="Takes # and six hex digits."),
        metadata={"description": "Empty: none."},
    )


class TagMerge(Schema):
    """The tag that takes the place of this one."""

    into = fields.UUID(required=True)


class Tag(Schema):
    """A tag with how much it is used."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    color = fields.String(required=True, allow_none=True)
    items = fields.Integer(required=True, metadata={"description": "Not counting the trash."})
    tasks = fields.Integer(required=True)
    usage = fields.Integer(required=True, metadata={"description": "Items and tasks."})
    last_used_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


TagPage = page_of(Tag)
