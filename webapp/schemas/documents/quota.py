"""How much of the store a user fills."""

from __future__ import annotations

from marshmallow import Schema, fields


class Quota(Schema):
    """What a user has stored, and may store."""

    used_bytes = fields.Integer(required=True)
    limit_bytes = fields.Integer(required=True)
