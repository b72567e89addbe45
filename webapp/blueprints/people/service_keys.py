"""Service keys of a workspace over HTTP."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import transaction
from webapp.http.errors import Problem, invalid_input
from webapp.identity.api_keys import NEVER, OF_PERSONS, new_api_key
from webapp.identity.ids import new_service_handle
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.people.service_keys import MadeServiceKey, NewServiceKey, ServiceKeyPage
from webapp.signing_in.notices import notify
from webapp.signing_in.reauthentication import reauthenticate

# Each has limits and an allowance of its own.
MOST: Final = 20

service_keys = Blueprint(
    "service_keys",
    __name__,
    url_prefix="/api/workspaces/<uuid:workspace_id>/service-keys",
    description="API keys of a workspace, for programs that act for nobody in particular.",
)


@service_keys.post("")
@permit("workspace:service_keys:manage")
@service_keys.arguments(NewServiceKey)
@service_keys.response(201, MadeServiceKey)
def create(new: dict[str, Any], workspace_id: UUID) -> Response:
    """Create a service key

    It belongs to the workspace, and works until it expires or is revoked, whoever leaves. It cannot
    do what only persons may. Creating it takes the password or, for an account without one, a
    log-in within the last ten minutes, and you are told by mail. The key is shown in this response
    only.
    """
    account = reauthenticate(new["password"])
    made = new_api_key()
    with transaction() as conn:
        account.hold(conn)
        if queries.service_keys.hold_workspace(conn, workspace_id=workspace_id)["keys"] >= MOST:
            raise Problem(
                409, "too_many_service_keys", f"A workspace has at most {MOST}: revoke one."
            )
        allowed = set(queries.service_keys.grantable(conn)) - NEVER - OF_PERSONS
        wrong = [
            (f"scopes.{i}", "Not a permission that you can give to a service key.")
            for i, scope in enumerate(new["scopes"])
            if scope not in allowed
        ]
        if wrong:
            raise invalid_input(*wrong)
        key = queries.service_keys.create(
            conn,
            workspace_id=workspace_id,
            handle=new_service_handle(),
            name=new["name"],
            prefix=made.prefix,
            secret_hash=made.secret_hash,
            scopes=sorted(set(new["scopes"])),
            expires_at=new["expires_at"],
        )
        audit.record(
            conn,
            "service_key.created",
            workspace_id=workspace_id,
            service=str(key["id"]),
            name=key["name"],
            prefix=key["prefix"],
            scopes=key["scopes"],
        )
        notify(
            conn,
            "service_key_made",
            user_id=caller().user_id,
            email=account.email,
            name=key["name"],
            prefix=key["prefix"],
            expires_on=f"{key['expires_at']:%Y-%m-%d}",
        )
    response = answer(key | {"key": made.secret}, 201)
    response.headers["Cache-Control"] = "no-store"
    return response


@service_keys.get("")
@permit("workspace:service_keys:manage")
@service_keys.arguments(PageArguments, location="query")
@service_keys.response(200, ServiceKeyPage)
def list_of_workspace(arguments: dict[str, Any], workspace_id: UUID) -> Response:
    """List a workspace's service keys, newest first"""
    ask = queries.service_keys.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=workspace_id)


@service_keys.delete("/<uuid:service_key_id>")
@permit("workspace:service_keys:manage")
@service_keys.response(204)
def revoke(workspace_id: UUID, service_key_id: UUID) -> Response:
    """Revoke a service key

    It is refused from the next request on. What it made stays.
    """
    with transaction() as conn:
        service = queries.service_keys.revoke(conn, id=service_key_id, workspace_id=workspace_id)
        audit.record(
            conn,
            "service_key.revoked",
            workspace_id=workspace_id,
            service=str(service_key_id),
            name=service["name"],
        )
    return Response(status=204)
