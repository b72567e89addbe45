"""Several documents as one archive."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validates_schema

from webapp.schemas.common import ShortList

_MOST_AT_ONCE: Final = 500


class _Ids(fields.Field[Any]):
    """Ids in an address, separated by commas."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        ids = [each for each in str(value).split(",") if each]
        return ShortList(fields.UUID(), most=_MOST_AT_ONCE).deserialize(ids, *args, **kwargs)


class ArchiveArguments(Schema):
    """Which documents: some of them, or those of a folder."""

    ids = _Ids(
        load_default=None,
        metadata={
            "type": "string",
            "description": f"Up to {_MOST_AT_ONCE} ids, separated by commas.",
        },
    )
    folder_id = fields.UUID(load_default=None)

    @validates_schema
    def _names_one(self, asked: dict[str, Any], **_: Any) -> None:
        if (asked["ids"] is None) == (asked["folder_id"] is None):
            raise ValidationError("Give either ids or a folder_id.", "ids")


class ArchiveOfSeveral(Schema):
    """Some documents."""

    ids = ShortList(fields.UUID(), most=_MOST_AT_ONCE, required=True)
