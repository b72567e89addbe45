"""Saved searches."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from webapp.schemas.common import page_of, text
from webapp.schemas.library.search import query_text


def _name(**kwargs: Any) -> fields.Field[Any]:
    return text(1, 100, metadata={"example": "Fence, unread"}, **kwargs)


class NewSavedSearch(Schema):
    """A query, and what it is called."""

    name = _name(required=True)
    q = query_text(required=True)


class SavedSearchChange(Schema):
    """Another name, another query, or both."""

    name = _name(load_default=None, allow_none=False)
    q = query_text(load_default=None, allow_none=False)


class SavedSearch(Schema):
    """A saved search."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    q = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


SavedSearchPage = page_of(SavedSearch)
