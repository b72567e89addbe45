"""Deletions of workspaces and accounts over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import keyring
from webapp.access.limits import SIGN_INS
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input
from webapp.identity.ids import new_id
from webapp.identity.keyring import digest
from webapp.mails.tokens import mail_tokens
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import PUBLIC, permit
from webapp.schemas.common import PageArguments
from webapp.schemas.people.deletions import (
    AccountDeletion,
    AccountKept,
    Deletion,
    DeletionPage,
    WorkspaceDeletion,
)
from webapp.signing_in.notices import notify
from webapp.signing_in.reauthentication import reauthenticate
from webapp.signing_in.revocation import end_all

if TYPE_CHECKING:
    from sql.connection import Connection

GRACE: Final = timedelta(days=7)

deletions = Blueprint(
    "deletions",
    __name__,
    url_prefix="/api",
    description="Deleting a workspace, or your account, with everything in it.",
)


@deletions.post("/workspaces/<uuid:workspace_id>/deletion")
@permit("workspace:delete")
@deletions.arguments(WorkspaceDeletion)
@deletions.response(202, Deletion)
def delete_workspace(given: dict[str, Any], workspace_id: UUID) -> Response:
    """Delete a workspace

    It takes the workspace's name and your password. Nobody has access from then on; keys,
    invitations and links end. After seven days everything in it is deleted; until then each owner
    can cancel that. All owners are told by mail.
    """
    account = reauthenticate(given["password"])
    asker = caller().user_id
    with transaction() as conn:
        account.hold(conn)
        workspace = queries.workspaces.get(conn, id=workspace_id, user_id=asker)
        if workspace["is_personal"]:
            raise Problem(
                409, "personal_workspace", "A personal workspace is deleted with its account."
            )
        if given["name"] != workspace["name"]:
            raise invalid_input(("name", "Is not the name of this workspace."))
        deletion = queries.deletions.schedule_of_workspace(
            conn, id=new_id(), workspace_id=workspace_id, asked_by=asker, grace=GRACE
        )
        if deletion is None:
            raise Problem(409, "being_deleted", "The workspace is already being deleted.")
        queries.deletions.put_off(conn, id=deletion["id"])
        audit.record(
            conn,
            "workspace.deletion_scheduled",
            workspace_id=workspace_id,
            due_at=deletion["due_at"].isoformat(),
        )
        _tell_owners(conn, deletion)
    return answer(deletion, 202, location=f"/api/deletions/{deletion['id']}")


@deletions.post("/auth/deletion")
@permit("account:manage")
@deletions.arguments(AccountDeletion)
@deletions.response(202, Deletion)
def delete_account(given: dict[str, Any]) -> Response:
    """Delete your account

    Your sessions and keys end at once, as do your shares, links and invitations. After seven days
    the account is deleted, with your personal workspace and those without other members. Until
    then, the token of a mail keeps it. If you are the last owner of a workspace with other members,
    the answer is 409 `owns_workspaces` and names it: make somebody else an owner, or delete it.
    """
    account = reauthenticate(given["password"])
    user_id, deletion_id = caller().user_id, new_id()
    with transaction() as conn:
        if not queries.users.close(conn, id=user_id, password_hash=account.password_hash):
            raise Problem(409, "account_changed", "The account was changed in the meantime.")
        _refuse_orphans(conn, user_id)
        deletion = queries.deletions.schedule_of_account(
            conn,
            id=deletion_id,
            user_id=user_id,
            token_hash=digest(mail_tokens(keyring(), "account_deletion", deletion_id)[0]),
            grace=GRACE,
        )
        queries.deletions.put_off(conn, id=deletion_id)
        end_all(conn, user_id, reason="account_deletion", api_keys=True)
        queries.invitations.withdraw_all(conn, invited_by=user_id)
        if account.email is not None:
            queries.password_resets.clear(conn, email=account.email)
        audit.record(
            conn, "user.deletion_scheduled", due_at=deletion["due_at"].isoformat(), user_id=user_id
        )
        notify(
            conn,
            "account_deletion",
            user_id=deletion_id,
            email=account.email,
            due_at=deletion["due_at"].isoformat(),
        )
    return answer(deletion, 202)


@deletions.post("/auth/deletion/cancel")
@permit(PUBLIC, limit=SIGN_INS)
@deletions.arguments(AccountKept)
@deletions.response(204)
def keep_account(given: dict[str, Any]) -> Response:
    """Keep an account that was to be deleted, with the token of the mail

    You can log in again. Keys, shares, links and invitations have ended for good.
    """
    with transaction() as conn:
        user = queries.deletions.keep_account(conn, token_hash=digest(given["token"]))
        if user is None:
            raise Problem(
                400, "invalid_token", "The token is unknown or already used, or it is too late."
            )
        audit.record(
            conn, "user.deletion_cancelled", actor=f"user:{user['id']}", user_id=user["id"]
        )
    return Response(status=204)


@deletions.get("/deletions")
@permit("account:read")
@deletions.arguments(PageArguments, location="query")
@deletions.response(200, DeletionPage)
def list_own(arguments: dict[str, Any]) -> Response:
    """List the deletions that you asked for, and those of workspaces that you own, newest first"""
    return list_page(arguments, UUID, queries.deletions.list_of_user, user_id=caller().user_id)


@deletions.get("/deletions/<uuid:deletion_id>")
@permit("account:read")
@deletions.response(200, Deletion)
def get(deletion_id: UUID) -> Response:
    """Show a deletion and how far it is"""
    with connection() as conn:
        return answer(queries.deletions.get(conn, id=deletion_id, user_id=caller().user_id))


@deletions.post("/deletions/<uuid:deletion_id>/cancel")
@permit("account:manage")
@idempotent
@deletions.response(200, Deletion)
def cancel(deletion_id: UUID) -> Response:
    """Cancel the deletion of a workspace that you own

    Its members have access again. Keys, invitations, shares and links have ended for good. Once it
    is running, the answer is 409.
    """
    with transaction() as conn:
        deletion = queries.deletions.cancel(conn, id=deletion_id, user_id=caller().user_id)
        audit.record(conn, "workspace.deletion_cancelled", workspace_id=deletion["workspace_id"])
    return answer(deletion)


def _refuse_orphans(conn: Connection, user_id: UUID) -> None:
    """Raises Problem 409 if somebody would be left in a workspace without an owner. They are looked
    for once all are locked, so that of two last owners who leave at once only one may."""
    queries.deletions.hold_owned(conn, user_id=user_id)
    orphans = queries.deletions.list_left_without_owner(conn, user_id=user_id)
    if orphans:
        raise Problem(
            409,
            "owns_workspaces",
            "You are the last owner of workspaces with other members: make somebody else an owner"
            " of each, or delete it.",
            workspaces=[{"id": str(each["id"]), "name": each["name"]} for each in orphans],
        )


def _tell_owners(conn: Connection, deletion: dict[str, Any]) -> None:
    """Queue a notice to each owner of a workspace that is to be deleted."""
    account = queries.users.get_account(conn, id=caller().user_id)
    for owner in queries.members.list_owners(conn, workspace_id=deletion["workspace_id"]):
        notify(
            conn,
            "workspace_deletion",
            user_id=owner["id"],
            email=owner["email"],
            who=account["name"] or account["handle"],
            workspace=deletion["name"],
            due_at=deletion["due_at"].isoformat(),
        )
