"""Search over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from webapp.access.callers import caller
from webapp.blueprints.library.meaning import meaning_of
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

    from webapp.search.query import Query

search = Blueprint(
    "search", __name__, url_prefix="/api/search", description="Search over everything."
)


@search.get("")
@permit("workspace:search:read")
@search.arguments(SearchArguments, location="query")
@search.response(200, SearchPage)
def find(arguments: dict[str, Any]) -> Response:
    """Find items, documents, tasks and tokens, best match first

    Every word has to match, in any order; the last one may be unfinished. A query may also contain
    `"a phrase"`, `-not`, `this OR that`, `#tag`, `is:pending`, `type:task`, `site:example.com`,
    `before:2026-11-21` and `after:2026-01`. If nothing matches, similar words are tried. Discarded
    items are only found by `is:discarded`. With `mode`, things are found by the meaning of the
    words; filters, phrases and exclusions hold all the same.
    """
    return page_of_results(arguments)


@search.post("")
@permit("workspace:search:read")
@idempotent
@search.arguments(SearchArguments)
@search.response(200, SearchPage)
def find_by_body(arguments: dict[str, Any]) -> Response:
    """Find items, documents, tasks and tokens, with the query in the body

    The same search as by GET, but the query does not end up in the logs of proxies.
    """
    return page_of_results(arguments)


@search.get("/suggest")
@permit("workspace:search:read")
@search.arguments(SuggestArguments, location="query")
@search.response(200, Suggestions)
def suggest(arguments: dict[str, Any]) -> Response:
    """Suggest completions while typing

    First tags with a word that begins this way, then what has all these words in its title; the
    last word may be unfinished.
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


def parsed(q: str) -> Query:
    """A query that a client sent. Raises Problem 422."""
    try:
        return parse(q)
    except QueryMistake as mistake:
        raise invalid_input(("q", str(mistake))) from None


def page_of_results(arguments: dict[str, Any]) -> Response:
    """What the caller finds by the `q` of the arguments: the page that `limit` and `cursor` say."""
    me = caller()
    after = read_cursor(arguments["cursor"], _place)
    limit = arguments["limit"]
    query = parsed(arguments["q"])
    meaning, reason = meaning_of(query, arguments["mode"])
    with connection() as conn:
        found = finder.find(
            conn,
            query,
            workspace_id=me.workspace_id,
            user_id=me.user_id,
            limit=limit + 1,
            after=after,
            meaning=meaning,
        )
    return page(
        found.rows,
        limit,
        mode="words" if meaning is None else "meaning" if meaning.alone else "both",
        mode_reason=reason,
        is_guess=found.is_guess,
        stopped_at=found.stopped_at,
    )


def _place(text: str) -> tuple[float, UUID]:
    """A rank and an id. Raises ValueError if the text is not one."""
    rank, _, entry_id = text.partition(" ")
    place = float(rank), UUID(entry_id)
    if not (place[0] == 0 or 1e-37 < place[0] < 1e30):  # a `real` in the database
        raise ValueError(text)
    return place
