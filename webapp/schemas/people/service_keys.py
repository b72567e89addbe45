"""Service keys: API keys of a workspace."""

from __future__ import annotations

from marshmallow import Schema, fields

from webapp.schemas.common import page_of
from webapp.schemas.people.api_keys import NewApiKey


class NewServiceKey(NewApiKey):
    """A new key of the workspace; its scopes are permissions of members, apart from those that
    only concern persons."""


class ServiceKey(Schema):
    """A key of a workspace; `service:` and its id are the actor of what it does."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata={"description": "How the key begins."})
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    last_used_at = fields.DateTime(required=True, allow_none=True)
    last_used_address = fields.String(required=True, allow_none=True)


class MadeServiceKey(ServiceKey):
    """A key that was just made."""

    key = fields.String(required=True, metadata={"description": "Shown only now."})


ServiceKeyPage = page_of(ServiceKey)
