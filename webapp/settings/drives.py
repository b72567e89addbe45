"""Users' drives at Google and Microsoft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.settings.declaration import setting, web_address
from webapp.settings.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class Drives(Web):
    """Connections to Google Drive and OneDrive. WebDAV and Nextcloud need no settings."""

    google_drive_client_id: str | None = setting(
        None,
        about="""
        The client id of an OAuth web application at Google, with the Drive API enabled and
        PUBLIC_URL/api/connections/google_drive/callback as redirect URI. Without it, users cannot
        connect Google Drive.
        """,
    )
    google_drive_client_secret: str | None = setting(
        None, secret=True, about="The secret that belongs to GOOGLE_DRIVE_CLIENT_ID."
    )
    onedrive_client_id: str | None = setting(
        None,
        about="""
        The client id of an application at Microsoft Entra, with the delegated permissions
        Files.ReadWrite and offline_access, and PUBLIC_URL/api/connections/onedrive/callback as
        redirect URI. Without it, users cannot connect OneDrive.
        """,
    )
    onedrive_client_secret: str | None = setting(
        None, secret=True, about="The secret that belongs to ONEDRIVE_CLIENT_ID."
    )
    drive_endpoint: str | None = setting(
        None,
        check=web_address,
        about="""
        An address to be called instead of Google's and Microsoft's. For tests; refused in
        production.
        """,
    )

    def mistakes(self) -> Iterator[Mistake]:
        pairs = {
            "GOOGLE_DRIVE": (self.google_drive_client_id, self.google_drive_client_secret),
            "ONEDRIVE": (self.onedrive_client_id, self.onedrive_client_secret),
        }
        for name, (client_id, client_secret) in pairs.items():
            if client_id and not client_secret:
                yield f"{name}_CLIENT_SECRET", f"missing; {name}_CLIENT_ID needs it"
            if client_id and not self.public_url:
                yield "PUBLIC_URL", "missing; drives need the address of this server"
        if self.in_production and self.drive_endpoint:
            yield "DRIVE_ENDPOINT", "only for tests; refused in production"
