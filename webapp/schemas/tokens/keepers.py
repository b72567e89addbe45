"""Keepers."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.tokens.reveals import wei

ALARMS: Final = ("low_balance", "used_elsewhere")


class KeeperAlarm(Schema):
    """Something that a person must look into."""

    code = fields.String(required=True, validate=validate.OneOf(ALARMS))
    since = fields.DateTime(required=True)
    detail = fields.String(required=True)


class Keeper(Schema):
    """The account that reveals the tokens of a collection."""

    chain_id = fields.Integer(required=True)
    address = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null: the collection has none, so nothing is revealed."},
    )
    balance = wei("What it had left when that was last looked up.", allow_none=True)
    checked_at = fields.DateTime(required=True, allow_none=True)
    next_nonce = fields.Integer(required=True, allow_none=True)
    under_way = fields.Integer(
        required=True, metadata={"description": "Its reveals that are in no block yet."}
    )
    alarms = fields.List(fields.Nested(KeeperAlarm), required=True)
