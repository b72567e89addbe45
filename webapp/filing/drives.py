"""Opens users' connections to drives.

Credentials are encrypted with a key of each connection's own, and in memory only while it is open.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from sql import queries
from webapp.clients.drives.contract import AccessLost, segments_of
from webapp.clients.public.gate import Gate
from webapp.identity.keyring import Keyring, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.drives.contract import Drive
    from webapp.settings import Settings

    Credentials = dict[str, Any]

# Providers whose paths are made of names.
_BY_NAMES: Final = frozenset({"webdav", "nextcloud"})


class Drives:
    """Opens connections. `transaction` opens a short transaction in somebody's name."""

    def __init__(
        self, settings: Settings, transaction: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._keyring = Keyring(settings.secret_key, settings.secret_keys_former)
        self._gate = Gate(allow_loopback=settings.fetch_allow_loopback)
        self._transaction = transaction

    def seal(self, user_id: UUID, connection_id: UUID, credentials: Credentials) -> bytes:
        """Credentials in the form in which they are stored."""
        return self._keyring.encrypt(
            _purpose(user_id, connection_id), json.dumps(credentials).encode()
        )

    def unseal(self, row: Mapping[str, Any]) -> Credentials:
        """The stored credentials of a connection. Raises AccessLost if they were encrypted with a
        key that is gone."""
        try:
            opened = self._keyring.decrypt(
                _purpose(row["user_id"], row["id"]), bytes(row["credentials"])
            )
        except Unreadable:
            raise AccessLost(
                "The credentials of this connection can no longer be read; enter them again."
            ) from None
        credentials: Credentials = json.loads(opened)
        return credentials

    def open(self, row: Mapping[str, Any]) -> Drive:
        """A connection with its stored credentials, to be closed by the caller. Raises
        DriveError."""
        self._renew(row)
        return self.open_with(row["provider"], row["base_url"], self.unseal(row))

    def open_with(self, provider: str, base_url: str, credentials: Credentials) -> Drive:
        """A drive of a provider that takes a password. Raises DriveError `address`."""
        from webapp.clients.drives.webdav import WebDavDrive

        user = credentials["user"]
        if provider == "nextcloud" and "/remote.php/" not in base_url:
            base_url = f"{base_url.rstrip('/')}/remote.php/dav/files/{quote(user, safe='')}"
        return WebDavDrive(base_url, user, credentials["password"], self._gate)

    def _renew(self, row: Mapping[str, Any]) -> None:
        """After a change of SECRET_KEY: encrypt with the new one, so that the former can go."""
        try:
            renewed = self._keyring.renewed(
                _purpose(row["user_id"], row["id"]), bytes(row["credentials"])
            )
        except Unreadable:
            return
        if renewed is not None:
            with self._transaction() as conn:
                queries.connections.seal(
                    conn, id=row["id"], credentials=renewed, before=row["credentials"]
                )


def check_path(provider: str, path: str) -> None:
    """Raise DriveError `invalid_path` unless this could be a path on such a drive."""
    if provider in _BY_NAMES:
        segments_of(path)


def _purpose(user_id: UUID, connection_id: UUID) -> str:
    return f"connection {user_id} {connection_id}"
