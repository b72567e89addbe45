"""Health: whether the parts that Coffer stands on answer."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class Health(Schema):
    """`ok` or `failing`, as a whole and part by part."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "failing"]))
    postgres = fields.String(required=True, validate=validate.OneOf(["ok", "failing"]))
