"""Documents: files that are stored, read, classified, found and shared."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.documents import documents, files, quota, receiving, storage
from webapp.http.errors import invalid_input

BLUEPRINTS: Final = (documents.documents, files.files, quota.quota)

INSTALLS: Final = (storage.install,)


REFUSALS: Final = {
    "quotas_are_kept": receiving.quota_exceeded,
    "documents_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
}
