"""Documents: files that are stored, read and searched."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.documents import (
    archive,
    bulk,
    documents,
    files,
    folders,
    links,
    pictures,
    presigned,
    quota,
    reading,
    receiving,
    review,
    rules,
    shares,
    sharing,
    storage,
    unlocks,
    uploads,
    versions,
)
from webapp.http.errors import Problem, invalid_input

BLUEPRINTS: Final = (
    *(uploads.uploads, documents.documents, files.files),
    *(versions.versions, unlocks.unlocks, pictures.pictures),
    *(archive.archive, bulk.bulk, presigned.presigned),
    *(folders.folders, shares.shares, links.links, quota.quota),
    *(rules.rules, review.review),
)

INSTALLS: Final = (storage.install, reading.install)

REFUSALS: Final = {
    "quotas_are_kept": receiving.quota_exceeded,
    "folders_parent_exists": invalid_input(("parent_id", "There is no such folder here.")),
    "folders_name_is_unique_in_its_folder": Problem(
        409, "folder_exists", "Another folder in the same place has this name."
    ),
    "folders_form_a_tree": Problem(
        409, "folder_in_itself", "A folder cannot be moved into itself or a folder in it."
    ),
    "folders_are_at_most_32_deep": Problem(
        409, "folders_too_deep", "Folders can be nested 32 levels deep."
    ),
    "documents_version_is_theirs": Problem(
        409,
        "current_version",
        "The current version cannot be removed; make another one current first.",
    ),
    "rules_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
    "rules_have_a_condition": invalid_input(
        *(
            (field, "Give at least one of these conditions.")
            for field in ("phrases", "addresses", "source_types", "with_tags")
        )
    ),
    "rules_for_documents_have_nothing_of_items": invalid_input(
        ("applies_to", "Conditions and actions that only items have need `items`.")
    ),
    "rules_for_items_have_nothing_of_documents": invalid_input(
        ("applies_to", "Only documents have a category and a correspondent.")
    ),
    "shares_are_with_somebody_outside": invalid_input(
        ("handle", "This user already has the whole workspace.")
    ),
    "shares_allow_what_their_level_says": sharing.refused,
    "documents_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
}
