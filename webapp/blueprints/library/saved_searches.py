"""Saved searches over HTTP: each is its user's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response

from sql import NoRow, queries
from webapp.access.callers import caller
from webapp.blueprints.library.search import page_of_results, parsed
from webapp.http.answers import answer, list_page, read_position
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.library.saved_searches import (
    NewSavedSearch,
    SavedSearch,
    SavedSearchChange,
    SavedSearchPage,
)
from webapp.schemas.library.search import ResultArguments, SearchPage

if TYPE_CHECKING:
    from uuid import UUID

# Of a user in a workspace: a list to choose from.
MOST_SAVED_SEARCHES: Final = 100

saved_searches = Blueprint(
    "saved_searches",
    __name__,
    url_prefix="/api/saved-searches",
    description="Searches that you keep by a name.",
)


@saved_searches.get("")
@permit("workspace:search:read")
@saved_searches.arguments(PageArguments, location="query")
@saved_searches.response(200, SavedSearchPage)
def list_own(arguments: dict[str, Any]) -> Response:
    """List your saved searches in this workspace, by name"""
    return list_page(arguments, read_position, queries.saved_searches.list_of_user, **_whose())


@saved_searches.post("")
@permit("workspace:search:write")
@idempotent
@saved_searches.arguments(NewSavedSearch)
@saved_searches.response(201, SavedSearch)
def create(new: dict[str, Any]) -> Response:
    """Save a search

    Nobody else sees it. If another one of yours has the name, however it is written, the answer is
    409 `saved_search_exists`. You have at most 100 in a workspace: 409 `too_many_saved_searches`.
    """
    parsed(new["q"])
    with transaction() as conn:
        queries.saved_searches.hold(conn, **_whose())
        try:
            made = queries.saved_searches.create(conn, most=MOST_SAVED_SEARCHES, **_whose(), **new)
        except NoRow:
            raise Problem(
                409,
                "too_many_saved_searches",
                f"You have at most {MOST_SAVED_SEARCHES} saved searches in a workspace.",
            ) from None
    return answer(made, 201, location=f"/api/saved-searches/{made['id']}")


@saved_searches.get("/<uuid:saved_search_id>")
@permit("workspace:search:read")
@saved_searches.response(200, SavedSearch)
def get(saved_search_id: UUID) -> Response:
    """Show a saved search"""
    return answer(_saved(saved_search_id))


@saved_searches.patch("/<uuid:saved_search_id>")
@permit("workspace:search:write")
@saved_searches.arguments(SavedSearchChange)
@saved_searches.response(200, SavedSearch)
def change(change: dict[str, Any], saved_search_id: UUID) -> Response:
    """Rename a saved search, or change its query"""
    if change["q"] is not None:
        parsed(change["q"])
    with transaction() as conn:
        return answer(queries.saved_searches.change(conn, id=saved_search_id, **_whose(), **change))


@saved_searches.delete("/<uuid:saved_search_id>")
@permit("workspace:search:write")
@saved_searches.response(204)
def remove(saved_search_id: UUID) -> Response:
    """Remove a saved search"""
    with transaction() as conn:
        queries.saved_searches.remove(conn, id=saved_search_id, **_whose())
    return Response(status=204)


@saved_searches.get("/<uuid:saved_search_id>/results")
@permit("workspace:search:read")
@saved_searches.arguments(ResultArguments, location="query")
@saved_searches.response(200, SearchPage)
def list_results(arguments: dict[str, Any], saved_search_id: UUID) -> Response:
    """Search again

    The answer is that of `GET /api/search` for the saved query.
    """
    return page_of_results(arguments | {"q": _saved(saved_search_id)["q"]})


def _saved(saved_search_id: UUID) -> dict[str, Any]:
    with connection() as conn:
        found: dict[str, Any] = queries.saved_searches.get(conn, id=saved_search_id, **_whose())
    return found


def _whose() -> dict[str, Any]:
    return {"workspace_id": caller().workspace_id, "user_id": caller().user_id}
