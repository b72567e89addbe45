"""Rules for documents and items, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response

from sql import NoRow, queries
from webapp.access.callers import caller
from webapp.filing import item_rules
from webapp.http.answers import answer, as_cursor, as_json, list_page, read_cursor
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.rules.filing import Filed
from webapp.schemas.common import PageArguments
from webapp.schemas.library.rules import (
    NewRule,
    Rule,
    RuleChange,
    RuledItemPage,
    RulePage,
    TriedDocumentPage,
    TryArguments,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sql.connection import Connection
    from webapp.filing.item_rules import Ruled

# Rules of a workspace: a document or an item is compared with all of them.
MOST_RULES: Final = 200

rules = Blueprint(
    "rules",
    __name__,
    url_prefix="/api/rules",
    description="Rules that classify documents, and tag, collect, confirm or discard items.",
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

    It applies to documents that are read from now on, and to items that are captured or enriched
    from now on. `POST /api/documents/ID/reprocess` applies it to an older document, `POST
    /api/rules/ID/items/apply` to older items. A workspace has at most 200 rules: 409
    `too_many_rules`.
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
    """Remove a rule; what it gave stays"""
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


@rules.post("/<uuid:rule_id>/items/try")
@permit("workspace:items:read")
@rules.arguments(PageArguments, location="query")
@rules.response(200, RuledItemPage)
@rules.alt_response(409, description="The rule is only for documents.")
def try_on_items(arguments: dict[str, Any], rule_id: UUID) -> Response:
    """Try a rule on the newest items, without changing them

    `gives` is what applying it would change now.
    """
    with connection() as conn:
        return _items(conn, arguments, rule_id, item_rules.tried)


@rules.post("/<uuid:rule_id>/items/apply")
@permit("workspace:items:write")
@idempotent
@rules.arguments(PageArguments, location="query")
@rules.response(200, RuledItemPage)
@rules.alt_response(409, description="The rule is only for documents.")
def apply_to_items(arguments: dict[str, Any], rule_id: UUID) -> Response:
    """Apply a rule to the newest items that are there

    A page of them at a time: go on with `next_cursor` until it is null. `gives` is what has
    changed. A page is done as a whole, and the same page once more changes nothing. What other
    rules gave before, and what people decided, stays. An inactive rule can be applied too.
    """
    with transaction() as conn:
        return _items(conn, arguments, rule_id, _applied)


def _applied(
    conn: Connection, workspace_id: UUID, rules: list[Any], ids: list[UUID]
) -> list[Ruled]:
    item_rules.hold(conn, workspace_id, rules)
    queries.item_rulings.lock(conn, workspace_id=workspace_id, ids=ids)
    return item_rules.apply(conn, workspace_id, rules, ids)


def _items(
    conn: Connection,
    arguments: dict[str, Any],
    rule_id: UUID,
    ruled: Callable[[Connection, UUID, list[Any], list[UUID]], list[Ruled]],
) -> Response:
    """A page of items, with what a rule gives them."""
    rule = _rule(conn, rule_id)
    if rule["applies_to"] == "documents":
        raise Problem(409, "rule_for_documents", "The rule only applies to documents.")
    mine, limit = caller().workspace_id, arguments["limit"]
    found = queries.rules.items_to_try(
        conn,
        workspace_id=mine,
        after=read_cursor(arguments["cursor"], UUID),
        limit=limit + 1,
    )
    shown = [
        {name: each.item[name] for name in ("id", "status", "title", "source_url")}
        | {
            "matches": bool(each.rulings) or Filed(each.item).matches(rule),
            "gives": {
                "tags": [ruling.value for ruling in each.rulings if ruling.field == "tag"],
                "folder_id": _value(each, "folder_id"),
                "action": _value(each, "action"),
            },
        }
        for each in ruled(conn, mine, [rule], [each["id"] for each in found[:limit]])
    ]
    last = str(found[limit - 1]["id"]) if len(found) > limit else None
    return answer({"items": shown, "next_cursor": as_cursor(last)})


def _value(ruled: Ruled, field: str) -> str | None:
    return next((ruling.value for ruling in ruled.rulings if ruling.field == field), None)


def _rule(conn: Connection, rule_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.rules.get(conn, **_mine(rule_id))
    return found


def _mine(rule_id: UUID) -> dict[str, UUID]:
    return {"id": rule_id, "workspace_id": caller().workspace_id}
