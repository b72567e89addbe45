"""What is answered to those who tell of mints."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

STATUSES: Final = ("taken", "known", "noted", "ignored", "error")


class Taken(Schema):
    """What was made of a message."""

    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={
            "description": "`taken`: it told of new mints. `known`: only of known ones. `noted`: "
            "it hinted at blocks, which are read. `error`: it says that something is wrong."
        },
    )
    mints = fields.Integer(required=True, metadata={"description": "New ones."})
    tokens = fields.Integer(required=True, metadata={"description": "New ones."})
    duplicates = fields.Integer(
        required=True, metadata={"description": "Logs that were known already."}
    )
    ignored = fields.Integer(
        required=True,
        metadata={"description": "Logs of other contracts, or of nothing that was minted."},
    )
