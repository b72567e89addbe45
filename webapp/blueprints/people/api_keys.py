"""API keys over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import transaction
from webapp.http.errors import invalid_input
from webapp.identity.api_keys import NEVER, new_api_key
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.people.api_keys import ApiKeyPage, MadeApiKey, NewApiKey
from webapp.signing_in.notices import notify
from webapp.signing_in.reauthentication import reauthenticate

api_keys = Blueprint(
    "api_keys", __name__, url_prefix="/api/api-keys", description="API keys for programs."
)


@api_keys.post("")
@permit("account:manage")
@api_keys.arguments(NewApiKey)
@api_keys.response(201, MadeApiKey)
def create(new: dict[str, Any]) -> Response:
    """Create a key for a program

    It acts for its owner, in the workspace of this request, and may do what its scopes name as long
    as its owner may. Creating it takes the password or, for an account without one, a log-in within
    the last ten minutes, and its owner is told by mail. The key is shown in this response only.
    """
    account = reauthenticate(new["password"])
    made = new_api_key()
    user_id, workspace_id = caller().user_id, caller().workspace_id
    with transaction() as conn:
        account.hold(conn)
        permissions = queries.callers.list_permissions(
            conn, user_id=user_id, workspace_id=workspace_id
        )
        allowed = set(permissions) - NEVER
        wrong = [
            (f"scopes.{i}", "Not a permission that you can give to a key here.")
            for i, scope in enumerate(new["scopes"])
            if scope not in allowed
        ]
        if wrong:
            raise invalid_input(*wrong)
        key = queries.api_keys.create(
            conn,
            user_id=user_id,
            workspace_id=workspace_id,
            name=new["name"],
            prefix=made.prefix,
            secret_hash=made.secret_hash,
            scopes=sorted(set(new["scopes"])),
            expires_at=new["expires_at"],
        )
        audit.record(
            conn,
            "api_key.created",
            workspace_id=workspace_id,
            name=new["name"],
            prefix=made.prefix,
            scopes=key["scopes"],
        )
        notify(
            conn,
            "api_key_made",
            user_id=user_id,
            email=account.email,
            name=key["name"],
            prefix=key["prefix"],
            expires_on=f"{key['expires_at']:%Y-%m-%d}",
        )
    response = answer(key | {"key": made.secret}, 201)
    response.headers["Cache-Control"] = "no-store"
    return response


@api_keys.get("")
@permit("account:read")
@api_keys.arguments(PageArguments, location="query")
@api_keys.response(200, ApiKeyPage)
def list_own(arguments: dict[str, Any]) -> Response:
    """List your keys for all workspaces, newest first"""
    return list_page(arguments, UUID, queries.api_keys.list_of_user, user_id=caller().user_id)


@api_keys.delete("/<uuid:api_key_id>")
@permit("account:manage")
@api_keys.response(204)
def revoke(api_key_id: UUID) -> Response:
    """Revoke a key

    It is refused from the next request on.
    """
    with transaction() as conn:
        key = queries.api_keys.revoke(conn, id=api_key_id, user_id=caller().user_id)
        audit.record(conn, "api_key.revoked", **key | {"workspace_id": key["workspace_id"]})
    return Response(status=204)
