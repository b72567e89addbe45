"""Documents whose files are sent to a signed address."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import ShortList, moment, tag, text
from webapp.schemas.documents.documents import Document, metadata_object


class NewUpload(Schema):
    """A document whose file follows."""

    name = fields.String(required=True, validate=validate.Length(1, 1000))
    bytes = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**53))
    sha256 = fields.String(
        load_default=None,
        validate=validate.Regexp(r"[0-9a-f]{64}\Z"),
        metadata={"description": "The hash that the file must have."},
    )
    title = text(1, 200, load_default=None)
    folder_id = fields.UUID(load_default=None)
    category = text(1, 100, load_default=None)
    tags = ShortList(tag(), most=20, load_default=list)
    metadata = metadata_object(load_default=dict)
    expires_at = moment(load_default=None)
    allow_duplicate = fields.Boolean(load_default=False)


class AnnouncedDocument(Schema):
    """A document that waits for its file, and where to send that."""

    document = fields.Nested(Document, required=True)
    url = fields.String(
        required=True, metadata={"description": "Relative to this server if PUBLIC_URL is not set."}
    )
    method = fields.String(required=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    expires_at = fields.DateTime(required=True)
