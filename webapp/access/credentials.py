"""The tools that create and check credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.http.installed import Installed
from webapp.identity.keyring import Keyring

if TYPE_CHECKING:
    from flask import Flask

    from webapp.identity.access_tokens import AccessTokens
    from webapp.identity.passwords import Passwords
    from webapp.settings import Settings

keyring: Final[Installed[Keyring]] = Installed("keyring")
passwords: Final[Installed[Passwords]] = Installed("passwords")
access_tokens: Final[Installed[AccessTokens]] = Installed("access_tokens")


def install(app: Flask, settings: Settings) -> None:
    """Give the app its keys, its password hasher and its issuer of access tokens."""
    from webapp.identity.access_tokens import AccessTokens
    from webapp.identity.passwords import Passwords

    keys = keyring.install(app, Keyring(settings.secret_key, settings.secret_keys_former))
    passwords.install(
        app,
        Passwords(
            memory_kib=settings.argon2_memory_kib,
            time_cost=settings.argon2_time_cost,
            parallelism=settings.argon2_parallelism,
        ),
    )
    access_tokens.install(
        app,
        AccessTokens(
            keys,
            issuer=settings.public_url or "coffer",
            seconds=settings.access_token_minutes * 60,
        ),
    )
