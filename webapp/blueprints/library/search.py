"""Search over HTTP (I11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from webapp.access.callers import caller
from webapp.http.answers import answer, page, read_cursor
from webapp.http.db import connection
from webapp.http.errors import invalid_input
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.library.search import SearchArguments, SearchPage, SuggestArguments, Suggestions
from webapp.search import finder
from webapp.search.query import QueryMistake, parse

if TYPE_CHECKING:
    from flask import Response

search = Blueprint("search", __name__, url_prefix="/api/search", description="Everything, found.")


@search.get("")
@permit("workspace:search:read")
@search.arguments(SearchArguments, location="query")
@search.response(200, SearchPage)
def find(arguments: dict[str, Any]) -> Response:
    """Find items and tasks, the best first

    All words have to match, in any order; the last one may be unfinished. `"a phrase"`, `-not`,
    `this OR that`, `#tag`, `is:pending`, `type:task`, `before:2026-11-21`, `after:2026-01`. Where
    nothing matches, words that look like those asked for are taken too. What is discarded is found
    by `is:discarded` alone.
    """
    return _find(arguments)


@search.post("")
@permit("workspace:search:read")
@idempotent
@search.arguments(SearchArguments)
@search.response(200, SearchPage)
def find_by_body(arguments: dict[str, Any]) -> Response:
    """Find items and tasks, with the query in the body

    As GET; no proxy's log has what was looked for.
    """
    return _find(arguments)


@search.get("/suggest")
@permit("workspace:search:read")
@search.arguments(SuggestArguments, location="query")
@search.response(200, Suggestions)
def suggest(arguments: dict[str, Any]) -> Response:
    """Suggest what may be meant while it is typed

    Tags of which a word begins so, then items and tasks whose titles have all these words, the last
    one unfinished.
    """
    me = caller()
    with connection() as conn:
        rows = finder.suggest(
            conn,
            arguments["q"],
            workspace_id=me.workspace_id,
            user_id=me.user_id,
            limit=arguments["limit"],
        )
    return answer({"items": rows})


def _find(arguments: dict[str, Any]) -> Response:
    me = caller()
    after = read_cursor(arguments["cursor"], _place)
    limit = arguments["limit"]
    try:
        query = parse(arguments["q"])
    except QueryMistake as mistake:
        raise invalid_input(("q", str(mistake))) from None
    with connection() as conn:
        rows = finder.find(
            conn,
            query,
            workspace_id=me.workspace_id,
            user_id=me.user_id,
            limit=limit + 1,
            after=after,
        )
    return page(rows, limit)


def _place(text: str) -> tuple[float, UUID]:
    """A rank and an id. Raises ValueError where they are none."""
    rank, _, entry_id = text.partition(" ")
    place = float(rank), UUID(entry_id)
    if not (place[0] == 0 or 1e-37 < place[0] < 1e30):  # a real of the database
        raise ValueError(text)
    return place
