"""Changes of the mail address over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import keyring
from webapp.access.limits import SIGN_INS
from webapp.http.answers import answer
from webapp.http.db import transaction
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.identity.ids import new_id
from webapp.identity.keyring import digest
from webapp.mails.tokens import mail_tokens
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.people.accounts import Account, MailSent
from webapp.schemas.people.email_changes import EmailToken, NewEmail
from webapp.signing_in import mail_allowances
from webapp.signing_in.notices import notify
from webapp.signing_in.reauthentication import reauthenticate
from webapp.signing_in.revocation import end_all

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

LASTS: Final = timedelta(hours=24)
# How long the old address can take a change back.
UNDO_TIME: Final = timedelta(days=7)

email_changes = Blueprint(
    "email_changes", __name__, url_prefix="/api/auth/email", description="Your mail address."
)


@email_changes.post("")
@permit("account:manage")
@email_changes.arguments(NewEmail)
@email_changes.response(202, MailSent)
def request_change(new: dict[str, Any]) -> Response:
    """Request another mail address

    It takes your password. The new address gets a token to confirm it with within a day; until then
    nothing changes. The old one is told, with a token to prevent it. A later request replaces this
    one. The answer is the same whether or not the address has an account.
    """
    account = reauthenticate(new["password"])
    if not settings().sends_mail:
        raise Problem(
            403, "mail_not_configured", "This server sends no mail, so no address can be confirmed."
        )
    user_id, change_id = caller().user_id, new_id()
    with transaction() as conn:
        wait = mail_allowances.email_change(conn, new["email"], user_id=user_id)
        # The lock before `hold`, which would otherwise have to be exchanged for it.
        queries.email_changes.hold_user(conn, user_id=user_id)
        account.hold(conn)
        queries.email_changes.withdraw(conn, user_id=user_id)
        mail_id = queries.email_changes.create(
            conn,
            id=change_id,
            user_id=user_id,
            old_email=account.email,
            new_email=new["email"],
            token_hash=digest(mail_tokens(keyring(), "email_change", change_id)[0]),
            undo_hash=digest(mail_tokens(keyring(), "email_change_undo", change_id)[0]),
            lifetime=LASTS,
        )
        queries.mails.put_off(conn, id=mail_id, wait=wait)
        audit.record(conn, "email.change_requested", email=new["email"])
        _tell_old_address(conn, change_id, account.email, is_confirmed=False)
    return answer({"status": "see_your_mail"}, 202)


@email_changes.post("/confirm")
@permit("account:manage")
@email_changes.arguments(EmailToken)
@email_changes.response(200, Account)
def confirm(given: dict[str, Any]) -> Response:
    """Confirm your new address with the token of the mail to it

    You have to be signed in, so that nobody else who gets the mail can do it. All of your other
    sessions end. For seven days the old address can take it back.
    """
    user_id = caller().user_id
    with transaction() as conn:
        queries.email_changes.hold_user(conn, user_id=user_id)
        change = queries.email_changes.confirm(
            conn, token_hash=digest(given["token"]), user_id=user_id, undo_time=UNDO_TIME
        )
        if change is None:
            raise _invalid_token()
        for email in filter(None, (change["old_email"], change["new_email"])):
            queries.password_resets.clear(conn, email=email)
        end_all(conn, user_id, reason="email_changed", but=caller().session_id, api_keys=False)
        audit.record(conn, "email.changed", old=change["old_email"], new=change["new_email"])
        _tell_old_address(conn, change["id"], change["old_email"], is_confirmed=True)
        account = queries.users.get_account(conn, id=user_id)
        permissions = queries.callers.list_permissions(
            conn, user_id=user_id, workspace_id=caller().workspace_id
        )
    return answer(account | {"permissions": permissions})


@email_changes.post("/undo")
@permit(PUBLIC, limit=SIGN_INS)
@email_changes.arguments(EmailToken)
@email_changes.response(204)
def undo(given: dict[str, Any]) -> Response:
    """Prevent a change of the address, or take it back, with the token of the mail to the old one

    If the change was confirmed already, the old address is restored; later changes are taken back
    too, and a deletion of the account that was asked for since is cancelled. All sessions end and
    all API keys are revoked. Then reset the password.
    """
    undo_hash = digest(given["token"])
    with transaction() as conn:
        change = queries.email_changes.find_undo(conn, undo_hash=undo_hash)
        if change is None:
            raise _invalid_token()
        user_id = change["user_id"]
        present = queries.email_changes.hold_user(conn, user_id=user_id)["email"]
        # Again, now that nobody confirms it meanwhile.
        change = queries.email_changes.find_undo(conn, undo_hash=undo_hash)
        if change is None or not queries.email_changes.undo(conn, user_id=user_id, id=change["id"]):
            raise _invalid_token()
        if change["is_confirmed"]:
            queries.email_changes.give_back(conn, user_id=user_id, email=change["old_email"])
            queries.password_resets.clear(conn, email=present)
            # Whoever had the address deleted the account, and got the token that keeps it.
            if queries.email_changes.keep_account(
                conn, user_id=user_id, since=change["created_at"]
            ):
                audit.record(conn, "user.deletion_cancelled", actor="anonymous", user_id=user_id)
        end_all(conn, user_id, reason="email_change_undone", api_keys=True)
        audit.record(
            conn,
            "email.change_undone",
            actor="anonymous",
            user_id=user_id,
            was_confirmed=change["is_confirmed"],
        )
    return Response(status=204)


def _tell_old_address(
    conn: Connection, change_id: UUID, email: str | None, *, is_confirmed: bool
) -> None:
    template = "email_changed" if is_confirmed else "email_change_requested"
    notify(conn, template, user_id=change_id, email=email)


def _invalid_token() -> Problem:
    return Problem(400, "invalid_token", "The token is unknown, already used or expired.")
