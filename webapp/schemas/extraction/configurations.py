"""Configurations: what is extracted from a type of documents."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import PageArguments, page_of, text
from webapp.schemas.extraction.configuration_bodies import ConfigurationBody

STATUSES: Final = ("draft", "active", "retired")

_DOCUMENT_TYPE: Final = {
    "description": "The category of the documents that it is for, in any case.",
    "example": "invoice",
}


def _title(**more: Any) -> Any:
    return text(1, 200, allow_none=True, metadata={"example": "With VAT numbers"}, **more)


class NewConfiguration(Schema):
    """A version to be made."""

    document_type = text(1, 100, required=True, metadata=_DOCUMENT_TYPE)
    title = _title(load_default=None)
    body = fields.Nested(ConfigurationBody, load_default=dict)


class ConfigurationChange(Schema):
    """What is to be changed."""

    title = _title()
    body = fields.Nested(ConfigurationBody)

    @validates_schema
    def _changes_something(self, change: dict[str, Any], **_: Any) -> None:
        if not change:
            raise ValidationError("Change something.", "body")


class ProposalArguments(Schema):
    """What a configuration is proposed from."""

    document_id = fields.UUID(required=True)
    document_type = text(
        1, 100, load_default=None, metadata={"description": "By default the document's category."}
    )


class ConfigurationArguments(PageArguments):
    """Which configurations are listed."""

    document_type = text(1, 100, load_default=None)
    status = fields.String(load_default=None, allow_none=False, validate=validate.OneOf(STATUSES))
    is_active = fields.Boolean(load_default=None, allow_none=False)


class Configuration(Schema):
    """A version of what is extracted from a type of documents."""

    id = fields.UUID(required=True)
    document_type = fields.String(required=True, metadata=_DOCUMENT_TYPE)
    version = fields.Integer(
        required=True, metadata={"description": "Versions of a type count from 1."}
    )
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    is_active = fields.Boolean(
        required=True, metadata={"description": "At most one version of a type is."}
    )
    title = fields.String(required=True, allow_none=True)
    body = fields.Nested(ConfigurationBody, required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    activated_at = fields.DateTime(required=True, allow_none=True)


ConfigurationPage = page_of(Configuration)
