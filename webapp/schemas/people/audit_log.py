"""The audit log."""

from __future__ import annotations

from datetime import UTC

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, page_of


class AuditArguments(PageArguments):
    """Which entries."""

    action = fields.String(
        load_default=None, validate=validate.Length(1, 100), metadata={"example": "login.failed"}
    )
    user_id = fields.UUID(load_default=None, metadata={"description": "Whom it concerns."})
    actor = fields.String(
        load_default=None,
        validate=validate.Length(1, 100),
        metadata={"description": "Who did it: `user:` and an id, `anonymous`, `operator`."},
    )
    workspace_id = fields.UUID(load_default=None)
    since = fields.AwareDateTime(load_default=None, default_timezone=UTC)
    until = fields.AwareDateTime(load_default=None, default_timezone=UTC)


class AuditEntry(Schema):
    """One entry."""

    id = fields.Integer(required=True)
    action = fields.String(required=True)
    actor = fields.String(required=True)
    user_id = fields.UUID(required=True, allow_none=True)
    workspace_id = fields.UUID(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    user_agent = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    details = fields.Dict(required=True)
    occurred_at = fields.DateTime(required=True)


AuditPage = page_of(AuditEntry)
