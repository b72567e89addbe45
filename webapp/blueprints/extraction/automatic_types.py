"""Types of documents for which jobs start by themselves, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.extraction.automatic_types import (
    AutomaticType,
    AutomaticTypePage,
    NewAutomaticType,
)

if TYPE_CHECKING:
    from uuid import UUID

MOST_TYPES: Final = 200

automatic_types = Blueprint(
    "automatic_types",
    __name__,
    url_prefix="/api/automatic-types",
    description="Types of documents for which jobs start by themselves.",
)


@automatic_types.get("")
@permit("workspace:jobs:read")
@automatic_types.response(200, AutomaticTypePage)
def list_of_workspace() -> Response:
    """List the types of documents for which jobs start by themselves"""
    with connection() as conn:
        mine = {"workspace_id": caller().workspace_id}
        found = queries.automatic_types.list_of_workspace(conn, **mine)
    return answer({"items": found, "next_cursor": None})


@automatic_types.post("")
@permit("workspace:jobs:write")
@idempotent
@automatic_types.arguments(NewAutomaticType)
@automatic_types.response(201, AutomaticType)
@automatic_types.alt_response(200, schema=AutomaticType, description="They do already.")
def create(new: dict[str, Any]) -> Response:
    """Let jobs start by themselves for documents of a type

    From now on, a document whose category is this type gets a job as soon as it is classified, or
    is given that category, with the configuration that is active then: once for each version of the
    document and of the configuration. For those that are there already, use `POST /api/jobs/bulk`.
    A workspace has at most 200 such types: 409 `too_many_automatic_types`.
    """
    who = caller()
    mine = {"workspace_id": who.workspace_id, **new}
    with transaction() as conn:
        made = queries.automatic_types.create(conn, **mine, created_by=who.user_id, most=MOST_TYPES)
        if made is not None:
            return answer(made, 201)
        standing = queries.automatic_types.of_type(conn, **mine)
    if standing is None:
        raise Problem(
            409,
            "too_many_automatic_types",
            f"In a workspace, jobs start by themselves for at most {MOST_TYPES} types.",
        )
    return answer(standing)


@automatic_types.delete("/<uuid:automatic_type_id>")
@permit("workspace:jobs:write")
@automatic_types.response(204)
def remove(automatic_type_id: UUID) -> Response:
    """Let jobs for documents of a type no longer start by themselves; those that did stay"""
    with transaction() as conn:
        mine = {"id": automatic_type_id, "workspace_id": caller().workspace_id}
        queries.automatic_types.remove(conn, **mine)
    return Response(status=204)
