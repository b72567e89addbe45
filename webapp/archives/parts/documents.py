"""Documents: their versions with the files, their texts, tags and suggestions.

A text is in the archive because it cannot always be made anew: it may take OCR that is not
installed elsewhere, or a password that nobody keeps; and a document that is read again would be
changed. Words for the search, pictures of pages and what was learned from documents are made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.archives.checks import checked
from webapp.archives.part import Inner, Part
from webapp.schemas.documents.documents import metadata_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.archives.part import Place


def _places(row: dict[str, Any]) -> Iterator[Place]:
    """What is suggested for the field of the folder is the id of one."""
    for suggestion in row["suggestions"]:
        if suggestion.get("field") == "folder_id":
            yield suggestion, "value", "folders"
    if row.get("text"):
        yield row["text"], "version_id", "versions"


def _check(row: dict[str, Any]) -> None:
    """Metadata is as small as the API wants it."""
    checked("metadata", row.get("metadata"), metadata_object())


PART: Final = Part(
    name="documents",
    tables=(
        *("documents", "document_versions", "document_texts", "document_tags"),
        "suggestions",
    ),
    permission="workspace:documents:read",
    batch=50,
    read=queries.archived_documents.read,
    taken=queries.archived_documents.taken,
    add=queries.archived_documents.add,
    references={"folder_id": "folders", "version_id": "versions", "tags.id": "tags"},
    required=frozenset({"version_id"}),
    places=_places,
    check=_check,
    inner={
        "history": Inner(queries.archived_documents.taken_versions, "versions"),
        "suggestions": Inner(queries.archived_items.taken_suggestions),
    },
    has_files=True,
)
