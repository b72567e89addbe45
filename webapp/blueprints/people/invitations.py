"""Invitations into a workspace over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import keyring
from webapp.http.answers import answer, list_page
from webapp.http.db import transaction
from webapp.http.errors import Problem
from webapp.http.installed import settings
from webapp.identity.ids import new_id
from webapp.identity.keyring import digest
from webapp.mails.tokens import mail_tokens
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.people.invitations import Acceptance, Invitation, InvitationPage, NewInvitation
from webapp.schemas.people.workspaces import Workspace
from webapp.signing_in import mail_allowances
from webapp.signing_in.notices import notify
from webapp.signing_in.reauthentication import require_recent_log_in

LASTS_DAYS: Final = 7

invitations = Blueprint(
    "invitations", __name__, url_prefix="/api", description="Invitations to a workspace."
)


@invitations.post("/workspaces/<uuid:workspace_id>/invitations")
@permit("workspace:members:manage")
@idempotent
@invitations.arguments(NewInvitation)
@invitations.response(201, Invitation)
def create(new: dict[str, Any], workspace_id: UUID) -> Response:
    """Invite somebody by mail

    The invitation is valid for seven days, for whoever has its token. A later one to the same
    address replaces it. Inviting an owner takes a log-in within the last ten minutes.
    """
    if new["role"] == "owner":
        require_recent_log_in("Inviting an owner takes a recent log-in")
    if not settings().sends_mail:
        raise Problem(
            403, "mail_not_configured", "This server sends no mail, so nobody can be invited."
        )
    invitation_id = new_id()
    inviter = caller().user_id
    with transaction() as conn:
        wait = mail_allowances.invitation(
            conn, new["email"], inviter=inviter, workspace_id=workspace_id
        )
        queries.invitations.clear(conn, workspace_id=workspace_id, email=new["email"])
        invitation = queries.invitations.create(
            conn,
            id=invitation_id,
            workspace_id=workspace_id,
            email=new["email"],
            role=new["role"],
            token_hash=digest(mail_tokens(keyring(), "invitation", invitation_id)[0]),
            invited_by=inviter,
            lifetime=timedelta(days=LASTS_DAYS),
        )
        if invitation is None:
            raise Problem(
                409,
                "personal_workspace",
                "A personal workspace cannot be shared; make another one.",
            )
        queries.mails.put_off(conn, id=invitation.pop("mail_id"), wait=wait)
        audit.record(
            conn,
            "member.invited",
            workspace_id=workspace_id,
            email=new["email"],
            role=new["role"],
        )
    return answer(invitation, 201)


@invitations.get("/workspaces/<uuid:workspace_id>/invitations")
@permit("workspace:members:manage")
@invitations.arguments(PageArguments, location="query")
@invitations.response(200, InvitationPage)
def list_of_workspace(arguments: dict[str, Any], workspace_id: UUID) -> Response:
    """List the invitations that have not been accepted"""
    ask = queries.invitations.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=workspace_id)


@invitations.delete("/workspaces/<uuid:workspace_id>/invitations/<uuid:invitation_id>")
@permit("workspace:members:manage")
@invitations.response(204)
def withdraw(workspace_id: UUID, invitation_id: UUID) -> Response:
    """Withdraw an invitation"""
    with transaction() as conn:
        invitation = queries.invitations.withdraw(conn, id=invitation_id, workspace_id=workspace_id)
        audit.record(
            conn,
            "member.invitation_withdrawn",
            workspace_id=workspace_id,
            email=invitation["email"],
        )
    return Response(status=204)


@invitations.post("/invitations/accept")
@permit("account:manage")
@idempotent
@invitations.arguments(Acceptance)
@invitations.response(200, Workspace)
def accept(given: dict[str, Any]) -> Response:
    """Accept an invitation, and join its workspace

    Whoever has the token may use it, once, and the inviter is told by mail. Somebody who is already
    a member keeps their role.
    """
    user_id = caller().user_id
    with transaction() as conn:
        invitation = queries.invitations.accept(conn, token_hash=digest(given["token"]))
        if invitation is None:
            raise Problem(
                400, "invalid_token", "The invitation is unknown, already used or expired."
            )
        workspace_id = invitation["workspace_id"]
        joined = queries.members.join(
            conn, workspace_id=workspace_id, user_id=user_id, role=invitation["role"]
        )
        workspace = queries.workspaces.get(conn, id=workspace_id, user_id=user_id)
        if joined:
            audit.record(
                conn,
                "member.joined",
                workspace_id=workspace_id,
                role=invitation["role"],
                invited_by=str(invitation["invited_by"]),
            )
            account = queries.users.get_account(conn, id=user_id)
            notify(
                conn,
                "member_joined",
                user_id=invitation["invited_by"],
                email=invitation["inviter_email"],
                who=account["name"] or account["handle"],
                workspace=workspace["name"],
                role=invitation["role"],
            )
        return answer(workspace)
