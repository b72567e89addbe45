"""Passwords of encrypted documents."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class Password(Schema):
    """The password of a document, exactly as it is: spaces count."""

    password = fields.String(
        required=True, validate=validate.Length(1, 255), metadata={"format": "password"}
    )
