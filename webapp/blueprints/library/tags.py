"""Tags over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from sql import queries
from webapp.access.callers import caller, may
from webapp.http.answers import answer, list_page, read_position
from webapp.http.db import connection, transaction
from webapp.http.errors import invalid_input, not_found
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.library.tags import NewTag, Tag, TagArguments, TagChange, TagMerge, TagPage

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

tags = Blueprint("tags", __name__, url_prefix="/api/tags", description="Tags of items and tasks.")


@tags.get("")
@permit("workspace:items:read")
@tags.arguments(TagArguments, location="query")
@tags.response(200, TagPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List the workspace's tags, with how often each is used"""
    ask = queries.tags.list_of_workspace
    return list_page(arguments, read_position, ask, **_seen())


@tags.post("")
@permit("workspace:items:write")
@idempotent
@tags.arguments(NewTag)
@tags.response(201, Tag)
@tags.alt_response(200, schema=Tag, description="The workspace already has this tag.")
def create(new: dict[str, Any]) -> Response:
    """Make a tag

    A name that differs from an existing tag's only in case is that tag: the answer is 200, with the
    existing one.
    """
    with transaction() as conn:
        made = queries.tags.create(conn, workspace_id=caller().workspace_id, **new)
        tag = _tag(conn, made["id"])
    return answer(tag, 201, location=f"/api/tags/{tag['id']}") if made["is_new"] else answer(tag)


@tags.get("/<uuid:tag_id>")
@permit("workspace:items:read")
@tags.response(200, Tag)
def get(tag_id: UUID) -> Response:
    """Show a tag"""
    with connection() as conn:
        return answer(_tag(conn, tag_id))


@tags.patch("/<uuid:tag_id>")
@permit("workspace:items:write")
@tags.arguments(TagChange)
@tags.response(200, Tag)
def change(change: dict[str, Any], tag_id: UUID) -> Response:
    """Rename a tag, or give it a colour

    If another tag has the name, the answer is 409 `tag_exists`: merge the two.
    """
    with transaction() as conn:
        queries.tags.change(conn, id=tag_id, **_seen(), **change)
        return answer(_tag(conn, tag_id))


@tags.post("/<uuid:tag_id>/merge")
@permit("workspace:items:write")
@idempotent
@tags.arguments(TagMerge)
@tags.response(200, Tag)
def merge(given: dict[str, Any], tag_id: UUID) -> Response:
    """Merge a tag into another, which replaces it everywhere"""
    into = given["into"]
    if into == tag_id:
        raise invalid_input(("into", "Is the same tag."))
    seen = _seen()
    with transaction() as conn:
        rows = queries.tags.lock_many(conn, ids=[tag_id, into], **seen)
        found = {row["id"]: row["is_private"] for row in rows}
        if tag_id not in found:
            raise not_found()
        if into not in found:
            raise invalid_input(("into", "There is no such tag here."))
        if found[into] and not found[tag_id]:
            raise invalid_input(("into", "Is private, but the tag to merge is not."))
        queries.tags.merge(conn, id=tag_id, into=into)
        queries.tags.remove(conn, id=tag_id, **seen)
        return answer(_tag(conn, into))


@tags.delete("/<uuid:tag_id>")
@permit("workspace:items:write")
@tags.response(204)
def remove(tag_id: UUID) -> Response:
    """Delete a tag, and remove it from everything that has it"""
    with transaction() as conn:
        queries.tags.remove(conn, id=tag_id, **_seen())
    return Response(status=204)


def _tag(conn: Connection, tag_id: UUID) -> dict[str, Any]:
    tag: dict[str, Any] = queries.tags.get(conn, id=tag_id, **_seen())
    return tag


def _seen() -> dict[str, Any]:
    """What limits the tags that the caller sees: the workspace, and the user whose tasks count."""
    who = caller()
    audiences = [who.workspace_id]
    if may("workspace:tasks:read"):
        audiences.append(who.user_id)
    return {"workspace_id": who.workspace_id, "audiences": audiences}
