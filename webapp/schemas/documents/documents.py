"""Documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from marshmallow import Schema, ValidationError, fields, validate

from webapp.schemas.common import PageArguments, ShortList, TagName, moment, page_of, tag, text
from webapp.schemas.documents.files import FileArguments
from webapp.schemas.documents.review import PendingSuggestion
from webapp.schemas.documents.shares import shared_field
from webapp.schemas.library.items import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

STATUSES: Final = ("awaiting_upload", "processing", "ready", "failed", "discarded")
OCR: Final = ("auto", "always", "never")
KINDS: Final = ("pdf", "text", "sheet", "slides", "mail", "page", "book", "image", "other")
ERROR_CODES: Final = (
    *("encrypted", "damaged", "too_complex", "unsupported", "empty", "mismatch", "lost"),
)

_MOST_TAGS: Final = 20
_MOST_METADATA: Final = 16_384
# Responses contain it some levels deep, and can be 254 levels deep.
_MOST_LEVELS: Final = 32


def metadata_object(**more: Any) -> fields.Dict:
    """A JSON object that the client defines."""
    return fields.Dict(
        keys=fields.String(validate=validate.Length(1, 100)),
        validate=_fits,
        metadata={"description": "A JSON object of your own, up to 16 KiB and 32 levels."},
        **more,
    )


def _fits(value: dict[str, Any]) -> None:
    level: list[Any] = [value]
    for _ in range(_MOST_LEVELS):
        level = [inner for outer in level for inner in _inside(outer)]
    if level:
        raise ValidationError(f"Nested deeper than {_MOST_LEVELS} levels.")
    if len(orjson.dumps(value)) > _MOST_METADATA:
        raise ValidationError(f"Longer than {_MOST_METADATA} bytes.")


def _inside(value: Any) -> Iterable[Any]:
    """The objects and lists in an object or a list."""
    values = value.values() if isinstance(value, dict) else value
    return (each for each in values if isinstance(each, (dict, list)))


class _Written(fields.Field[Any]):
    """A form field that holds JSON."""

    def __init__(self, inner: fields.Field[Any], **more: Any) -> None:
        super().__init__(**more)
        self._inner = inner

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            value = orjson.loads(value) if isinstance(value, str) else value
        except orjson.JSONDecodeError:
            raise ValidationError("Not valid JSON.") from None
        return self._inner.deserialize(value, *args, **kwargs)


class _Names(fields.Field[Any]):
    """A form field with names of tags: a JSON list, or names separated by commas."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and not value.lstrip().startswith("["):
            value = [name for name in (each.strip() for each in value.split(",")) if name]
        return _Written(ShortList(tag(), most=_MOST_TAGS)).deserialize(value, *args, **kwargs)


class UploadFields(Schema):
    """The form fields next to the file."""

    name = fields.String(
        load_default=None,
        validate=validate.Length(max=1000),
        metadata={"description": "Replaces the file's own name."},
    )
    title = text(1, 200, load_default=None)
    folder_id = fields.UUID(load_default=None)
    category = text(1, 100, load_default=None)
    tags = _Names(
        load_default=list, metadata={"description": "Names of tags, separated by commas."}
    )
    metadata = _Written(metadata_object(), load_default=dict)
    expires_at = moment(load_default=None)
    allow_duplicate = fields.Boolean(
        load_default=False,
        metadata={
            "description": "true: make a second document even if the workspace has this file."
        },
    )


class DocumentFilters(Schema):
    """What documents have in common."""

    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))
    folder_id = fields.UUID(load_default=None)
    recursive = fields.Boolean(
        load_default=False,
        metadata={"description": "true: also the documents in folders inside `folder_id`."},
    )
    kind = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(KINDS))
    media_type = fields.String(load_default=None, validate=validate.Length(max=200))
    category = fields.String(load_default=None, validate=validate.Length(max=100))
    correspondent = fields.String(load_default=None, validate=validate.Length(max=200))
    tag = TagName(load_default=None, validate=validate.Length(max=50))
    sha256 = fields.String(load_default=None, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    produced = fields.Boolean(
        load_default=False,
        metadata={
            "description": "true: the exports of jobs, which are not among the other documents."
        },
    )
    created_from = moment(load_default=None)
    created_to = moment(load_default=None)
    dated_from = fields.Date(load_default=None)
    dated_to = fields.Date(load_default=None)


class DocumentArguments(PageArguments, DocumentFilters):
    """Which documents."""

    shared = fields.String(
        load_default=None,
        allow_none=False,
        validate=validate.OneOf(["with_me", "by_me"]),
        metadata={
            "description": "`with_me`: documents of others that are shared with you, asked from"
            " your personal workspace. `by_me`: those of the workspace that you have shared, by"
            " themselves or with a folder."
        },
    )


class DocumentChange(Schema):
    """Edits to a document; null clears a field."""

    name = text(1, 255)
    title = text(1, 200, allow_none=True)
    summary = text(1, 2000, allow_none=True)
    category = text(1, 100, allow_none=True)
    correspondent = text(1, 200, allow_none=True)
    dated_on = fields.Date(allow_none=True)
    metadata = metadata_object()
    expires_at = moment(allow_none=True)
    add_tags = ShortList(tag(), most=_MOST_TAGS)
    remove_tags = ShortList(tag(), most=_MOST_TAGS)


class DocumentInList(Schema):
    """A document in a list."""

    id = fields.UUID(required=True)
    folder_id = fields.UUID(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    name = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    summary = fields.String(required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    correspondent = fields.String(required=True, allow_none=True)
    dated_on = fields.Date(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    media_type = fields.String(
        required=True, allow_none=True, metadata={"description": "Detected from the content."}
    )
    kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(KINDS))
    bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    pages = fields.Integer(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    metadata = fields.Dict(required=True)
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True, validate=validate.OneOf(ERROR_CODES))
    produced_by_job_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The job whose tables the document exports."},
    )
    is_classified = fields.Boolean(
        required=True,
        metadata={
            "description": "false: category, tags and what else follows from the text are still to "
            "come. Documents that jobs produce are not classified."
        },
    )
    expires_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)

    progress = fields.Nested(
        Progress,
        required=True,
        allow_none=True,
        metadata={"description": "How far a worker has read it."},
    )
    shared = shared_field()


class Document(DocumentInList):
    """A complete document."""

    suggestions = fields.List(
        fields.Nested(PendingSuggestion),
        required=True,
        metadata={"description": "What awaits a decision, surest first."},
    )


class UploadedDocument(Document):
    """A document that was just uploaded."""

    trashed_duplicates = fields.List(
        fields.UUID(),
        required=True,
        metadata={"description": "Documents in the trash with the same file."},
    )


class DuplicateDocument(Document):
    """The document that already has this file."""

    duplicate_of = fields.UUID(required=True, metadata={"description": "The document's own id."})


DocumentPage = page_of(DocumentInList)


class Reprocessing(Schema):
    """How to read a document again."""

    may_be_missing = True

    ocr = fields.String(
        load_default="auto",
        validate=validate.OneOf(OCR),
        metadata={"description": "Which pages are read as pictures."},
    )


class TextArguments(FileArguments):
    """Which page of a document's text, and of which version."""

    page = fields.Integer(load_default=None, validate=validate.Range(1, 100_000))


class DocumentText(Schema):
    """The text of a document."""

    pages = fields.Integer(required=True)
    text = fields.String(required=True, metadata={"description": "Form feeds separate pages."})
