"""Log-ins over HTTP: by password, and the second step that any way of signing in may need."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.access import audit
from webapp.access.credentials import keyring, passwords
from webapp.access.limits import SIGN_INS
from webapp.http import client_address
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.identity.keyring import digest
from webapp.identity.session_tokens import RefreshToken, session_of_ticket
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.people.log_ins import Credentials, SecondStep, Ticket
from webapp.schemas.people.sessions import Tokens
from webapp.signing_in import attempts, second_factor, sign_in

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

log_ins = Blueprint("log_ins", __name__, url_prefix="/api/auth", description="Logging in.")


@log_ins.post("/login")
@permit(PUBLIC, limit=SIGN_INS)
@log_ins.arguments(Credentials)
@log_ins.response(200, Tokens)
@log_ins.alt_response(202, schema=Ticket, description="The second factor is required.")
def begin(given: dict[str, Any]) -> Response:
    """Log in with an email address and a password

    The answer is the same, and takes as long, whether the address or the password is wrong.
    """
    try:
        return _begin(given)
    except sign_in.AccountChanged:
        # Checked again: another log-in may have rehashed the same password.
        return _begin(given)


def _begin(given: dict[str, Any]) -> Response:
    email = given["email"]
    with connection() as conn:
        account = queries.users.find_for_log_in(conn, email=email, network=client_address.network())
    known = account or {"id": None, "password_hash": None, "is_known_address": False}
    attempt = attempts.log_in(email, is_known_address=known["is_known_address"])
    password_hash = known["password_hash"]
    is_right = passwords().verify(password_hash, given["password"])
    if account is None or not is_right:
        _record_failure("login.failed", known["id"], email=email, reason="password")
        raise attempts.wrong_credentials()
    if account["is_disabled"]:
        _record_failure("login.failed", account["id"], email=email, reason="disabled")
        raise sign_in.disabled()
    is_outdated = passwords().is_outdated(password_hash)
    new_hash = passwords().hash(given["password"]) if is_outdated else None
    with transaction(actor=f"user:{account['id']}") as conn:
        attempt.was_right(conn)
        if new_hash is not None and queries.users.rehash_password(
            conn, id=account["id"], old_hash=password_hash, new_hash=new_hash
        ):
            password_hash = new_hash
        user = sign_in.Account(
            account["id"], account["workspace_id"], account["has_totp"], password_hash
        )
        return sign_in.begin(conn, user, method="password", with_cookie=given["cookie"])


@log_ins.post("/login/totp")
@permit(PUBLIC, limit=SIGN_INS)
@log_ins.arguments(SecondStep)
@log_ins.response(200, Tokens)
def finish(given: dict[str, Any]) -> Response:
    """Finish a log-in with the second factor

    A code works once. The ticket is valid for five minutes.
    """
    login = _login_of(given["ticket"])
    user_id = login["user_id"]
    attempt = attempts.totp(
        user_id, email=login["email"], is_known_address=login["is_known_address"]
    )
    token = RefreshToken.make(keyring(), login["id"], 0)
    with transaction(actor=f"user:{user_id}") as conn:
        if given["code"] is not None:
            method = "totp"
            is_right = second_factor.use_code(conn, user_id, login["secret"], given["code"])
        else:
            method = "recovery_code"
            is_right = second_factor.use_recovery_code(conn, user_id, given["recovery_code"])
        if is_right:
            attempt.was_right(conn)
            completed = queries.sessions.complete(
                conn,
                id=login["id"],
                token_hash=digest(str(token)),
                has_cookie=given["cookie"],
                network=client_address.network(),
                lifetime=sign_in.lifetime(),
            )
            if completed is None:
                raise _invalid_ticket()
            sign_in.succeeded(conn, user_id, login["id"], second_factor=method)
            return sign_in.tokens(user_id, token, with_cookie=given["cookie"])
    _record_failure("totp.failed", user_id, reason=method)
    raise Problem(
        401,
        "wrong_code",
        "The code is wrong or was already used.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _login_of(ticket: str) -> dict[str, Any]:
    """The log-in that is waiting for its second step."""
    session_id = session_of_ticket(ticket)
    if session_id is not None:
        with connection() as conn:
            login: dict[str, Any] | None = queries.sessions.find_awaiting_totp(
                conn, id=session_id, network=client_address.network()
            )
        if login is not None and compare_digest(digest(ticket), bytes(login["token_hash"])):
            return login
    raise _invalid_ticket()


def _record_failure(action: str, user_id: UUID | None, **details: Any) -> None:
    with transaction() as conn:
        audit.record(conn, action, user_id=user_id, **details)


def _invalid_ticket() -> Problem:
    return Problem(
        401,
        "invalid_ticket",
        "The ticket is unknown, already used or expired; log in again.",
        headers={"WWW-Authenticate": "Bearer"},
    )
