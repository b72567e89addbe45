"""Documents: files that are stored, read and searched."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.documents import (
    archive,
    bulk,
    documents,
    files,
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
    *(shares.shares, links.links, quota.quota),
    *(rules.rules, review.review),
)

INSTALLS: Final = (storage.install, reading.install)

REFUSALS: Final = {
    "quotas_are_kept": receiving.quota_exceeded,
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
