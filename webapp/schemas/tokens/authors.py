"""Authors."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from webapp.schemas.common import PageArguments, visible

MOST_LEADING: Final = 50

_LONGEST_PROMPT: Final = 1000
_LONGEST_MESSAGE: Final = 1000
# Contracts of several owners, or of passkeys, sign with kilobytes.
_LONGEST_SIGNATURE: Final = 8192

_WALLET: Final = {
    "description": "An address of a wallet; capitals and small letters only matter if there are "
    "both.",
    "example": "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
}
_COLLECTION: Final = {
    "description": "May be left out if there is only one public collection: otherwise 422 "
    "`collection_required`."
}


def address(**more: Any) -> fields.String:
    """The address of a wallet, whose checksum is not checked here."""
    return fields.String(
        validate=validate.Regexp(r"0x[0-9a-fA-F]{40}\Z", error="Not an address."),
        metadata=_WALLET,
        **more,
    )


class OfCollection(Schema):
    """Which collection."""

    collection_id = fields.UUID(load_default=None, metadata=_COLLECTION)


class TokensOfAuthorArguments(PageArguments, OfCollection):
    """Which tokens of an author."""


class PromptMessageArguments(OfCollection):
    """What is to be signed."""

    prompt_sha256 = fields.String(
        required=True,
        validate=validate.Regexp(
            r"[0-9a-f]{64}\Z", error="Not a SHA-256 in lower-case hexadecimal."
        ),
        metadata={"description": "SHA-256 of the prompt's UTF-8, in lower-case hexadecimal."},
    )


class Author(Schema):
    """A wallet as an author. A wallet that is not one yet looks the same, with zeros."""

    collection_id = fields.UUID(required=True)
    wallet = fields.String(required=True, metadata=_WALLET)
    has_prompt = fields.Boolean(
        required=True, metadata={"description": "The prompt itself is never shown to anybody."}
    )
    prompt_version = fields.Integer(
        required=True, metadata={"description": "How many prompts it has signed."}
    )
    twitter_handle = fields.String(required=True, allow_none=True)
    farcaster_handle = fields.String(required=True, allow_none=True)
    tokens = fields.Integer(required=True)


class PromptMessageAnswer(Schema):
    """What to sign."""

    collection_id = fields.UUID(required=True)
    wallet = fields.String(required=True)
    version = fields.Integer(
        required=True, metadata={"description": "The version that the prompt will have."}
    )
    prompt_sha256 = fields.String(required=True)
    message = fields.String(
        required=True, metadata={"description": "Sign exactly this text (EIP-191)."}
    )
    expires_at = fields.DateTime(required=True)


class NewPrompt(OfCollection):
    """A prompt, signed by its author."""

    wallet_address = address(required=True)
    prompt_text = fields.String(
        required=True,
        validate=[
            validate.Length(1, _LONGEST_PROMPT),
            visible("Say what the pictures show."),
        ],
        metadata={"description": "Kept as it is, with the white space around it."},
    )
    message = fields.String(
        required=True,
        validate=validate.Length(1, _LONGEST_MESSAGE),
        metadata={"description": "The text that was signed."},
    )
    signature = fields.String(
        required=True,
        validate=[
            validate.Length(max=2 + 2 * _LONGEST_SIGNATURE),
            validate.Regexp(r"0x(?:[0-9a-fA-F]{2})+\Z", error="Not bytes in hexadecimal with 0x."),
        ],
        metadata={"description": "65 bytes of a key, or whatever the wallet's contract accepts."},
    )


class PromptSet(Schema):
    """The prompt was set."""

    success = fields.Boolean(required=True)
    has_prompt = fields.Boolean(required=True)
    prompt_version = fields.Integer(required=True)


class LeadingAuthor(Schema):
    """An author and how many tokens they have."""

    author_address = fields.String(required=True, metadata=_WALLET)
    total_tokens = fields.Integer(required=True)


class Leaderboard(Schema):
    """The authors with the most tokens."""

    items = fields.List(fields.Nested(LeadingAuthor), required=True)
