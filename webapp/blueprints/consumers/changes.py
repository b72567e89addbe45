"""What happened in a workspace, for programs that follow it, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webapp.access.callers import caller
from webapp.blueprints.consumers.following import Head, find
from webapp.http.answers import answer
from webapp.http.db import connection
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.consumers.changes import ChangeArguments, ChangePage

if TYPE_CHECKING:
    from flask import Response

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
    with connection() as conn:
        head = Head.read(conn)
        found = find(
            conn,
            head,
            head.position(arguments["since"]),
            workspace_id=me.workspace_id,
            user_id=me.user_id,
            names=arguments["events"],
            limit=arguments["limit"],
        )
    return answer(
        {
            "items": [change for change, _ in found.changes],
            "next_cursor": found.next.cursor,
            "has_more": found.has_more,
        }
    )
