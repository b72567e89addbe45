"""Tags."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import Clearable, PageArguments, page_of, tag

SORTS: Final = ("name", "usage", "last_used")


class Color(fields.String):
    """A CSS colour, in lower case."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, *args, **kwargs)).lower()


class ClearableColor(Color, Clearable):
    """The same, or none."""


def _hex_color(pattern: str) -> validate.Regexp:
    return validate.Regexp(pattern, error="Must be # and six hex digits.")


class TagArguments(PageArguments):
    """Which tags, in which order."""

    sort = fields.String(load_default="name", validate=validate.OneOf(SORTS))
    unused = fields.Boolean(load_default=False, metadata={"description": "true: only unused tags."})


class NewTag(Schema):
    """A tag."""

    name = tag(required=True, metadata={"example": "garden"})
    color = Color(
        load_default=None,
        allow_none=True,
        validate=_hex_color(r"#[0-9A-Fa-f]{6}\Z"),
        metadata={"example": "#2e7d32"},
    )


class TagChange(Schema):
    """Another name, another colour, or both."""

    name = tag(load_default=None, allow_none=False)
    color = ClearableColor(
        load_default=None,
        validate=_hex_color(r"(?:#[0-9A-Fa-f]{6})?\Z"),
        metadata={"description": "Empty or null: none."},
    )


class TagMerge(Schema):
    """The tag that replaces this one."""

    into = fields.UUID(required=True)


class Tag(Schema):
    """A tag and how often it is used."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    color = fields.String(required=True, allow_none=True)
    is_private = fields.Boolean(
        required=True,
        metadata={"description": "true: used only on your own tasks, and visible only to you."},
    )
    items = fields.Integer(required=True, metadata={"description": "Not counting the trash."})
    tasks = fields.Integer(required=True, metadata={"description": "Your own."})
    usage = fields.Integer(required=True, metadata={"description": "All that you may see."})
    last_used_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


TagPage = page_of(Tag)
