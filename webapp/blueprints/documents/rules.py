"""Rules that classify documents, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response

from sql import NoRow, queries
from webapp.access.callers import caller
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.rules.filing import Filed
from webapp.schemas.documents.rules import (
    NewRule,
    Rule,
    RuleChange,
    RulePage,
    TriedDocumentPage,
    TryArguments,
)

if TYPE_CHECKING:
    from sql.connection import Connection

# Rules of a workspace: a document is compared with all of them.
MOST_RULES: Final = 200

rules = Blueprint(
    "rules", __name__, url_prefix="/api/rules", description="Rules that classify documents."
)


@rules.get("")
@permit("workspace:rules:read")
@rules.response(200, RulePage)
def list_of_workspace() -> Response:
    """List the rules in the order in which they apply

    The first rule that gives a field wins; the tags of all rules that match add up.
    """
    with connection() as conn:
        found = queries.rules.list_of_workspace(conn, workspace_id=caller().workspace_id)
    return answer({"items": found, "next_cursor": None})


@rules.post("")
@permit("workspace:rules:write")
@idempotent
@rules.arguments(NewRule)
@rules.response(201, Rule)
def create(new: dict[str, Any]) -> Response:
    """Make a rule

    It applies to documents that are read from now on; `POST /api/documents/ID/reprocess` applies it
    to an older one. A workspace has at most 200 rules: 409 `too_many_rules`.
    """
    who = caller()
    with transaction() as conn:
        try:
            rule_id = queries.rules.create(
                conn,
                workspace_id=who.workspace_id,
                created_by=who.user_id,
                most=MOST_RULES,
                **new,
            )
        except NoRow:
            raise Problem(
                409, "too_many_rules", f"A workspace has at most {MOST_RULES} rules."
            ) from None
        return answer(_rule(conn, rule_id), 201, location=f"/api/rules/{rule_id}")


@rules.get("/<uuid:rule_id>")
@permit("workspace:rules:read")
@rules.response(200, Rule)
def get(rule_id: UUID) -> Response:
    """Show a rule"""
    with connection() as conn:
        return answer(_rule(conn, rule_id))


@rules.patch("/<uuid:rule_id>")
@permit("workspace:rules:write")
@rules.arguments(RuleChange)
@rules.response(200, Rule)
def change(change: dict[str, Any], rule_id: UUID) -> Response:
    """Change a rule"""
    with transaction() as conn:
        queries.rules.change(conn, **_mine(rule_id), fields=as_json(change).decode())
        return answer(_rule(conn, rule_id))


@rules.delete("/<uuid:rule_id>")
@permit("workspace:rules:write")
@rules.response(204)
def remove(rule_id: UUID) -> Response:
    """Remove a rule; what it gave to documents stays"""
    with transaction() as conn:
        queries.rules.remove(conn, **_mine(rule_id))
    return Response(status=204)


@rules.post("/<uuid:rule_id>/try")
@permit("workspace:documents:read")
@rules.arguments(TryArguments, location="query")
@rules.response(200, TriedDocumentPage)
def try_on_documents(arguments: dict[str, Any], rule_id: UUID) -> Response:
    """Try a rule on the newest documents, without changing them"""
    with connection() as conn:
        rule = _rule(conn, rule_id)

    def tried(conn: Connection, **page: Any) -> list[dict[str, Any]]:
        found = queries.rules.documents_to_try(conn, **page)
        return [
            {name: each[name] for name in ("id", "name", "title")}
            | {"matches": Filed(each).matches(rule)}
            for each in found
        ]

    return list_page(arguments, UUID, tried, workspace_id=caller().workspace_id)


def _rule(conn: Connection, rule_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.rules.get(conn, **_mine(rule_id))
    return found


def _mine(rule_id: UUID) -> dict[str, UUID]:
    return {"id": rule_id, "workspace_id": caller().workspace_id}
