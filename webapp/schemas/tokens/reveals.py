"""Reveals."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, page_of

STATUSES: Final = (
    *("planned", "signed", "sent", "stuck", "cancelling", "mined"),
    *("confirmed", "cancelled", "failed", "superseded", "dropped"),
)
ERROR_CODES: Final = (
    *("reverted", "nothing_revealed", "superseded", "revealed_before", "taken_back"),
)


def wei(about: str, *, allow_none: bool = False) -> fields.String:
    """An amount in wei, which is too large for many a reader of JSON as a number."""
    return fields.String(
        required=True,
        allow_none=allow_none,
        metadata={"description": f"{about} In wei.", "example": "250000"},
    )


class RevealArguments(PageArguments):
    """Which reveals."""

    collection_id = fields.UUID(load_default=None)
    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))


class RevealInList(Schema):
    """A transaction that reveals tokens, in a list."""

    id = fields.UUID(required=True)
    collection_id = fields.UUID(required=True)
    status = fields.String(
        required=True,
        validate=validate.OneOf(STATUSES),
        metadata={"description": "`confirmed` when it is so deep in the chain that it stays."},
    )
    token_ids = fields.List(fields.Integer(), required=True)
    chain_id = fields.Integer(required=True)
    keeper = fields.String(
        required=True, metadata={"description": "The account that signs it and pays for it."}
    )
    nonce = fields.Integer(required=True, allow_none=True)
    attempts = fields.Integer(
        required=True, metadata={"description": "How often it was signed, each time paying more."}
    )
    max_fee = wei("The most that the last attempt pays for one gas.", allow_none=True)
    tip = wei("What of it is for who makes the block.", allow_none=True)
    tx_hash = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The attempt that is in a block."},
    )
    block_number = fields.Integer(required=True, allow_none=True)
    gas_used = fields.Integer(required=True, allow_none=True)
    effective_price = wei("What was paid for one gas.", allow_none=True)
    note = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What it waits for, if that is out of the ordinary."},
    )
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True, validate=validate.OneOf(ERROR_CODES))
    created_at = fields.DateTime(required=True)
    sent_at = fields.DateTime(required=True, allow_none=True)
    confirmed_at = fields.DateTime(required=True, allow_none=True)
    updated_at = fields.DateTime(required=True)


class RevealAttempt(Schema):
    """What was signed for a reveal: all attempts have its nonce, so that one of them counts."""

    number = fields.Integer(required=True)
    tx_hash = fields.String(required=True)
    cancels = fields.Boolean(
        required=True,
        metadata={"description": "true: a transfer of nothing, in place of the reveal."},
    )
    max_fee = wei("The most that it pays for one gas.")
    tip = wei("What of it is for who makes the block.")
    gas = fields.Integer(required=True, metadata={"description": "The most gas it may use."})
    signed_at = fields.DateTime(required=True)


class Reveal(RevealInList):
    """A transaction that reveals tokens, with all that was signed for it."""

    signed = fields.List(fields.Nested(RevealAttempt), required=True)


RevealPage = page_of(RevealInList)


class RevealsAsked(Schema):
    """How many tokens wait to be revealed."""

    ready = fields.Integer(
        required=True, metadata={"description": "Tokens that are being revealed now."}
    )
    unconfirmed = fields.Integer(
        required=True,
        metadata={"description": "Tokens whose mints are not deep enough in the chain yet."},
    )
