"""Exports of everything, streamed, of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.exporting import outlines
from webapp.exporting.exported_rows import ExportedRows
from webapp.http import db
from webapp.http.answers import as_json
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = dict[str, Any]

# What an annotation says without its item, besides ids.
_OF_ANNOTATIONS: Final = (
    *("quote", "prefix", "suffix", "start_offset", "end_offset", "color", "note"),
    *("created_at", "updated_at"),
)

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
    rows = _rows().of(queries.exports.items, workspace_id=caller().workspace_id)
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
    rows = _rows().of(queries.exports.tasks, **mine)
    return _as_file(
        _lines("task", map(_portable_task, rows)), "tasks.jsonl", "application/x-ndjson"
    )


@exports.get("/bookmarks.html")
@permit("workspace:items:read")
@exports.response(200, content_type="text/html")
def export_bookmarks() -> Response:
    """Export all links that are not discarded, in the form that browsers import

    In their folders, those that are in several in each of them; empty folders are there too. Coffer
    reads from it what it wrote.
    """
    parts = _rows().bookmarks(caller().workspace_id)
    return _as_file(parts, "bookmarks.html", "text/html")


@exports.get("/feeds.opml")
@permit("workspace:feeds:read")
@exports.response(200, content_type=outlines.MIMETYPE)
def export_feeds() -> Response:
    """Export the feeds, in the form that feed readers import

    In their folders, with their tags as categories. Coffer reads from it what it wrote.
    """
    mine = {"workspace_id": caller().workspace_id}
    with db.connection() as conn:
        feeds = queries.exports.feeds(conn, **mine)
        folders = queries.exports.folders(conn, **mine)
    return _as_file(iter([outlines.outlines(folders, feeds)]), "feeds.opml", outlines.MIMETYPE)


def _rows() -> ExportedRows:
    return ExportedRows(db.pool().connection)


def _portable_item(item: Row) -> Row:
    """An item without the fields that only apply here, and its folders by their names."""
    del item["progress"], item["annotation_count"]
    item["folders"] = [folder["path"] for folder in item["folders"]]
    for suggestion in item["suggestions"]:
        del suggestion["id"]
    item["annotations"] = [
        {name: annotation[name] for name in _OF_ANNOTATIONS} for annotation in item["annotations"]
    ]
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
