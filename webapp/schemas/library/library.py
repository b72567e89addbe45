"""The library and the trash, and bulk changes of items."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.schemas.common import PageArguments, SeveralIds, page_of, tag, text
from webapp.schemas.library.items import (
    ACTIONS,
    ItemInList,
    OfFolder,
    folder_ids,
    of_document,
    tag_names,
)


class LibraryArguments(OfFolder, PageArguments):
    """Which items."""

    q = text(1, 200, load_default=None, metadata={"description": "In the title or the summary."})
    tag = tag(load_default=None, metadata={"description": "Case is ignored."})
    is_read = fields.Boolean(load_default=None)
    is_favourite = fields.Boolean(load_default=None)
    document_id = of_document()


LibraryPage = page_of(ItemInList)


class ItemsChange(SeveralIds):
    """A change to several items, as to one of them."""

    action = fields.String(load_default=None, validate=validate.OneOf(ACTIONS))
    add_tags = tag_names("Names of tags to attach.")
    remove_tags = tag_names("Names of tags to remove.")
    add_folder_ids = folder_ids(load_default=list, metadata={"description": "To put them into."})
    remove_folder_ids = folder_ids(
        load_default=list, metadata={"description": "To take them out of."}
    )

    @validates_schema
    def does_something(self, change: dict[str, Any], **_: Any) -> None:
        if not any(value for name, value in change.items() if name != "ids"):
            raise ValidationError("Give an action, or tags or folders to add or remove.", "action")
