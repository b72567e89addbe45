"""Feeds over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Response

from sql import NoRow, queries
from webapp.access.callers import caller
from webapp.http.answers import answer, as_json, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.routes.timeline import timeline
from webapp.rules.feeds import MOST_FEEDS
from webapp.rules.web_address import without_fragment
from webapp.schemas.common import PageArguments
from webapp.schemas.library.events import EventPage
from webapp.schemas.library.feeds import Feed, FeedArguments, FeedChange, FeedPage, NewFeed

if TYPE_CHECKING:
    from sql.connection import Connection

feeds = Blueprint(
    "feeds",
    __name__,
    url_prefix="/api/feeds",
    description="Feeds whose new entries become items.",
)


@feeds.post("")
@permit("workspace:feeds:write")
@idempotent
@feeds.arguments(NewFeed)
@feeds.response(201, Feed)
@feeds.alt_response(409, description="It is followed already; there are too many.")
def create(new: dict[str, Any]) -> Response:
    """Follow a feed

    It is checked at once, in the background: its newest 50 entries become items, and later every
    new one, once. The address may also be that of a page that names its feed. A workspace has at
    most 500 feeds: 409 `too_many_feeds`.
    """
    new["url"] = without_fragment(new["url"])
    who = caller()
    with transaction() as conn:
        try:
            feed_id = queries.feeds.create(
                conn,
                workspace_id=who.workspace_id,
                created_by=who.user_id,
                most=MOST_FEEDS,
                **new,
            )
        except NoRow:
            raise Problem(
                409, "too_many_feeds", f"A workspace has at most {MOST_FEEDS} feeds."
            ) from None
        return answer(_feed(conn, feed_id), 201, location=f"/api/feeds/{feed_id}")


@feeds.get("")
@permit("workspace:feeds:read")
@feeds.arguments(FeedArguments, location="query")
@feeds.response(200, FeedPage)
def list_of_workspace(arguments: dict[str, Any]) -> Response:
    """List the feeds, newest first"""
    ask = queries.feeds.list_of_workspace
    return list_page(arguments, UUID, ask, workspace_id=caller().workspace_id)


@feeds.get("/<uuid:feed_id>")
@permit("workspace:feeds:read")
@feeds.response(200, Feed)
def get(feed_id: UUID) -> Response:
    """Show a feed"""
    with connection() as conn:
        return answer(_feed(conn, feed_id))


@feeds.get("/<uuid:feed_id>/events")
@permit("workspace:feeds:read")
@feeds.arguments(PageArguments, location="query")
@feeds.response(200, EventPage)
def list_events(arguments: dict[str, Any], feed_id: UUID) -> Response:
    """Show a feed's timeline, oldest first"""
    with connection() as conn:
        _feed(conn, feed_id)
    return timeline("feed", feed_id, arguments)


@feeds.patch("/<uuid:feed_id>")
@permit("workspace:feeds:write")
@feeds.arguments(FeedChange)
@feeds.response(200, Feed)
def change(change: dict[str, Any], feed_id: UUID) -> Response:
    """Change, stop or resume a feed

    Another folder and other tags are for the entries that come from now on.
    """
    action = change.pop("action")
    with transaction() as conn:
        queries.feeds.change(conn, **_mine(feed_id), action=action, fields=as_json(change).decode())
        return answer(_feed(conn, feed_id))


@feeds.delete("/<uuid:feed_id>")
@permit("workspace:feeds:write")
@feeds.response(204)
def remove(feed_id: UUID) -> Response:
    """Follow a feed no longer; its items stay"""
    with transaction() as conn:
        queries.feeds.remove(conn, **_mine(feed_id))
    return Response(status=204)


@feeds.post("/<uuid:feed_id>/check")
@permit("workspace:feeds:write")
@idempotent
@feeds.response(202, Feed)
@feeds.alt_response(409, description="It is stopped.")
def check(feed_id: UUID) -> Response:
    """Check a feed now, in the background

    `checked_at` says when that was done.
    """
    with transaction() as conn:
        feed = _feed(conn, feed_id)
        if feed["status"] == "stopped":
            raise Problem(409, "feed_stopped", "The feed is stopped: resume it.")
        queries.feeds.check_now(conn, **_mine(feed_id))
        return answer(_feed(conn, feed_id), 202)


def _feed(conn: Connection, feed_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = queries.feeds.get(conn, **_mine(feed_id))
    return found


def _mine(feed_id: UUID) -> dict[str, UUID]:
    return {"id": feed_id, "workspace_id": caller().workspace_id}
