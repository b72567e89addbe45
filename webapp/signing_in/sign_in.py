"""The end of every way of signing in: a session, with its tokens or a ticket for the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access import audit, cookies
from webapp.access.credentials import access_tokens, keyring
from webapp.http import client_address
from webapp.http.answers import answer
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.identity.ids import new_id
from webapp.identity.keyring import digest
from webapp.identity.session_tokens import RefreshToken, csrf_token, new_ticket

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

    from sql.connection import Connection

# How long the second step of a log-in may wait for its code.
TICKET_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Account:
    """Who is about to be signed in."""

    id: UUID
    workspace_id: UUID
    has_totp: bool
    password_hash: str | None = None  # what the password was compared with, if there was one


class AccountChanged(Problem):
    """The account has changed since it was checked: it was disabled, or has a new password or a new
    hash."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "invalid_credentials",
            "The account was changed in the meantime; try again.",
            headers={"WWW-Authenticate": "Bearer"},
        )


def lifetime() -> timedelta:
    """How long a session lasts after its last refresh."""
    return timedelta(days=settings().session_days)


def begin(conn: Connection, account: Account, *, method: str, with_cookie: bool) -> Response:
    """Start a session for somebody who is authenticated: 200 with its tokens; 202 with a ticket if
    the account has a second factor."""
    session_id = new_id()
    token = RefreshToken.make(keyring(), session_id, 0)
    ticket = new_ticket(session_id)
    secret, status, lasts = (
        (ticket, "awaiting_totp", timedelta(seconds=TICKET_SECONDS))
        if account.has_totp
        else (str(token), "active", lifetime())
    )
    started = queries.sessions.start(
        conn,
        id=session_id,
        password_hash=account.password_hash,
        user_id=account.id,
        workspace_id=account.workspace_id,
        status=status,
        token_hash=digest(secret),
        method=method,
        has_cookie=with_cookie,
        address=client_address.address(),
        network=client_address.network(),
        user_agent=client_address.user_agent(),
        lifetime=lasts,
    )
    if not started:
        raise AccountChanged
    if account.has_totp:
        body = {"totp_required": True, "ticket": ticket, "expires_in": TICKET_SECONDS}
        response = answer(body, 202)
        response.headers["Cache-Control"] = "no-store"
        return response
    succeeded(conn, account.id, session_id, method=method)
    return tokens(account.id, token, with_cookie=with_cookie)


def succeeded(conn: Connection, user_id: UUID, session_id: UUID, **details: Any) -> None:
    """Record the log-in in the audit log."""
    audit.record(
        conn,
        "login.succeeded",
        actor=f"user:{user_id}",
        user_id=user_id,
        session_id=str(session_id),
        **details,
    )


def tokens(user_id: UUID, token: RefreshToken, *, with_cookie: bool) -> Response:
    """A session's tokens; with a cookie, the refresh token is only in that."""
    issuing = access_tokens()
    response = answer(
        {
            "access_token": issuing.issue(user_id, token.session_id),
            "token_type": "Bearer",
            "expires_in": issuing.seconds,
            "refresh_token": None if with_cookie else str(token),
            "csrf_token": csrf_token(keyring(), token.session_id) if with_cookie else None,
        }
    )
    response.headers["Cache-Control"] = "no-store"
    if with_cookie:
        cookies.give(response, token)
    return response


def disabled() -> Problem:
    """Only shown to a user who has authenticated."""
    return Problem(403, "account_disabled", "This account is disabled; ask an admin.")
