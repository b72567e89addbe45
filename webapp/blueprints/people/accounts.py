"""Accounts over HTTP: register, change, forget and reset the password."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import keyring, passwords
from webapp.access.limits import SIGN_INS
from webapp.http import client_address
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input
from webapp.http.installed import settings
from webapp.identity.ids import new_handle, new_id
from webapp.identity.keyring import digest
from webapp.identity.passwords import weakness
from webapp.mails.tokens import mail_tokens
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.people.accounts import (
    Account,
    AccountChange,
    Confirmation,
    Forgotten,
    MailSent,
    PasswordChange,
    PasswordReset,
    Registration,
)
from webapp.signing_in import attempts, mail_allowances
from webapp.signing_in.notices import notify
from webapp.signing_in.reauthentication import reauthenticate
from webapp.signing_in.revocation import end_all

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

REGISTRATION_HOURS: Final = 24
RESET_MINUTES: Final = 60

accounts = Blueprint("accounts", __name__, url_prefix="/api/auth", description="Your account.")


@accounts.post("/register")
@permit(PUBLIC, limit=SIGN_INS)
@accounts.arguments(Registration)
@accounts.response(202, MailSent)
def register(new: dict[str, Any]) -> Response:
    """Register

    A mail says what to do next. The answer is the same whether or not the address has an account.
    """
    if not settings().registration_enabled and not _is_invited(new):
        raise Problem(403, "registration_closed", "Registration is closed; ask for an invitation.")
    _refuse_weak(new["password"], new["email"], new["name"])
    wait = mail_allowances.registration(new["email"])
    registration_id = new_id()
    values = {
        "email": new["email"],
        "name": new["name"],
        "password_hash": passwords().hash(new["password"]),
        "token_hash": digest(mail_tokens(keyring(), "registration", registration_id)[0]),
    }
    if wait is not None:
        with transaction() as conn:
            mail_id = queries.registrations.create(
                conn, id=registration_id, lifetime=timedelta(hours=REGISTRATION_HOURS), **values
            )
            queries.mails.put_off(conn, id=mail_id, wait=wait)
    return answer({"status": "see_your_mail"}, 202)


@accounts.post("/confirm")
@permit(PUBLIC, limit=SIGN_INS)
@accounts.arguments(Confirmation)
@accounts.response(201, Account)
def confirm(given: dict[str, Any]) -> Response:
    """Confirm a registration with the token of its mail

    The password chosen at registration is needed again: it shows that the reader of the mail is the
    person who registered.
    """
    with connection() as conn:
        registration = queries.registrations.find(conn, token_hash=digest(given["token"]))
    if registration is None:
        raise _invalid_token()
    with attempts.registration(registration["id"]):
        if not passwords().verify(registration["password_hash"], given["password"]):
            raise Problem(
                403, "wrong_password", "This is not the password chosen when registering."
            )
    with transaction() as conn:
        if queries.registrations.use(conn, id=registration["id"]) is None:
            raise _invalid_token()
        user = queries.users.create(
            conn,
            handle=new_handle(),
            email=registration["email"],
            is_verified=True,
            name=registration["name"],
            password_hash=registration["password_hash"],
            is_admin=False,
        )
        if user is None:
            raise Problem(409, "account_exists", "This address already has an account; log in.")
        audit.record(
            conn, "user.registered", actor=f"user:{user['id']}", user_id=user["id"], method="mail"
        )
        return answer(_account(conn, user["id"], user["workspace_id"]), 201)


@accounts.get("/me")
@permit("account:read")
@accounts.response(200, Account)
def get() -> Response:
    """Show your account and your permissions"""
    with connection() as conn:
        return answer(_account(conn, caller().user_id, caller().workspace_id))


@accounts.patch("/me")
@permit("account:manage")
@accounts.arguments(AccountChange)
@accounts.response(200, Account)
def change(change: dict[str, Any]) -> Response:
    """Change your name, your handle, or whether reminders come by mail"""
    with transaction() as conn:
        queries.users.change(conn, id=caller().user_id, **change)
        return answer(_account(conn, caller().user_id, caller().workspace_id))


@accounts.post("/password")
@permit("account:manage")
@accounts.arguments(PasswordChange)
@accounts.response(204)
def change_password(given: dict[str, Any]) -> Response:
    """Change your password

    All of your other sessions end. API keys stay as they are, unless `revoke_api_keys` is set.
    """
    account = reauthenticate(given["current_password"])
    _refuse_weak(given["new_password"], account.email, field="new_password")
    new_hash = passwords().hash(given["new_password"])
    user_id = caller().user_id
    with transaction() as conn:
        if not queries.users.set_password(
            conn, id=user_id, old_hash=account.password_hash, password_hash=new_hash
        ):
            raise Problem(409, "account_changed", "The password was changed in the meantime.")
        if account.email is not None:
            queries.password_resets.clear(conn, email=account.email)
        audit.record(conn, "password.changed")
        _end_all(
            conn,
            user_id,
            account.email,
            reason="password_changed",
            but=caller().session_id,
            api_keys=given["revoke_api_keys"],
        )
    return Response(status=204)


@accounts.post("/password/forgot")
@permit(PUBLIC, limit=SIGN_INS)
@accounts.arguments(Forgotten)
@accounts.response(202, MailSent)
def forget_password(given: dict[str, Any]) -> Response:
    """Request a mail to reset your password

    The answer is the same whether or not the address has an account.
    """
    if not settings().sends_mail:
        raise Problem(
            403, "mail_not_configured", "This server sends no mail; ask its operator for a reset."
        )
    reset_id = new_id()
    if mail_allowances.is_reset_wanted(given["email"]):
        with transaction() as conn:
            queries.password_resets.create(
                conn,
                id=reset_id,
                email=given["email"],
                token_hash=digest(mail_tokens(keyring(), "password_reset", reset_id)[0]),
                lifetime=timedelta(minutes=RESET_MINUTES),
            )
            audit.record(conn, "password.reset_requested", email=given["email"])
    return answer({"status": "see_your_mail"}, 202)


@accounts.post("/password/reset")
@permit(PUBLIC, limit=SIGN_INS)
@accounts.arguments(PasswordReset)
@accounts.response(204)
def reset_password(given: dict[str, Any]) -> Response:
    """Set a new password with the token of a mail

    All sessions end, invitations that you sent and nobody has accepted are withdrawn, and API keys
    are revoked unless `revoke_api_keys` is false. The second factor stays as it is.
    """
    token_hash = digest(given["token"])
    with connection() as conn:
        reset = queries.password_resets.find(conn, token_hash=token_hash)
    if reset is None:
        raise _invalid_token()
    email = reset["email"]
    _refuse_weak(given["password"], email)
    password_hash = passwords().hash(given["password"])
    with transaction() as conn:
        if queries.password_resets.use(conn, token_hash=token_hash, email=email) is None:
            raise _invalid_token()
        user = queries.users.reset_password(
            conn, email=email, password_hash=password_hash, network=client_address.network()
        )
        if user is None:
            raise _invalid_token()
        user_id = user["id"]
        audit.record(conn, "password.reset", actor=f"user:{user_id}", user_id=user_id)
        queries.invitations.withdraw_all(conn, invited_by=user_id)
        _end_all(
            conn,
            user_id,
            user["email"],
            reason="password_reset",
            api_keys=given["revoke_api_keys"],
        )
    return Response(status=204)


def _end_all(
    conn: Connection,
    user_id: UUID,
    email: str | None,
    *,
    reason: str,
    but: UUID | None = None,
    api_keys: bool,
) -> None:
    """After a new password: end what was started with the old one, and tell the user."""
    queries.totp.forget_enrolment(conn, user_id=user_id)
    ended = end_all(conn, user_id, reason=reason, but=but, api_keys=api_keys)
    notify(
        conn,
        "password_changed",
        user_id=user_id,
        email=email,
        revoked_api_keys=ended.keys,
        api_keys_left=ended.keys_left,
    )


def _account(conn: Connection, user_id: UUID, workspace_id: UUID) -> dict[str, Any]:
    account: dict[str, Any] = queries.users.get_account(conn, id=user_id)
    permissions = queries.callers.list_permissions(conn, user_id=user_id, workspace_id=workspace_id)
    return account | {"permissions": permissions}


def _is_invited(new: dict[str, Any]) -> bool:
    token = new["invitation_token"]
    if token is None:
        return False
    with connection() as conn:
        invited = queries.invitations.is_for(conn, token_hash=digest(token), email=new["email"])
    return invited is not None


def _refuse_weak(password: str, *about: str | None, field: str = "password") -> None:
    said = weakness(password, about)
    if said is not None:
        raise invalid_input((field, said))


def _invalid_token() -> Problem:
    return Problem(400, "invalid_token", "The token is unknown, already used or expired.")
