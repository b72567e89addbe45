"""Tokens."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, page_of
from webapp.schemas.tokens.authors import address

STATUSES: Final = (
    *("detected", "generating", "uploading", "ready", "revealed", "failed", "orphaned"),
)

_NUMBER: Final = {"description": "Its number in the contract."}
_IMAGE: Final = {"description": "The CID of its picture in IPFS."}
_METADATA: Final = {"description": "The CID of its metadata in IPFS."}


class TokenFilters(Schema):
    """Which tokens."""

    collection_id = fields.UUID(load_default=None)


class TokenArguments(PageArguments, TokenFilters):
    """Which tokens of the workspace."""

    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))
    author = address(load_default=None)


class _Token(Schema):
    """What everybody may see of a token."""

    collection_id = fields.UUID(required=True)
    token_id = fields.Integer(required=True, metadata=_NUMBER)
    author = fields.String(required=True, metadata={"description": "A wallet."})
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    image_cid = fields.String(required=True, allow_none=True, metadata=_IMAGE)
    metadata_cid = fields.String(required=True, allow_none=True, metadata=_METADATA)
    minted_at = fields.DateTime(required=True)
    revealed_at = fields.DateTime(required=True, allow_none=True)


class PublicToken(_Token):
    """A token as everybody sees it: without its CIDs until it is revealed."""


class TokenInList(_Token):
    """A token of the workspace."""

    id = fields.UUID(required=True)
    is_fallback = fields.Boolean(
        required=True,
        metadata={"description": "Whether its picture was made of another prompt than its own."},
    )
    reveal_id = fields.UUID(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(required=True, allow_none=True)
    ready_at = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Since when it waits to be revealed."},
    )
    updated_at = fields.DateTime(required=True)


class TokenMint(Schema):
    """The mint that a token is of."""

    status = fields.String(
        required=True, validate=validate.OneOf(("pending", "confirmed", "orphaned"))
    )
    tx_hash = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null, like `minter`, if only the contract told of the token."},
    )
    block_number = fields.Integer(required=True)
    minter = fields.String(required=True, allow_none=True)


class TokenReveal(Schema):
    """The transaction that reveals a token, or is to."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    tx_hash = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The one that was mined, or else the one that was signed last."},
    )
    block_number = fields.Integer(required=True, allow_none=True)


class Token(TokenInList):
    """A complete token."""

    chain_id = fields.Integer(required=True)
    contract = fields.String(required=True)
    name = fields.String(required=True)
    mint = fields.Nested(TokenMint, required=True)
    reveal = fields.Nested(TokenReveal, required=True, allow_none=True)


class TokenStats(Schema):
    """How many tokens there are."""

    total = fields.Integer(required=True, metadata={"description": "Without orphaned ones."})
    statuses = fields.Dict(
        keys=fields.String(validate=validate.OneOf(STATUSES)),
        values=fields.Integer(),
        required=True,
        metadata={"example": {"ready": 12, "revealed": 4021}},
    )
    waiting_since = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "When the first of those tokens was minted that are neither revealed "
            "nor failed."
        },
    )


TokenPage = page_of(TokenInList)
PublicTokenPage = page_of(PublicToken)
