"""Documents: files that are stored, read and searched."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.documents import (
    archive,
    bulk,
    documents,
    files,
    linked_files,
    linked_items,
    links,
    pictures,
    presigned,
    quota,
    reading,
    receiving,
    review,
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
    *(shares.shares, links.links, linked_files.linked_files, linked_items.linked_items),
    *(quota.quota, review.review),
)

INSTALLS: Final = (storage.install, reading.install)

REFUSALS: Final = {
    "quotas_are_kept": receiving.quota_exceeded,
    "documents_version_is_theirs": Problem(
        409,
        "current_version",
        "The current version cannot be removed; make another one current first.",
    ),
    "shares_are_with_somebody_outside": invalid_input(
        ("handle", "This user already has the whole workspace.")
    ),
    "shares_allow_what_their_level_says": sharing.refused,
    "documents_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
}
