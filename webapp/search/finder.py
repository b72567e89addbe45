"""Finds what a query asks for: the newest matches, ranked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.search.query import MOST_CONDITIONS, Facet, Query, Words
from webapp.search.tsquery import Composer
from webapp.search.volumes import Place, Unread

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from sql.connection import Connection
    from webapp.search.query import Condition

    Row = dict[str, Any]
    Scope = dict[str, Any]

# So many matches are ranked; narrow the search to find older ones.
CANDIDATES: Final = 500
# Among so many documents of others that are shared with a user, the newest ones, is looked.
MOST_SHARED: Final = 5_000

_BEGIN, _END, _BESIDE_SIGNS, _JOINT = "\ue000", "\ue001", "\x02", "\x03"
# Two overlapping pairs of letters, as `search_parted` makes them, each with its marks.
_JOINED: Final = re.compile(f"(.)({_END}?){_JOINT}({_BEGIN}?)\\1", re.DOTALL)


def find(
    conn: Connection,
    query: Query,
    *,
    workspace_id: UUID,
    user_id: UUID,
    limit: int,
    after: tuple[float, UUID] | None = None,
) -> Found:
    """The best matches after a rank and id.

    Snippet and marked title are HTML: text with `<mark>` as its only tag. If nothing matches,
    similar words are used too.
    """
    scope: Scope = {"workspace_id": workspace_id, "audiences": [workspace_id, user_id]}
    rows, is_guess = _search(conn, query, scope, limit, after), False
    if rows is None and (wider := _widened(conn, query, scope)) != query:
        rows = _search(conn, wider, scope, limit, after)
        is_guess = bool(rows)
    found = Found(rows or [], is_guess)
    for row in found.rows:
        found.stopped_at = row.pop("stopped_at")
        row["snippet"] = marked(row["snippet"])
        row["marked_title"] = marked(row["marked_title"])
    return found


@dataclass(slots=True)
class Found:
    """A page of matches, as `queries.search.show` returns them.

    `is_guess`: they have words that are similar to those of the query. `stopped_at`: when the
    oldest of those that were ranked was made, if there are older ones.
    """

    rows: list[Row]
    is_guess: bool
    stopped_at: datetime | None = None


def marked(snippet: str) -> str:
    """A text with marked hits, as HTML."""
    text = _JOINED.sub(_without_joint, snippet).replace(_BESIDE_SIGNS, "").replace(_JOINT, "")
    return escape(text).replace(_BEGIN, "<mark>").replace(_END, "</mark>")


def _without_joint(found: re.Match[str]) -> str:
    """The letter that two pairs have in common, once, and marked if either of them is."""
    letter, ends, begins = found.groups()
    if ends and begins:
        return str(letter)
    return f"{begins}{letter}{ends}"


def suggest(
    conn: Connection, text: str, *, workspace_id: UUID, user_id: UUID, limit: int
) -> list[Row]:
    """Tags with a word that begins with the text, then the newest things with all its words in
    title, summary or beginning; the last word may be unfinished."""
    scope: Scope = {"workspace_id": workspace_id, "audiences": [workspace_id, user_id]}
    text = text.removeprefix("#").strip() or text  # a user who means a tag starts with this
    words = [Words(word) for word in text.split()[:MOST_CONDITIONS]]
    query = Query(tuple((word,) for word in words), prefix=words[-1])
    read = _read(conn, query, scope, Words(text))
    ids = _newest(conn, query, read.unread, read.own.naming, limit)
    if read.shared is not None:
        ids += _newest_shared(conn, query, read, read.shared.naming, limit)
    rows: list[Row] = queries.search.suggest(
        conn,
        tags=read.own.meanings[text]["tags"],
        ids=ids,
        shared=read.shared_ids,
        limit=limit,
        **scope,
    )
    return rows


@dataclass(frozen=True, slots=True)
class _Read:
    """What the terms of a query mean in the workspace, and where to look; the same for documents
    of others that are shared with the user, if there are any."""

    own: Composer
    unread: Unread
    shared: Composer | None = None
    shared_ids: list[UUID] = field(default_factory=list)
    shelves: list[int] = field(default_factory=list)


def _search(
    conn: Connection,
    query: Query,
    scope: Scope,
    limit: int,
    after: tuple[float, UUID] | None,
) -> list[Row] | None:
    """A page of the best matches; None if nothing matches at all."""
    read = _read(conn, query, scope, query.prefix)
    ids = _newest(conn, query, read.unread, read.own.matching, CANDIDATES + 1)
    composers = [read.own]
    if read.shared is not None:
        ids += _newest_shared(conn, query, read, read.shared.matching, CANDIDATES + 1)
        ids = sorted(ids, reverse=True)
        composers.append(read.shared)
    if not ids:
        return None
    oldest = ids[CANDIDATES - 1] if len(ids) > CANDIDATES else None
    hits = {
        config: hit
        for each in composers
        for config, hit in zip(each.configs, each.hits(), strict=True)
    }
    after_rank, after_id = after or (None, None)
    rows: list[Row] = queries.search.show(
        conn,
        ids=ids[:CANDIDATES],
        oldest=oldest,
        shared=read.shared_ids,
        configs=list(hits),
        hits=list(hits.values()),
        ranking=" | ".join(dict.fromkeys(filter(None, (each.ranking() for each in composers)))),
        exact=" | ".join(dict.fromkeys(filter(None, (each.exact() for each in composers)))),
        after_rank=after_rank,
        after_id=after_id,
        limit=limit,
        **scope,
    )
    return rows


def _read(conn: Connection, query: Query, scope: Scope, unfinished: Words | None) -> _Read:
    """What the terms mean, and where to look. `unfinished` may be a term that the query does not
    contain."""
    terms = list(dict.fromkeys([*query.terms, *([unfinished.text] if unfinished else [])]))
    prefixes = [
        terms.index(word.text) + 1 for word in {query.prefix, unfinished} if word is not None
    ]
    places = [terms.index(name) + 1 for name in query.places]
    asked = {"terms": terms, "prefixes": prefixes, "places": places}
    read = queries.search.read_terms(conn, **asked, most_shared=MOST_SHARED, **scope)
    own = _composer(query, terms, read)
    unread, ids = Unread(read["volumes"]), read["shared"]
    if not ids:
        return _Read(own, unread)
    found = queries.search.read_shared_terms(
        conn, **asked, ids=ids, homes=read["homes"], workspace_id=scope["workspace_id"]
    )
    return _Read(own, unread, _composer(query, terms, found), ids, found["shelves"])


def _composer(query: Query, terms: list[str], read: Row) -> Composer:
    return Composer(query, read["configs"], dict(zip(terms, read["meanings"], strict=True)))


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


def _newest_shared(
    conn: Connection,
    query: Query,
    read: _Read,
    compose: Callable[[list[Place]], dict[str, str]],
    most: int,
) -> list[UUID]:
    """The ids of the newest shared documents that match what is composed."""
    asked = compose([Place(None, tuple(read.shelves))])
    if not asked:
        return []
    rows = queries.search.match_shared(
        conn,
        ids=read.shared_ids,
        configs=list(asked),
        matching=list(asked.values()),
        after=query.after,
        before=query.before,
        limit=most,
    )
    return [row["id"] for row in rows]


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
