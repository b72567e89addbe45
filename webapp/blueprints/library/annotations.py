"""Annotations of items over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from flask import Response
from psycopg.types.json import Jsonb

from sql import NoRow, queries
from webapp.access.callers import caller
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes import etags
from webapp.routes.blueprint import Blueprint
from webapp.routes.etags import takes_if_match
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.library.annotations import (
    Annotation,
    AnnotationChange,
    AnnotationPage,
    NewAnnotation,
)

if TYPE_CHECKING:
    from sql.connection import Connection

# Annotations of an item: it is found by the words of all of them.
MOST_ANNOTATIONS: Final = 1000

_FIELDS: Final = ("quote", "prefix", "suffix", "start_offset", "end_offset", "color", "note")

# Another name than the noun's, which is that of the import above.
noted = Blueprint(
    "annotations",
    __name__,
    url_prefix="/api",
    description="Highlights on the pages of items, and notes about them.",
)


@noted.get("/annotations")
@permit("workspace:items:read")
@noted.arguments(PageArguments, location="query")
@noted.response(200, AnnotationPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List all annotations, newest first

    Without those of discarded items.
    """
    mine = {"workspace_id": caller().workspace_id}
    return list_page(arguments, UUID, queries.annotations.list_of_workspace, **mine)


@noted.get("/items/<uuid:item_id>/annotations")
@permit("workspace:items:read")
@noted.arguments(PageArguments, location="query")
@noted.response(200, AnnotationPage)
def list_of_item(arguments: dict[str, Any], item_id: UUID) -> Response:
    """List an item's annotations, oldest first"""
    mine = {"workspace_id": caller().workspace_id}
    with connection() as conn:
        queries.items.exists(conn, id=item_id, **mine)
    return list_page(arguments, UUID, queries.annotations.list_of_item, item_id=item_id, **mine)


@noted.post("/items/<uuid:item_id>/annotations")
@permit("workspace:items:write")
@idempotent
@noted.arguments(NewAnnotation)
@noted.response(201, Annotation)
def create(new: dict[str, Any], item_id: UUID) -> Response:
    """Highlight a text of the page, or write a note on the item

    The item is found by the words of both. It has at most 1,000 annotations: 409
    `too_many_annotations`.
    """
    columns = dict.fromkeys(_FIELDS) | new
    if columns["quote"] is not None:
        columns["color"] = columns["color"] or "yellow"
    mine = {"workspace_id": caller().workspace_id}
    with transaction() as conn:
        queries.items.touch(conn, id=item_id, **mine)
        try:
            annotation_id = queries.annotations.create(
                conn,
                item_id=item_id,
                created_by=caller().user_id,
                most=MOST_ANNOTATIONS,
                **mine,
                **columns,
            )
        except NoRow:
            raise Problem(
                409,
                "too_many_annotations",
                f"An item has at most {MOST_ANNOTATIONS:,} annotations.",
            ) from None
        _record(conn, item_id, annotation_id, event="item.annotated")
        made = _shown(conn, annotation_id)
    return answer(made, 201, location=f"/api/annotations/{annotation_id}")


@noted.get("/annotations/<uuid:annotation_id>")
@permit("workspace:items:read")
@noted.response(200, Annotation)
def get(annotation_id: UUID) -> Response:
    """Show an annotation"""
    with connection() as conn:
        return answer(_shown(conn, annotation_id))


@noted.patch("/annotations/<uuid:annotation_id>")
@permit("workspace:items:write")
@takes_if_match
@noted.arguments(AnnotationChange)
@noted.response(200, Annotation)
def change(change: dict[str, Any], annotation_id: UUID) -> Response:
    """Change an annotation's note, colour or place"""
    with transaction() as conn:
        item_id = _touch_item(conn, annotation_id)
        etags.check(lambda: _shown(conn, annotation_id))
        fields = as_json(change).decode()
        queries.annotations.change(conn, **_mine(annotation_id), fields=fields)
        _record(conn, item_id, annotation_id, event="item.annotation_edited")
        return answer(_shown(conn, annotation_id))


@noted.delete("/annotations/<uuid:annotation_id>")
@permit("workspace:items:write")
@noted.response(204)
def remove(annotation_id: UUID) -> Response:
    """Remove an annotation"""
    with transaction() as conn:
        item_id = _touch_item(conn, annotation_id)
        queries.annotations.remove(conn, **_mine(annotation_id))
        _record(conn, item_id, annotation_id, event="item.annotation_removed")
    return Response(status=204)


def _touch_item(conn: Connection, annotation_id: UUID) -> UUID:
    """The item of an annotation, locked and changed. The database refuses a discarded one."""
    item_id: UUID = _shown(conn, annotation_id)["item_id"]
    queries.items.touch(conn, id=item_id, workspace_id=caller().workspace_id)
    return item_id


def _shown(conn: Connection, annotation_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.annotations.get(conn, **_mine(annotation_id))
    return found


def _mine(annotation_id: UUID) -> dict[str, UUID]:
    return {"id": annotation_id, "workspace_id": caller().workspace_id}


def _record(conn: Connection, item_id: UUID, annotation_id: UUID, *, event: str) -> None:
    queries.events.record(
        conn,
        workspace_id=caller().workspace_id,
        entity="item",
        entity_id=item_id,
        event=event,
        payload=Jsonb({"annotation_id": str(annotation_id)}),
    )
