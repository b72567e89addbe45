"""Tokens sent by mail: to confirm a registration, to reset a password, to join a workspace, to
keep an account, to change an address or take that back.

Each is derived from the server's key and the id of its row, so that the worker that writes the mail
can recompute it: the database only has its hash.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from uuid import UUID

    from webapp.identity.keyring import Keyring

Purpose = Literal[
    "registration",
    "password_reset",
    "invitation",
    "account_deletion",
    "email_change",
    "email_change_undo",
]

_PREFIX: Final = "cfm_"


def mail_tokens(keyring: Keyring, purpose: Purpose, row_id: UUID) -> list[str]:
    """The token of a row, with the current key and with each former one."""
    return [
        _PREFIX + urlsafe_b64encode(mac).decode().rstrip("=")
        for mac in keyring.macs(f"{purpose} by mail", row_id.bytes)
    ]
