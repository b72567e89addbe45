"""Changes to several documents at once."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.schemas.common import SeveralIds, ShortList, tag, text

_ACTIONS: Final = ("discard", "restore", "retry", "reprocess", "purge")
_MOST_TAGS: Final = 20


def _tags(description: str) -> ShortList:
    return ShortList(
        tag(), most=_MOST_TAGS, load_default=list, metadata={"description": description}
    )


class DocumentsChange(SeveralIds):
    """A change to several documents, as to one of them; null clears a field."""

    action = fields.String(load_default=None, validate=validate.OneOf(_ACTIONS))
    folder_id = fields.UUID(
        allow_none=True, metadata={"description": "Where to move them; null: out of all folders."}
    )
    category = text(1, 100, allow_none=True)
    add_tags = _tags("Names of tags to attach.")
    remove_tags = _tags("Names of tags to remove.")

    @validates_schema
    def _does_something(self, change: dict[str, Any], **_: Any) -> None:
        tags = change["add_tags"] + change["remove_tags"]
        edits = tags or {"folder_id", "category"} & change.keys()
        if change["action"] is None and not edits:
            raise ValidationError("Give an action, or something to change.", "action")
        if change["action"] in ("discard", "purge") and edits:
            raise ValidationError("Send either this action or changes, not both.", "action")
