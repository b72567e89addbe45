"""Deletions of workspaces and accounts."""

from __future__ import annotations

from marshmallow import Schema, fields

from webapp.schemas.common import page_of, text
from webapp.schemas.people.accounts import mail_token, present_password


class WorkspaceDeletion(Schema):
    """Confirms that a workspace is to be deleted."""

    name = text(
        1, 100, required=True, metadata={"description": "The workspace's name, to confirm it."}
    )
    password = present_password()


class AccountDeletion(Schema):
    """Confirms that the account is to be deleted."""

    password = present_password()


class AccountKept(Schema):
    """Keeps an account that was to be deleted."""

    token = mail_token()


class Deletion(Schema):
    """A deletion of a workspace, or of an account with its workspaces."""

    id = fields.UUID(required=True)
    workspace_id = fields.UUID(
        required=True, metadata={"description": "Of an account: the personal one."}
    )
    is_of_account = fields.Boolean(required=True)
    name = fields.String(
        required=True, metadata={"description": "The workspace's; empty once it is deleted."}
    )
    status = fields.String(
        required=True, metadata={"enum": ["scheduled", "cancelled", "running", "done"]}
    )
    removed = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "How many rows have been removed so far, by table."},
    )
    due_at = fields.DateTime(required=True, metadata={"description": "When it begins."})
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


DeletionPage = page_of(Deletion)
