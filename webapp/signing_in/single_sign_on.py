"""Finds the account for an identity from a single sign-on provider.

The rules, in order:

1. An identity that the provider has signed in before is the same user again.
2. An address verified by the provider links to the account that has it, if the account has verified
   it too; its owner is told by mail. An account that has not verified the address is not touched:
   it may have been created to catch somebody else's log-in.
3. If no account has the address, one is created, if the provider may bring new users.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access import audit
from webapp.http.errors import Problem
from webapp.http.installed import Installed, settings
from webapp.identity.ids import new_handle
from webapp.rules.mail_address import address_of
from webapp.signing_in import sign_in
from webapp.signing_in.notices import notify

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Flask

    from sql.connection import Connection
    from webapp.clients.oidc.client import Client
    from webapp.clients.oidc.contract import Identity
    from webapp.settings.identity import SsoProvider

clients: Final[Installed[dict[str, Client]]] = Installed("sso_clients")
_lock: Final = Lock()


def install(app: Flask) -> None:
    """Give the app a place for its clients, which are created when needed."""
    clients.install(app, {})


def client_of(provider: SsoProvider) -> Client:
    """The provider's client, of which each process has one."""
    from webapp.clients.oidc import client, contract

    with _lock:
        made = clients()
        if provider.name not in made:
            known = contract.Provider(
                provider.name, provider.issuer, provider.client_id, provider.client_secret
            )
            made[provider.name] = client.Client(known, allow_http=not settings().in_production)
        return made[provider.name]


def account_of(conn: Connection, provider: SsoProvider, identity: Identity) -> sign_in.Account:
    """The account, by the rules above. Raises Problem 403 and 409."""
    found = _find(conn, provider, identity)
    if found is None:
        _link(conn, provider, identity)
        found = _find(conn, provider, identity)
        if found is None:
            raise Problem(
                409, "sso_conflict", "The account was changed in the meantime; try again."
            )
    if found["is_disabled"]:
        raise sign_in.disabled()
    return sign_in.Account(found["id"], found["workspace_id"], found["has_totp"])


def _find(conn: Connection, provider: SsoProvider, identity: Identity) -> dict[str, Any] | None:
    found: dict[str, Any] | None = queries.identities.find(
        conn, provider=provider.name, subject=identity.subject
    )
    return found


def _link(conn: Connection, provider: SsoProvider, identity: Identity) -> None:
    email = address_of(identity.email or "")
    if email is None or not identity.email_verified:
        raise Problem(
            403,
            "sso_email_not_verified",
            "The provider has not verified your address, so it cannot tell which account is yours.",
        )
    account = queries.users.find_by_email(conn, email=email)
    if account is None:
        user_id = _create(conn, provider, identity, email)
    elif not account["is_verified"]:
        raise Problem(
            409,
            "account_not_verified",
            "An account has this address but has not confirmed it: reset its password by mail, "
            "then sign in with the provider again.",
        )
    else:
        user_id = account["id"]
    # A user has one identity at each provider.
    queries.identities.link(
        conn,
        provider=provider.name,
        subject=identity.subject,
        user_id=user_id,
        email=email,
    )
    if account is not None:
        audit.record(
            conn,
            "sso.linked",
            actor=f"user:{user_id}",
            user_id=user_id,
            provider=provider.name,
        )
        notify(
            conn,
            "provider_linked",
            user_id=user_id,
            email=account["email"],
            provider=provider.name,
        )


def _create(conn: Connection, provider: SsoProvider, identity: Identity, email: str) -> UUID:
    if not provider.sign_up:
        raise Problem(403, "registration_closed", "Registration is closed; ask for an invitation.")
    user = queries.users.create(
        conn,
        handle=new_handle(),
        email=email,
        is_verified=True,
        name=(identity.name or "")[:100] or None,
        password_hash=None,
        is_admin=False,
    )
    if user is None:
        raise Problem(409, "sso_conflict", "The account was made in the meantime; try again.")
    user_id: UUID = user["id"]
    audit.record(
        conn,
        "user.registered",
        actor=f"user:{user_id}",
        user_id=user_id,
        method=f"sso:{provider.name}",
    )
    return user_id
