"""Suggestions and the queue in which they are reviewed."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, ShortList, page_of

TYPES: Final = ("item", "document", "table")
FIELDS: Final = ("title", "category", "correspondent", "dated_on", "folder_id", "tag", "cells")
SOURCES: Final = ("rule", "learned", "header", "ai", "text")
STATUSES: Final = ("pending", "applied", "accepted", "rejected")
RESULTS: Final = ("done", "not_allowed", "not_found")

_MOST_IDS: Final = 500


class PendingSuggestion(Schema):
    """A value that is suggested for a field of a document."""

    id = fields.UUID(required=True)
    field = fields.String(required=True, validate=validate.OneOf(FIELDS))
    value = fields.String(
        required=True,
        metadata={
            "description": "For `folder_id` the folder's id, for `tag` a name, "
            "for `cells` of a table `as_read`."
        },
    )
    confidence = fields.Float(required=True, validate=validate.Range(0, 1))
    source = fields.String(
        required=True,
        validate=validate.OneOf(SOURCES),
        metadata={
            "description": "A rule, what was learned from corrections, an AI provider, or the text."
        },
    )


class DocumentSuggestion(PendingSuggestion):
    """The same, with what became of it."""

    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "`applied`: so sure that the document was given it at once."},
    )


DocumentSuggestionPage = page_of(DocumentSuggestion)


class ReviewArguments(PageArguments):
    """Which suggestions."""

    type = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(TYPES))
    field = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(FIELDS))


class SuggestionInReview(DocumentSuggestion):
    """A suggestion, and what it is for."""

    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    subject_id = fields.UUID(
        required=True, metadata={"description": "The id of the item, the document or the table."}
    )
    title = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of the item or the document, and of the table in it."},
    )
    label = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The value as people read it: the path of a folder."},
    )


SuggestionInReviewPage = page_of(SuggestionInReview)


class SuggestionIds(Schema):
    """Some suggestions."""

    ids = ShortList(
        fields.UUID(), most=_MOST_IDS, required=True, metadata={"description": "Up to 500."}
    )


class Decision(Schema):
    """What became of one of the suggestions."""

    id = fields.UUID(required=True)
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))


class Decisions(Schema):
    """What became of each, in the order of the request."""

    items = fields.List(fields.Nested(Decision), required=True)
