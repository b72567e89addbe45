"""Opens users' connections to drives.

Credentials are encrypted with a key of each connection's own, and in memory only while it is open.
"""

from __future__ import annotations

import json
import time
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from sql import queries
from webapp.clients.drives.contract import AccessLost, Drive, DriveError, segments_of
from webapp.clients.drives.imap_names import check_name
from webapp.clients.public.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.drives.contract import Folders
    from webapp.clients.drives.imap import Mailbox
    from webapp.clients.drives.oauth import OAuthApp, Tokens
    from webapp.clients.drives.rest import Token
    from webapp.settings import Settings

    Credentials = dict[str, Any]

# Providers whose paths are made of names.
_BY_NAMES: Final = frozenset({"webdav", "nextcloud", "onedrive"})
_NAMES: Final = {"google_drive": "Google Drive", "onedrive": "OneDrive"}
_ADDRESSES: Final = {
    "google_drive": (
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
    ),
    "onedrive": (
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    ),
}
# Of Google: to read everything, and to write what was made here.
_SCOPES: Final = {
    "google_drive": (
        "https://www.googleapis.com/auth/drive.readonly",
        "https://www.googleapis.com/auth/drive.file",
    ),
    "onedrive": ("Files.ReadWrite", "offline_access"),
}
# Of IMAP: with TLS from the start, and with STARTTLS.
_MAIL_PORTS: Final = (993, 143)
# Seconds before its end at which a token is no longer used.
_MARGIN: Final = 60.0


class AuthorizedDrive(Drive, Protocol):
    """A drive of a provider that gives tokens."""

    def account(self) -> str | None:
        """What the user recognises the account by. Raises DriveError."""
        ...


class Drives:
    """Opens connections. `transaction` opens a short transaction in somebody's name."""

    def __init__(
        self, settings: Settings, transaction: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        from webapp.identity.keyring import Keyring

        self._settings = settings
        self._keyring = Keyring(settings.secret_key, settings.secret_keys_former)
        self._gate = Gate(allow_loopback=settings.fetch_allow_loopback)
        self._mail_gate = Gate(allow_loopback=settings.fetch_allow_loopback, ports=_MAIL_PORTS)
        self._transaction = transaction

    def seal(self, user_id: UUID, connection_id: UUID, credentials: Credentials) -> bytes:
        """Credentials in the form in which they are stored."""
        return self._keyring.encrypt(
            _purpose(user_id, connection_id), json.dumps(credentials).encode()
        )

    def unseal(self, row: Mapping[str, Any]) -> Credentials:
        """The stored credentials of a connection. Raises AccessLost if they were encrypted with a
        key that is gone."""
        from webapp.identity.keyring import Unreadable

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
        app = app_of(self._settings, row["provider"])
        if app is not None:
            return self.open_authorized(row["provider"], SharedToken(self, app, row))
        if row["base_url"] is None:
            raise DriveError("This provider is not configured here any more.", code="refused")
        check_has_files(row["provider"])
        return self._open_webdav(row["provider"], row["base_url"], self.unseal(row))

    def open_mailbox(self, row: Mapping[str, Any]) -> Mailbox:
        """A connection to a mailbox with its stored credentials, to be closed by the caller. Raises
        DriveError."""
        self._renew(row)
        return self._open_imap(row["base_url"], self.unseal(row))

    def browse(self, row: Mapping[str, Any]) -> Folders:
        """A connection of either kind, to look into its folders; to be closed by the caller. Raises
        DriveError."""
        return self.open_mailbox(row) if is_mailbox(row["provider"]) else self.open(row)

    def open_authorized(self, provider: str, token: Token) -> AuthorizedDrive:
        """A drive of a provider that gives tokens."""
        from webapp.clients.drives.google import BASE as GOOGLE
        from webapp.clients.drives.google import GoogleDrive
        from webapp.clients.drives.graph import BASE as GRAPH
        from webapp.clients.drives.graph import OneDrive

        instead = self._settings.drive_endpoint
        if provider == "google_drive":
            return GoogleDrive(token, base=instead or GOOGLE)
        return OneDrive(token, self._gate, base=instead or GRAPH)

    def transaction(self) -> AbstractContextManager[Connection]:
        """A short transaction in the name of whoever opens drives."""
        return self._transaction()

    def open_with(self, provider: str, base_url: str, credentials: Credentials) -> Folders:
        """A drive or mailbox that takes a password. Raises DriveError `address`."""
        if is_mailbox(provider):
            return self._open_imap(base_url, credentials)
        return self._open_webdav(provider, base_url, credentials)

    def _open_imap(self, base_url: str, credentials: Credentials) -> Mailbox:
        from webapp.clients.drives.imap import Mailbox

        return Mailbox(base_url, credentials["user"], credentials["password"], self._mail_gate)

    def _open_webdav(self, provider: str, base_url: str, credentials: Credentials) -> Drive:
        from webapp.clients.drives.webdav import WebDavDrive

        user = credentials["user"]
        if provider == "nextcloud" and "/remote.php/" not in base_url:
            base_url = f"{base_url.rstrip('/')}/remote.php/dav/files/{quote(user, safe='')}"
        return WebDavDrive(base_url, user, credentials["password"], self._gate)

    def _renew(self, row: Mapping[str, Any]) -> None:
        """After a change of SECRET_KEY: encrypt with the new one, so that the former can go."""
        from webapp.identity.keyring import Unreadable

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


class SharedToken:
    """The access token of a connection, which all processes that use it share: it is refreshed with
    the connection's row locked, because most providers take a refresh token only once."""

    def __init__(self, drives: Drives, app: OAuthApp, row: Mapping[str, Any]) -> None:
        self._drives = drives
        self._app = app
        self._row = row
        self._lock = Lock()
        self._credentials = drives.unseal(row)

    def __call__(self, rejected: str | None = None) -> str:
        with self._lock:
            if not _is_good(self._credentials, rejected):
                self._credentials = self._shared(rejected)
            return str(self._credentials["access_token"])

    def _shared(self, rejected: str | None) -> Credentials:
        from webapp.clients.drives import oauth

        with self._drives.transaction() as conn:
            held = queries.connections.hold(conn, id=self._row["id"])
            if held is None:
                raise AccessLost("The connection was removed.")
            credentials = self._drives.unseal({**self._row, **held})
            if _is_good(credentials, rejected):
                return credentials  # another process was quicker
            tokens = oauth.refresh(self._app, credentials["refresh_token"])
            credentials = credentials_of(tokens, credentials)
            queries.connections.seal(
                conn,
                id=self._row["id"],
                credentials=self._drives.seal(self._row["user_id"], self._row["id"], credentials),
                before=held["credentials"],
            )
        return credentials


def credentials_of(tokens: Tokens, before: Mapping[str, Any] | None = None) -> Credentials:
    """Tokens in the form in which they are sealed."""
    former = before["refresh_token"] if before else None
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or former,
        "expires_at": tokens.expires_at,
    }


