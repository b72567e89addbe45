"""Members of a workspace over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.people.members import Member, MemberChange, MemberPage
from webapp.signing_in.notices import tell_giver
from webapp.signing_in.reauthentication import require_recent_log_in

members = Blueprint(
    "members",
    __name__,
    url_prefix="/api/workspaces/<uuid:workspace_id>",
    description="Members of a workspace.",
)


@members.get("/members")
@permit("workspace:read")
@members.arguments(PageArguments, location="query")
@members.response(200, MemberPage)
def list_of_workspace(arguments: dict[str, Any], workspace_id: UUID) -> Response:
    """List a workspace's members"""
    ask = queries.members.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=workspace_id)


@members.patch("/members/<uuid:user_id>")
@permit("workspace:members:manage")
@members.arguments(MemberChange)
@members.response(200, Member)
def change_role(change: dict[str, Any], workspace_id: UUID, user_id: UUID) -> Response:
    """Change a member's role

    The last owner stays an owner: the answer is 409 `last_owner`. Making somebody an owner takes a
    log-in within the last ten minutes, and the caller is told of it by mail.
    """
    if change["role"] == "owner":
        require_recent_log_in("Making somebody an owner takes a recent log-in")
    with transaction() as conn:
        member = queries.members.change_role(
            conn, workspace_id=workspace_id, user_id=user_id, role=change["role"]
        )
        if change["role"] == "owner":
            workspace = queries.workspaces.get(conn, id=workspace_id, user_id=caller().user_id)
            tell_giver(
                conn,
                "owner",
                to=member["name"] or member["handle"],
                workspace=workspace["name"],
            )
        audit.record(
            conn,
            "member.role_changed",
            user_id=user_id,
            workspace_id=workspace_id,
            role=change["role"],
        )
    return answer(member)


@members.delete("/members/<uuid:user_id>")
@permit("workspace:members:manage")
@members.response(204)
def remove(workspace_id: UUID, user_id: UUID) -> Response:
    """Remove a member, and revoke their keys for this workspace"""
    _remove("member.removed", workspace_id, user_id)
    return Response(status=204)


@members.post("/leave")
@permit("account:manage")
@members.response(204)
def leave(workspace_id: UUID) -> Response:
    """Leave a workspace

    The last owner cannot leave: the answer is 409 `last_owner`.
    """
    _remove("member.left", workspace_id, caller().user_id)
    return Response(status=204)


def _remove(action: str, workspace_id: UUID, user_id: UUID) -> None:
    with transaction() as conn:
        member = queries.members.remove(conn, workspace_id=workspace_id, user_id=user_id)
        audit.record(conn, action, user_id=user_id, workspace_id=workspace_id, role=member["role"])
