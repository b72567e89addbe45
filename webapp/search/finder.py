"""Finds what a query asks for: the newest matches, ranked."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.search.query import MOST_CONDITIONS, Facet, Query, Words
from webapp.search.tsquery import Composer
from webapp.search.volumes import Unread

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from sql.connection import Connection
    from webapp.search.query import Condition
    from webapp.search.volumes import Place

    Row = dict[str, Any]
    Scope = dict[str, Any]

# So many matches are ranked; narrow the search to find older ones.
CANDIDATES: Final = 500

_BEGIN, _END, _BESIDE_SIGNS = "\ue000", "\ue001", "\x02"


def find(
    conn: Connection,
    query: Query,
    *,
    workspace_id: UUID,
    user_id: UUID,
    limit: int,
    after: tuple[float, UUID] | None = None,
) -> list[Row]:
    """The best matches after a rank and id, as `queries.search.show` returns them.

    The snippet is HTML: text with `<mark>` as its only tag. If nothing matches, similar words are
    used too.
    """
    scope: Scope = {"workspace_id": workspace_id, "audiences": [workspace_id, user_id]}
    found = _search(conn, query, scope, limit, after)
    if found is None and (wider := _widened(conn, query, scope)) != query:
        found = _search(conn, wider, scope, limit, after)
    rows = found or []
    for row in rows:
        row["snippet"] = marked(row["snippet"])
    return rows


def marked(snippet: str) -> str:
    """A text with marked hits, as HTML."""
    text = escape(snippet.replace(_BESIDE_SIGNS, ""))
    return text.replace(_BEGIN, "<mark>").replace(_END, "</mark>")


def suggest(
    conn: Connection, text: str, *, workspace_id: UUID, user_id: UUID, limit: int
) -> list[Row]:
    """Tags with a word that begins with the text, then the newest things with all its words in
    title, summary or beginning; the last word may be unfinished."""
    scope: Scope = {"workspace_id": workspace_id, "audiences": [workspace_id, user_id]}
    text = text.removeprefix("#").strip() or text  # a user who means a tag starts with this
    words = [Words(word) for word in text.split()[:MOST_CONDITIONS]]
    query = Query(tuple((word,) for word in words), prefix=words[-1])
    whole = Words(text)
    composer, unread = _read(conn, query, scope, whole)
    rows: list[Row] = queries.search.suggest(
        conn,
        tags=composer.meanings[text]["tags"],
        ids=_newest(conn, query, unread, composer.naming, limit),
        limit=limit,
        **scope,
    )
    return rows


def _search(
    conn: Connection,
    query: Query,
    scope: Scope,
    limit: int,
    after: tuple[float, UUID] | None,
) -> list[Row] | None:
    """A page of the best matches; None if nothing matches at all."""
    composer, unread = _read(conn, query, scope, query.prefix)
    ids = _newest(conn, query, unread, composer.matching, CANDIDATES)
    if not ids:
        return None
    after_rank, after_id = after or (None, None)
    rows: list[Row] = queries.search.show(
        conn,
        ids=ids,
        configs=list(composer.configs),
        hits=composer.hits(),
        ranking=composer.ranking(),
        after_rank=after_rank,
        after_id=after_id,
        limit=limit,
        **scope,
    )
    return rows


def _read(
    conn: Connection, query: Query, scope: Scope, unfinished: Words | None
) -> tuple[Composer, Unread]:
    """What the terms mean in a workspace, and where to look. `unfinished` may be a term that the
    query does not contain."""
    terms = list(dict.fromkeys([*query.terms, *([unfinished.text] if unfinished else [])]))
    prefixes = [
        terms.index(word.text) + 1 for word in {query.prefix, unfinished} if word is not None
    ]
    places = [terms.index(name) + 1 for name in query.places]
    read = queries.search.read_terms(conn, terms=terms, prefixes=prefixes, places=places, **scope)
    meanings = dict(zip(terms, read["meanings"], strict=True))
    return Composer(query, read["configs"], meanings), Unread(read["volumes"])


def _newest(
    conn: Connection,
    query: Query,
    unread: Unread,
    compose: Callable[[list[Place]], dict[str, str]],
    most: int,
) -> list[UUID]:
    """The ids of the newest entries that match what is composed for their places."""
    ids: set[UUID] = set()
    wanted = 1.0
    while len(ids) < most and (places := unread.take(wanted)):
        asked = compose(places)
        if not asked:
            break
        rows = queries.search.match(
            conn,
            configs=list(asked),
            matching=list(asked.values()),
            after=query.after,
            before=query.before,
            limit=most,
        )
        ids.update(row["id"] for row in rows)
        # As many more as are likely to contain the rest.
        wanted = unread.volumes_read * (most - len(ids)) / len(ids) if ids else float("inf")
    return sorted(ids, reverse=True)[:most]


def _widened(conn: Connection, query: Query, scope: Scope) -> Query:
    """The query with similar words added to its words."""
    words = query.guessable
    rows = queries.search.read_similar(conn, words=words, **scope)
    similar: dict[str, list[Condition]] = {
        words[row["number"] - 1]: [
            *(Words(word) for word in row["words"]),
            *(Facet((f" t:{tag}",)) for tag in row["tags"]),
        ]
        for row in rows
    }
    return query.widened(similar)
