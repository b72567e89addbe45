"""The floor: Flask with the statements of each request and nothing around them. It does not ask who
reads, validates no body, and writes no log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson
from flask import Flask, Response, request
from psycopg_pool import ConnectionPool

from sql import queries
from sql.connection import PARAMETERS, configure
from webapp.identity.keyring import digest

if TYPE_CHECKING:
    from typing import Any

    from sql.connection import Connection

application = Flask(__name__, static_folder=None)
_pool = ConnectionPool(
    os.environ["DATABASE_URL"], kwargs=PARAMETERS, max_size=9, open=False, configure=configure
)


@application.get("/health")
def health() -> Response:
    return _answer({"status": "ok"})


@application.get("/api/items/<uuid:item_id>")
def get(item_id: Any) -> Response:
    with _connection() as conn:
        return _answer(queries.items.get(conn, id=item_id, workspace_id=_workspace(conn)))


@application.get("/api/library")
def library() -> Response:
    with _connection() as conn:
        rows = queries.library.list(
            conn,
            workspace_id=_workspace(conn),
            **dict.fromkeys(("after", "tag", "q", "is_read", "is_favourite")),
            limit=51,
        )
    return _answer({"items": rows[:50], "next_cursor": str(rows[50]["id"])})


@application.post("/api/items")
def post() -> Response:
    given = orjson.loads(request.get_data())
    with _connection() as conn:
        caller = _ask(conn, "workspace:items:write")
        mine = {"workspace_id": caller["workspace_id"]}
        key = {**mine, "user_id": caller["user_id"], "key": request.headers["Idempotency-Key"]}
        with conn.transaction():
            _identify(conn, caller)
            queries.idempotency_keys.claim(conn, **key, request_hash=b"")
            item = queries.items.create(
                conn,
                **mine,
                created_by=caller["user_id"],
                source_type=given["source_type"],
                source_url=None,
                page_hash=None,
                document_id=None,
                raw_text=given["raw_text"],
                status="enriching",
                title=None,
                tags=given["tags"],
            )
            item.pop("has_rules")
            body = orjson.dumps(item)
            location = f"/api/items/{item['id']}"
            queries.idempotency_keys.keep(conn, **key, status=201, location=location, body=body)
    return Response(body, 201, mimetype="application/json")


@application.patch("/api/me/tasks/<uuid:task_id>/complete")
def toggle(task_id: Any) -> Response:
    with _connection() as conn:
        caller = _ask(conn, "workspace:tasks:write")
        mine = {
            "id": task_id,
            "workspace_id": caller["workspace_id"],
            "user_id": caller["user_id"],
        }
        with conn.transaction():
            _identify(conn, caller)
            queries.tasks.toggle(conn, **mine)
            return _answer(queries.tasks.get(conn, **mine))


def _connection() -> Any:
    if _pool.closed:  # until the first request of a process
        _pool.open()
    return _pool.connection()


def _ask(conn: Connection, permission: str) -> dict[str, Any]:
    found: dict[str, Any] = queries.callers.of_api_key(
        conn,
        secret_hash=digest(request.headers["X-API-Key"]),
        permission=permission,
        workspace_id=None,
    )
    return found


_workspaces: list[Any] = []


def _workspace(conn: Connection) -> Any:
    """The only workspace, looked up once."""
    if not _workspaces:
        _workspaces.append(_ask(conn, "workspace:items:read")["workspace_id"])
    return _workspaces[0]


def _identify(conn: Connection, caller: dict[str, Any]) -> None:
    actor = f"user:{caller['user_id']}"
    queries.requests.identify(conn, actor=actor, request_id="", traceparent="")


def _answer(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), mimetype="application/json")
