"""Ways in and out besides uploads: drives of users elsewhere, and mail."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.drives import (
    authorizations,
    connections,
    inboxes,
    opening,
    received_mails,
    transfers,
    watches,
)
from webapp.http.errors import Problem, invalid_input

BLUEPRINTS: Final = (
    *(connections.connections, authorizations.authorizations),
    *(transfers.transfers, watches.watches),
    *(inboxes.inboxes, received_mails.received_mails),
)

INSTALLS: Final = (opening.install,)

REFUSALS: Final = {
    "inboxes_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
    "watches_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
    "watches_folder_is_watched_once": Problem(
        409, "already_watched", "This folder of the drive is watched already."
    ),
    "transfers_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
}
