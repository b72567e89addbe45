"""Workspaces."""

from __future__ import annotations

from marshmallow import Schema, fields

from webapp.schemas.common import page_of, text


class WorkspaceName(Schema):
    """A workspace's name."""

    name = text(1, 100, required=True)


class Workspace(Schema):
    """A workspace as seen by a member."""

    id = fields.UUID(required=True, metadata={"description": "For `X-Workspace-Id`."})
    name = fields.String(required=True)
    is_personal = fields.Boolean(required=True)
    role = fields.String(required=True, metadata={"description": "The caller's."})
    created_at = fields.DateTime(required=True)


WorkspacePage = page_of(Workspace)
