"""What happened in a workspace, for programs that follow it, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from webapp.access.callers import caller
from webapp.blueprints.consumers.event_names import WORKSPACE_AND_USER, refuse_unknown
from webapp.blueprints.consumers.following import Follower, Head, find
from webapp.blueprints.consumers.listening import MOST, Listener, News, as_events
from webapp.http import db
from webapp.http.answers import answer
from webapp.http.db import connection
from webapp.http.errors import Problem
from webapp.http.installed import Installed
from webapp.http.streams import go_on, streams_of_request
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.consumers.changes import ChangeArguments, ChangePage, FollowArguments

if TYPE_CHECKING:
    from flask import Flask

# Milliseconds after which a client comes back when its stream has ended.
_RETRY: Final = b"retry: 2000\n\n"

_news: Final[Installed[News]] = Installed("news")

changes = Blueprint(
    "changes",
    __name__,
    url_prefix="/api/changes",
    description="What happened, for programs that follow it.",
)


@changes.get("")
@permit("workspace:changes:read")
@changes.arguments(ChangeArguments, location="query")
@changes.response(200, ChangePage)
@changes.alt_response(410, description="What followed the cursor is gone: `cursor_expired`.")
def list_changes(arguments: dict[str, Any]) -> Response:
    """List what happened in the workspace, oldest first, from where you left off

    Whoever goes on with `next_cursor` misses nothing and gets nothing twice, whatever else goes on.
    Of what is one user's alone, such as tasks, connections and transfers, only that user is told.
    With `events`, a page may be empty although `has_more` is true.
    """
    me = caller()
    refuse_unknown(arguments["events"], WORKSPACE_AND_USER)
    with connection() as conn:
        head = Head.read(conn)
        found = find(
            conn,
            head,
            Follower(
                me.workspace_id,
                me.user_id,
                head.position(arguments["since"]),
                arguments["events"],
            ),
            arguments["limit"],
        )
    return answer(
        {
            "items": [change for change, _ in found.changes],
            "next_cursor": found.next.cursor,
            "has_more": found.has_more,
        }
    )


@changes.get("/stream")
@permit("workspace:changes:read")
@changes.arguments(FollowArguments, location="query")
@changes.response(200, content_type="text/event-stream")
@changes.alt_response(410, description="What followed the cursor is gone: `cursor_expired`.")
@changes.alt_response(429, description="You have too many streams open: `too_many_streams`.")
def stream(arguments: dict[str, Any]) -> Response:
    """Stream what happens in the workspace, as server-sent events

    Each has a change as its data and the cursor after it as its id; `Last-Event-ID` goes on from
    there. It ends within seconds after the session, the key or the membership has ended.
    """
    me, names = caller(), arguments["events"]
    refuse_unknown(names, WORKSPACE_AND_USER)
    streams = streams_of_request()
    if streams is not None and not streams.has_room(me.user_id):
        raise Problem(
            429,
            "too_many_streams",
            "You have too many streams open: end one of them.",
            headers={"Retry-After": "30"},
        )
    with connection() as conn:
        head = Head.read(conn)
        position = head.position(
            request.headers.get("Last-Event-ID") or arguments["since"] or "now"
        )
        found = find(conn, head, Follower(me.workspace_id, me.user_id, position, names), MOST)
    listener = Listener(me, found.next, names, _news())
    response = Response(mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    begin = _RETRY + as_events(found) + listener.heartbeat
    return go_on(response, begin, listener if streams is not None else None)


def install(app: Flask) -> None:
    """Give the app what tells listeners."""
    _news.install(app, News(db.pool.of(app)))
