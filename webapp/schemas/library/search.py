"""Search."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, page_of, text, visible
from webapp.schemas.documents.documents import KINDS as DOCUMENT_KINDS
from webapp.schemas.documents.documents import STATUSES as DOCUMENT_STATUSES
from webapp.schemas.library.items import STATUSES

KINDS: Final = (
    *("note", "article", "task", "document", "table", *DOCUMENT_KINDS),
    *("token", "author"),
)

_TYPES: Final = ("item", "task", "document", "table", "token", "author")
_STATUSES: Final = sorted({*STATUSES, *DOCUMENT_STATUSES, "pending", "completed", "revealed"})

MODES: Final = ("words", "meaning", "both")
# Why another mode was used than was asked for.
REASONS: Final = ("no_vectors", "no_words", "provider_failed")

_QUERY: Final = {
    "description": 'Words, `"a phrase"`, `-not`, `OR`, `#tag`, `is:`, `type:`, `site:`, '
    "`before:`, `after:`; docs/search.md has them all.",
    "example": 'oak posts #garden -"metal fence"',
}


def query_text(**kwargs: Any) -> fields.String:
    """A query. Not trimmed: a space after the last word marks it as finished."""
    return fields.String(
        validate=[
            validate.Length(max=200),
            visible("Say what to look for."),
        ],
        metadata=_QUERY,
        **kwargs,
    )


class ResultArguments(PageArguments):
    """How it is looked for, and which page of the results."""

    mode = fields.String(
        load_default=None,
        allow_none=False,
        validate=validate.OneOf(MODES),
        metadata={
            "description": "By `words`, by `meaning`, or by `both`, which is the default where the "
            "server has vectors of texts."
        },
    )


class SearchArguments(ResultArguments):
    """What is looked for."""

    q = query_text(required=True)


class SearchResult(Schema):
    """A search result."""

    type = fields.String(required=True, validate=validate.OneOf(_TYPES))
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    status = fields.String(
        required=True,
        validate=validate.OneOf(_STATUSES),
    )
    title = fields.String(required=True)
    marked_title = fields.String(
        required=True, metadata={"description": "The title, as HTML like `snippet`."}
    )
    source_url = fields.String(
        required=True, allow_none=True, metadata={"description": "An item's."}
    )
    snippet = fields.String(
        required=True,
        metadata={
            "description": "The part of its text that matched, as HTML: matches are in `<mark>`, "
            "the only tag; everything else is escaped."
        },
    )
    page = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "The first page of a document, or of a table in one, that has what was "
            "looked for."
        },
    )
    document_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The document of a table."}
    )
    document_title = fields.String(
        required=True, allow_none=True, metadata={"description": "Of the document of a table."}
    )
    rank = fields.Float(required=True, metadata={"description": "Higher is better."})
    tags = fields.List(fields.String(), required=True)
    is_shared = fields.Boolean(
        required=True, metadata={"description": "Whether it is another's, shared with you."}
    )
    created_at = fields.DateTime(required=True)


class SearchPage(page_of(SearchResult)):  # type: ignore[misc]
    """A page of search results."""

    mode = fields.String(
        required=True,
        validate=validate.OneOf(MODES),
        metadata={"description": "How these were found."},
    )
    mode_reason = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(REASONS),
        metadata={
            "description": "Why only words were looked for: the server has no vectors, the query "
            "has no words, or the provider of vectors did not answer in time. Otherwise null."
        },
    )
    is_guess = fields.Boolean(
        required=True,
        metadata={"description": "Whether nothing matched, and these have similar words."},
    )
    stopped_at = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "When more than 500 things match: the time of the oldest that was "
            "ranked. `before:` finds older ones."
        },
    )


class SuggestArguments(Schema):
    """The text typed so far."""

    q = text(1, 200, required=True, metadata={"example": "oak po"})
    limit = fields.Integer(load_default=8, validate=validate.Range(1, 20))


class Suggested(Schema):
    """A suggestion."""

    type = fields.String(required=True, validate=validate.OneOf(["tag", *_TYPES]))
    id = fields.UUID(required=True)
    text = fields.String(required=True, metadata={"description": "The tag's name, or the title."})


class Suggestions(Schema):
    """Tags first, then the newest things."""

    items = fields.List(fields.Nested(Suggested), required=True)
