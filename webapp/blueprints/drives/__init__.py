"""Drives of users elsewhere: connections to them, and files on their way."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.drives import authorizations, connections, opening, transfers, watches
from webapp.http.errors import Problem, invalid_input

BLUEPRINTS: Final = (
    *(connections.connections, authorizations.authorizations),
    *(transfers.transfers, watches.watches),
)

INSTALLS: Final = (opening.install,)

REFUSALS: Final = {
    "watches_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
    "watches_folder_is_watched_once": Problem(
        409, "already_watched", "This folder of the drive is watched already."
    ),
    "transfers_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
}
