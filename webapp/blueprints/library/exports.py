"""Exports of everything, streamed, of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.exporting.bookmarks import bookmarks
from webapp.http import db
from webapp.http.answers import as_json
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from webapp.http.pool import Pool

    Row = dict[str, Any]

# Rows read at once. A connection is only held while they are read, not for the whole response,
# since a client may read it slowly.
_BATCH: Final = 500

exports = Blueprint(
    "exports", __name__, url_prefix="/api/export", description="Exports of everything."
)


@exports.get("/items.jsonl")
@permit("workspace:items:read")
@exports.response(200, content_type="application/x-ndjson")
def export_items() -> Response:
    """Export all items that are not discarded, as lines of JSON

    The last line is `{"type": "end", "count": …}`.
    """
    rows = _rows(db.pool(), queries.exports.items, workspace_id=caller().workspace_id)
    return _as_file(
        _lines("item", map(_portable_item, rows)), "items.jsonl", "application/x-ndjson"
    )


@exports.get("/tasks.jsonl")
@permit("workspace:tasks:read")
@exports.response(200, content_type="application/x-ndjson")
def export_tasks() -> Response:
    """Export your tasks, as lines of JSON

    The last line is `{"type": "end", "count": …}`.
    """
    mine = {"workspace_id": caller().workspace_id, "user_id": caller().user_id}
    rows = _rows(db.pool(), queries.exports.tasks, **mine)
    return _as_file(
        _lines("task", map(_portable_task, rows)), "tasks.jsonl", "application/x-ndjson"
    )


@exports.get("/bookmarks.html")
@permit("workspace:items:read")
@exports.response(200, content_type="text/html")
def export_bookmarks() -> Response:
    """Export all links that are not discarded, in the form that browsers import"""
    rows = _rows(db.pool(), queries.exports.links, workspace_id=caller().workspace_id)
    return _as_file(bookmarks(rows), "bookmarks.html", "text/html")


def _rows(pool: Pool, ask: Callable[..., Sequence[Row]], **mine: Any) -> Iterator[Row]:
    """All rows of a query, batch by batch."""
    after = None
    while True:
        with pool.connection() as conn:
            rows = ask(conn, **mine, after=after, limit=_BATCH)
        yield from rows
        if len(rows) < _BATCH:
            return
        after = rows[-1]["id"]


def _portable_item(item: Row) -> Row:
    """An item without the fields that only apply here."""
    del item["progress"]
    for suggestion in item["suggestions"]:
        del suggestion["id"]
    return item


def _portable_task(task: Row) -> Row:
    """A task without the fields that only apply here."""
    del task["user_id"]
    return task


def _lines(kind: str, rows: Iterator[Row]) -> Iterator[bytes]:
    count = 0
    for row in rows:
        count += 1
        yield as_json({"type": kind, **row}) + b"\n"
    yield as_json({"type": "end", "count": count}) + b"\n"


def _as_file(parts: Iterator[bytes] | Iterator[str], name: str, mimetype: str) -> Response:
    response = Response(parts, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="coffer-{name}"'
    return response
