"""Collections: contracts whose tokens are given pictures and revealed."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import page_of

STATUSES: Final = ("active", "paused")


class Collection(Schema):
    """A contract on a chain. Operators add, pause and resume it."""

    id = fields.UUID(required=True)
    chain_id = fields.Integer(required=True, metadata={"example": 8453})
    contract = fields.String(required=True, metadata={"description": "Its address (EIP-55)."})
    name_template = fields.String(
        required=True,
        metadata={
            "description": "The name of a token, where `{n}` is its number.",
            "example": "Season #{n}",
        },
    )
    description = fields.String(required=True)
    default_prompt = fields.String(
        required=True, metadata={"description": "For authors without a prompt."}
    )
    fallback_prompt = fields.String(
        required=True, metadata={"description": "For prompts that are refused."}
    )
    keeper = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The address that reveals its tokens."},
    )
    is_public = fields.Boolean(
        required=True, metadata={"description": "Whether anybody may see its tokens and authors."}
    )
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    pause_reason = fields.String(required=True, allow_none=True)
    start_block = fields.Integer(
        required=True, metadata={"description": "The chain was read from here on."}
    )
    next_block = fields.Integer(
        required=True, metadata={"description": "Blocks before this one were read."}
    )
    head_block = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The newest block of the chain."}
    )
    mint_confirmations = fields.Integer(
        required=True, metadata={"description": "The blocks after which a mint counts."}
    )
    reveal_confirmations = fields.Integer(
        required=True, metadata={"description": "The blocks after which a reveal counts."}
    )
    watch_error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What is wrong with what the node of the chain says."},
    )
    watched_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


CollectionPage = page_of(Collection)
