"""AI providers that are assigned."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import MAX_URL, text, web_address

KINDS: Final = ("chat_completions", "embedded")
ORIGINS: Final = ("workspace", "everybody", "settings", "nowhere")

_KIND: Final = (
    "`chat_completions`: an endpoint that speaks OpenAI's chat completions. `embedded`: no AI, and "
    "nothing is sent anywhere; what can be is found in the text itself."
)


class NewAIProvider(Schema):
    """The AI provider to use from now on."""

    kind = fields.String(
        required=True, validate=validate.OneOf(KINDS), metadata={"description": _KIND}
    )
    url = fields.String(
        load_default=None,
        validate=[validate.Length(max=MAX_URL), web_address],
        metadata={
            "description": "Public, and must begin with https://. It is shown again: put no secret "
            "in it.",
            "example": "https://api.example.com/v1",
        },
    )
    model = text(
        *(1, 200),
        load_default=None,
        metadata={"description": "The endpoint's name for it.", "example": "gpt-5-mini"},
    )
    api_key = fields.String(
        allow_none=True,
        load_only=True,
        validate=validate.Regexp(
            r"[\x21-\x7e]{1,1000}\Z", error="Must be 1 to 1,000 characters of ASCII, no spaces."
        ),
        metadata={
            "format": "password",
            "description": "Stored encrypted, and never shown. Left out, a key that is stored for "
            "this url stays; null is none.",
        },
    )

    @validates_schema(skip_on_field_errors=True)
    def _is_whole(self, new: dict[str, Any], **_: object) -> None:
        if new["kind"] == "embedded":
            wrong = [name for name in ("url", "model", "api_key") if new.get(name) is not None]
            said = "The embedded provider takes none."
        else:
            wrong = [name for name in ("url", "model") if new.get(name) is None]
            said = "Missing data for required field."
        if wrong:
            raise ValidationError({name: [said] for name in wrong})


class AIProvider(Schema):
    """The AI provider that is used. Its key is never shown."""

    origin = fields.String(
        required=True,
        validate=validate.OneOf(ORIGINS),
        metadata={
            "description": "Where it is named: assigned to this `workspace` or to `everybody`, in "
            "the server's `settings`, or `nowhere`: then it is the embedded one."
        },
    )
    kind = fields.String(
        required=True, validate=validate.OneOf(KINDS), metadata={"description": _KIND}
    )
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Only of the one that is assigned here."},
    )
    model = fields.String(required=True, allow_none=True)
    has_api_key = fields.Boolean(required=True)
    updated_at = fields.DateTime(required=True, allow_none=True)


class AIProviderTrial(Schema):
    """What came of asking the AI provider that is used."""

    origin = fields.String(required=True, validate=validate.OneOf(ORIGINS))
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    model = fields.String(required=True, allow_none=True)
    seconds = fields.Float(
        required=True,
        allow_none=True,
        metadata={
            "description": "How long the answer took; null for the embedded provider, which asks "
            "nobody."
        },
    )
