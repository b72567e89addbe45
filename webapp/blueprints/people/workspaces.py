"""Workspaces over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.people.workspaces import Workspace, WorkspaceName, WorkspacePage

if TYPE_CHECKING:
    from flask import Response

workspaces = Blueprint(
    "workspaces", __name__, url_prefix="/api/workspaces", description="Workspaces to share."
)


@workspaces.post("")
@permit("workspaces:create")
@idempotent
@workspaces.arguments(WorkspaceName)
@workspaces.response(201, Workspace)
def create(new: dict[str, Any]) -> Response:
    """Create a workspace to share, which you own"""
    with transaction() as conn:
        workspace = queries.workspaces.create(conn, name=new["name"], user_id=caller().user_id)
        audit.record(conn, "workspace.created", workspace_id=workspace["id"], name=new["name"])
    return answer(workspace, 201, location=f"/api/workspaces/{workspace['id']}")


@workspaces.get("")
@permit("account:read")
@workspaces.arguments(PageArguments, location="query")
@workspaces.response(200, WorkspacePage)
def list_own(arguments: dict[str, Any]) -> Response:
    """List the workspaces that you are a member of"""
    ask = queries.workspaces.list_of_user
    return list_page(arguments, UUID, ask, user_id=caller().user_id)


@workspaces.get("/<uuid:workspace_id>")
@permit("workspace:read")
@workspaces.response(200, Workspace)
def get(workspace_id: UUID) -> Response:
    """Show a workspace"""
    with connection() as conn:
        return answer(queries.workspaces.get(conn, id=workspace_id, user_id=caller().user_id))


@workspaces.patch("/<uuid:workspace_id>")
@permit("workspace:settings:manage")
@workspaces.arguments(WorkspaceName)
@workspaces.response(200, Workspace)
def rename(change: dict[str, Any], workspace_id: UUID) -> Response:
    """Rename a workspace"""
    with transaction() as conn:
        queries.workspaces.rename(conn, id=workspace_id, name=change["name"])
        audit.record(conn, "workspace.renamed", workspace_id=workspace_id, name=change["name"])
        return answer(queries.workspaces.get(conn, id=workspace_id, user_id=caller().user_id))
