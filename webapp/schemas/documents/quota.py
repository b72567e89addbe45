"""Quotas."""

from __future__ import annotations

from marshmallow import Schema, fields


class Quota(Schema):
    """How much a user has stored, and may store."""

    used_bytes = fields.Integer(required=True)
    limit_bytes = fields.Integer(required=True)
