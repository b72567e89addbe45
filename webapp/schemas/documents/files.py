"""The files of documents."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class FileName(Schema):
    """What a file that is the whole body of its request is called."""

    name = fields.String(
        load_default="",
        validate=validate.Length(max=1000),
        metadata={"description": "For a file that is the whole body; a form names its own."},
    )


class FileArguments(Schema):
    """Which version of a document."""

    version = fields.Integer(
        load_default=None,
        validate=validate.Range(1, 1_000_000),
        metadata={"description": "Its number; the current one by default."},
    )


class DownloadArguments(FileArguments):
    """Which version of a document, and from where."""

    redirect = fields.Boolean(
        load_default=False,
        metadata={
            "description": "true: redirect to the store's own address, valid for a minute, if it"
            " has one."
        },
    )
