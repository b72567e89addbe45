"""Health: whether the components that Coffer depends on answer."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class Health(Schema):
    """`ok` or `failing`, overall and per component."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "failing"]))
    postgres = fields.String(required=True, validate=validate.OneOf(["ok", "failing"]))
    storage = fields.String(required=True, validate=validate.OneOf(["ok", "failing"]))
    warnings = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "`storage_is_local`: documents are on this machine's disk, which some"
            " platforms lose with each release."
        },
    )
