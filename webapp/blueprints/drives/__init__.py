"""Drives of users elsewhere: connections to them, and files on their way."""

from __future__ import annotations

from typing import Final

from webapp.blueprints.drives import connections, opening, transfers
from webapp.http.errors import invalid_input

BLUEPRINTS: Final = (connections.connections, transfers.transfers)

INSTALLS: Final = (opening.install,)

REFUSALS: Final = {
    "transfers_folder_exists": invalid_input(("folder_id", "There is no such folder here.")),
}