def _is_good(credentials: Credentials, rejected: str | None) -> bool:
    is_another = credentials["access_token"] != rejected
    return is_another and float(credentials["expires_at"]) - _MARGIN > time.time()


def app_of(settings: Settings, provider: str) -> OAuthApp | None:
    """What Coffer is registered as with a provider; None for one without tokens, or if it is not
    registered."""
    client_id, client_secret = {
        "google_drive": (settings.google_drive_client_id, settings.google_drive_client_secret),
        "onedrive": (settings.onedrive_client_id, settings.onedrive_client_secret),
    }.get(provider, (None, None))
    if not client_id or not client_secret:
        return None
    from webapp.clients.drives.oauth import OAuthApp

    authorize_url, token_url = _ADDRESSES[provider]
    if settings.drive_endpoint:
        authorize_url, token_url = (
            f"{settings.drive_endpoint}/{it}" for it in ("authorize", "token")
        )
    return OAuthApp(
        provider=_NAMES[provider],
        authorize_url=authorize_url,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        scopes=_SCOPES[provider],
        # Without these, Google gives no refresh token.
        more={"access_type": "offline", "prompt": "consent"} if provider == "google_drive" else {},
    )


def is_mailbox(provider: str) -> bool:
    """Whether it has messages instead of files."""
    return provider == "imap"


def check_has_files(provider: str) -> None:
    """Raise DriveError `refused` for a mailbox."""
    if is_mailbox(provider):
        raise DriveError("A mailbox has no files. Watch one of its folders.", code="refused")


def check_path(provider: str, path: str) -> None:
    """Raise DriveError `invalid_path` unless this could be a path on such a drive."""
    if provider in _BY_NAMES:
        segments_of(path)
    elif is_mailbox(provider):
        check_name(path)


def _purpose(user_id: UUID, connection_id: UUID) -> str:
    return f"connection {user_id} {connection_id}"
