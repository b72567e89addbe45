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
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

    from sql.connection import Connection
    from webapp.search.query import Condition

    Row = dict[str, Any]
    Scope = dict[str, Any]

# So many matches are ranked; narrow the search to find older ones.
CANDIDATES: Final = 500
# So many of the nearest in meaning are ranked, and among so many of what filters leave, the newest,
# they are looked for.
NEAREST: Final = 100
MOST_COMPARED: Final = 20_000
# Among so many documents of others that are shared with a user, the newest ones, is looked.
MOST_SHARED: Final = 5_000

_BEGIN, _END, _BESIDE_SIGNS, _JOINT = "\ue000", "\ue001", "\x02", "\x03"
# Two overlapping pairs of letters, as `search_parted` makes them, each with its marks.
_JOINED: Final = re.compile(f"(.)({_END}?){_JOINT}({_BEGIN}?)\\1", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a query means: a vector of the length 1 by the model that is current. If it is `alone`,
    words need not match. What is less alike than `least`, a cosine, is not found by it."""

    model_id: int
    vector: Sequence[float]
    alone: bool
    least: float = -1.0


def find(
    conn: Connection,
    query: Query,
    *,
    workspace_id: UUID,
    user_id: UUID,
    limit: int,
    after: tuple[float, UUID] | None = None,
    meaning: Meaning | None = None,
) -> Found:
    """The best matches after a rank and id: by the query's words, by its `meaning`, or by both.

    Snippet and marked title are HTML: text with `<mark>` as its only tag. If no words match,
    similar words are used too.
    """
    scope: Scope = {"workspace_id": workspace_id, "audiences": [workspace_id, user_id]}
    read = _read(conn, query, scope, query.prefix)
    ids, is_guess = [], False
    if meaning is None or not meaning.alone:
        ids = _matching(conn, query, read)
        if not ids and (wider := _widened(conn, query, scope)) != query:
            wider_read = _read(conn, wider, scope, wider.prefix)
            ids = _matching(conn, wider, wider_read)
            read, is_guess = (wider_read, True) if ids else (read, False)
    near = None if meaning is None else _nearest(conn, query, read, scope, meaning)
    if not ids and not near:
        return Found([], is_guess=False)
    rows = _show(conn, read, ids, near, scope, limit, after)
    found = Found(rows, is_guess and bool(rows))
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


def _matching(conn: Connection, query: Query, read: _Read) -> list[UUID]:
    """The ids of the newest things that match, newest first: one more than are ranked."""
    ids = _newest(conn, query, read.unread, read.own.matching, CANDIDATES + 1)
    if read.shared is not None:
        ids += _newest_shared(conn, query, read, read.shared.matching, CANDIDATES + 1)
        ids = sorted(ids, reverse=True)
    return ids


def _show(
    conn: Connection,
    read: _Read,
    ids: list[UUID],
    near: list[Row] | None,
    scope: Scope,
    limit: int,
    after: tuple[float, UUID] | None,
) -> list[Row]:
    """A page of the best of those that match and those that are near."""
    composers = [each for each in (read.own, read.shared) if each is not None]
    hits = {
        config: hit
        for each in composers
        for config, hit in zip(each.configs, each.hits(), strict=True)
    }
    after_rank, after_id = after or (None, None)
    rows: list[Row] = queries.search.show(
        conn,
        ids=ids[:CANDIDATES],
        oldest=ids[CANDIDATES - 1] if len(ids) > CANDIDATES else None,
        nearest=None if near is None else [each["id"] for each in near],
        pages=[each["page"] for each in near or ()],
        starts=[each["starts_at"] for each in near or ()],
        lengths=[each["length"] for each in near or ()],
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


def _nearest(
    conn: Connection, query: Query, read: _Read, scope: Scope, meaning: Meaning
) -> list[Row]:
    """What is nearest in meaning, of what the filters, phrases and exclusions leave."""
    left = query.without_words()
    groups: list[list[UUID] | None] = [None, read.shared_ids]
    if left.groups or left.after or left.before:
        narrowed = _read(conn, left, scope, None)
        ids = _newest(conn, left, narrowed.unread, narrowed.own.matching, MOST_COMPARED)
        if narrowed.shared is not None:
            ids += _newest_shared(conn, left, narrowed, narrowed.shared.matching, MOST_COMPARED)
        groups = [ids]
    rows = [
        row
        for among in groups
        if among is None or among
        for row in queries.embeddings.nearest(
            conn,
            among=among,
            model_id=meaning.model_id,
            vector=meaning.vector,
            limit=NEAREST,
            **scope,
        )
        if row["likeness"] >= meaning.least
    ]
    return sorted(rows, key=lambda row: -row["likeness"])[:NEAREST]


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
