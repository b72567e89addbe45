"""Exports of extracted tables."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

FORMATS: Final = ("csv", "jsonl", "xlsx", "zip")
STATUSES: Final = ("pending", "ready", "failed")
ERROR_CODES: Final = ("quota_exceeded", "body_too_large", "unavailable")


class CsvArguments(Schema):
    """How the texts of a CSV are written."""

    formulas = fields.String(
        load_default="keep",
        allow_none=False,
        validate=validate.OneOf(["keep", "escape"]),
        metadata={
            "description": "`escape`: a text that spreadsheets would take for a formula gets `'` in"
            " front: one that begins with `=`, `+`, `-`, `@`, one of these in full width, a tab, CR"
            " or LF, unless it is a number."
        },
    )


class ExportedFile(Schema):
    """A file that can be downloaded: of one table, or, without one, of all tables of the job."""

    table_id = fields.UUID(required=True, allow_none=True)
    format = fields.String(required=True, validate=validate.OneOf(FORMATS))
    name = fields.String(required=True)
    url = fields.String(required=True)
    document_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={
            "description": "The document that keeps it; null if it is made at each download."
        },
    )
    bytes = fields.Integer(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True)


class Export(Schema):
    """The files of a job's tables, and whether those that are kept as documents are made."""

    job_id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True, validate=validate.OneOf(ERROR_CODES))
    updated_at = fields.DateTime(required=True)
    files = fields.List(fields.Nested(ExportedFile), required=True)
