"""Jobs."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import MOST_AT_ONCE, Flag, PageArguments, ShortList, page_of
from webapp.schemas.documents.documents import DocumentFilters
from webapp.schemas.extraction.tables import tables_left_out
from webapp.schemas.library.items import Progress

STATUSES: Final = ("pending", "running", "succeeded", "failed", "cancelled")
ERROR_CODES: Final = (
    *("encrypted", "damaged", "too_complex", "unsupported", "empty", "lost"),
    *("pattern_too_slow", "discarded", "unavailable"),
)
RESULTS: Final = (
    *("created", "already_running", "already_done", "document_not_ready"),
    *("no_active_configuration", "version_mismatch", "not_found"),
)
_WHICH: Final = ("document_ids", "folder_id", "filter")


class _Configuration(Schema):
    """With which configuration."""

    configuration_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "By default the configuration that is active for the document's "
            "category. One that is named may also be a draft or retired."
        },
    )
    version = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 2**31 - 1),
        metadata={
            "description": "The version that the configuration must have, so that another one "
            "that was activated meanwhile is not used by mistake."
        },
    )


class NewJob(_Configuration):
    """A job to start."""

    document_id = fields.UUID(required=True)


class NewJobs(_Configuration):
    """Jobs to start, for documents that are named one way or another."""

    document_ids = ShortList(fields.UUID(), most=MOST_AT_ONCE)
    folder_id = fields.UUID(
        metadata={"description": "All documents in a folder and in the folders inside it."}
    )
    filter = fields.Nested(
        DocumentFilters, metadata={"description": "Documents as `GET /api/documents` lists them."}
    )
    skip_done = Flag(
        load_default=True,
        metadata={
            "description": "true: no second job where one of the same version of the document "
            "and of the configuration has succeeded."
        },
    )
    cursor = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=2000),
        metadata={"description": "`next_cursor` of the previous call, unchanged."},
    )

    @validates_schema
    def _names_documents_one_way(self, given: dict[str, Any], **_: Any) -> None:
        if sum(name in given for name in _WHICH) != 1:
            raise ValidationError({name: ["Give exactly one of these."] for name in _WHICH})


class StartedJob(Schema):
    """What became of one of several documents."""

    document_id = fields.UUID(required=True)
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    job_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "The job that was started."}
    )


class StartedJobs(Schema):
    """What became of each document."""

    items = fields.List(fields.Nested(StartedJob), required=True)
    next_cursor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "If there are more documents: send it to go on with them."},
    )


class JobArguments(PageArguments):
    """Which jobs."""

    document_id = fields.UUID(load_default=None)
    configuration_id = fields.UUID(load_default=None)
    document_type = fields.String(load_default=None, validate=validate.Length(max=100))
    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))


class JobMetrics(Schema):
    """What a job took and gave."""

    tables = fields.Integer(required=True)
    rows = fields.Integer(required=True)
    mistakes = fields.Integer(
        required=True,
        metadata={"description": "Cells whose text is not of their column's type, or missing."},
    )
    fields_found = fields.Integer(required=True)
    pages = fields.Integer(required=True)
    unread_pages = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Pages that show pictures of text that could not be read."},
    )
    is_cut = fields.Boolean(
        required=True, metadata={"description": "true: there is more than Coffer keeps."}
    )
    tables_left_out = fields.Integer(
        required=True,
        metadata={"description": "Tables of the document that the configuration does not take."},
    )
    milliseconds = fields.Integer(required=True)


class JobInList(Schema):
    """A job in a list."""

    id = fields.UUID(required=True)
    document_id = fields.UUID(required=True)
    document_version = fields.Integer(required=True)
    sha256 = fields.String(
        required=True, metadata={"description": "Of the file of this version of the document."}
    )
    configuration_id = fields.UUID(required=True)
    configuration_version = fields.Integer(required=True)
    document_type = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    is_automatic = fields.Boolean(
        required=True, metadata={"description": "true: it was started by the document's type."}
    )
    metrics = fields.Nested(JobMetrics, required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True, validate=validate.OneOf(ERROR_CODES))
    created_by = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    progress = fields.Nested(
        Progress,
        required=True,
        allow_none=True,
        metadata={"description": "How many of its pages a worker has read."},
    )


class Job(JobInList):
    """A complete job."""

    fields_ = fields.List(
        fields.Dict(),
        required=True,
        data_key="fields",
        metadata={"description": "What the configuration's patterns found."},
    )
    left_out = tables_left_out()


JobPage = page_of(JobInList)
