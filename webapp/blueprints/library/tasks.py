"""Tasks over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Response

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page, read_position
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input, not_found
from webapp.routes import etags
from webapp.routes.blueprint import Blueprint
from webapp.routes.etags import takes_if_match
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.rules.due import following, mistakes_in, reminder
from webapp.schemas.library.tasks import (
    CompletedTasks,
    NewTask,
    Task,
    TaskArguments,
    TaskChange,
    TaskIds,
    TaskPage,
)

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

tasks = Blueprint("tasks", __name__, url_prefix="/api/<user>/tasks", description="Tasks.")


@tasks.post("")
@permit("workspace:tasks:write")
@idempotent
@tasks.arguments(NewTask)
@tasks.response(201, Task)
def create(new: dict[str, Any], user: str) -> Response:
    """Create a task

    `user` is `me`, or your own id.
    """
    _refuse_anothers_list(user)
    with transaction() as conn:
        task = queries.tasks.create(conn, **_mine(), **new | {"remind_at": reminder(new)})
    return answer(task, 201, location=f"/api/me/tasks/{task['id']}")


@tasks.get("")
@permit("workspace:tasks:read")
@tasks.arguments(TaskArguments, location="query")
@tasks.response(200, TaskPage)
def list_own(arguments: dict[str, Any], user: str) -> Response:
    """List your tasks"""
    _refuse_anothers_list(user)
    if arguments["status"] == "all":
        arguments["status"] = None
    return list_page(arguments, read_position, queries.tasks.list_of_user, **_mine())


@tasks.post("/complete")
@permit("workspace:tasks:write")
@idempotent
@tasks.arguments(TaskIds)
@tasks.response(200, CompletedTasks)
def complete_many(given: dict[str, Any], user: str) -> Response:
    """Complete several tasks, all in one transaction"""
    _refuse_anothers_list(user)
    ids = list(dict.fromkeys(given["ids"]))
    with transaction() as conn:
        own = {row["id"] for row in queries.tasks.find_own(conn, ids=ids, **_mine())}
        rows = queries.tasks.complete_many(conn, ids=ids, **_mine())
        _repeat(conn, rows)
    completed = {row["id"] for row in rows}
    results = [
        "completed" if each in completed else "already_completed" if each in own else "not_found"
        for each in ids
    ]
    return answer(
        {"items": [{"id": each, "result": said} for each, said in zip(ids, results, strict=True)]}
    )


@tasks.get("/<uuid:task_id>")
@permit("workspace:tasks:read")
@tasks.response(200, Task)
def get(user: str, task_id: UUID) -> Response:
    """Show a task"""
    _refuse_anothers_task(user)
    with connection() as conn:
        return answer(queries.tasks.get(conn, id=task_id, **_mine()))


@tasks.put("/<uuid:task_id>")
@permit("workspace:tasks:write")
@takes_if_match
@tasks.arguments(TaskChange)
@tasks.response(200, Task)
def replace(change: dict[str, Any], user: str, task_id: UUID) -> Response:
    """Change a task

    Fields that are left out stay as they are; null clears a field.
    """
    mine = _held(user, task_id)
    with transaction() as conn:
        before = _lock(conn, mine)
        etags.check(lambda: before)
        after = {name: before[name] for name in _CHANGEABLE} | _with_one_of_each(change)
        if mistakes := mistakes_in(after):
            raise invalid_input(*mistakes.items())
        after["remind_at"] = reminder(after)
        if after["tags"] != before["tags"]:
            queries.tasks.make_tags(conn, **_mine(), tags=after["tags"])
        queries.tasks.replace(
            conn,
            **mine,
            **{name: value for name, value in after.items() if name != "tags"},
            is_edited=any(value != before[name] for name, value in after.items()),
        )
        if after["tags"] != before["tags"]:
            queries.tasks.replace_tags(conn, **_mine(), task_id=task_id, tags=after["tags"])
        return answer(queries.tasks.get(conn, **mine))


@tasks.patch("/<uuid:task_id>/complete")
@permit("workspace:tasks:write")
@takes_if_match
@tasks.response(200, Task)
def toggle(user: str, task_id: UUID) -> Response:
    """Complete a task, or reopen it

    Completing a recurring task creates the next one. Reopening it takes that one back, unless it
    was changed or completed meanwhile: then it stays, and goes on alone.
    """
    mine = _held(user, task_id)
    with transaction() as conn:
        etags.check(lambda: _lock(conn, mine))
        row = queries.tasks.toggle(conn, **mine)
        if row["completed"]:
            _repeat(conn, [row])
        else:
            _take_back(conn, mine)
        return answer(queries.tasks.get(conn, **mine))


@tasks.delete("/<uuid:task_id>")
@permit("workspace:tasks:write")
@takes_if_match
@tasks.response(204)
def remove(user: str, task_id: UUID) -> Response:
    """Delete a task"""
    mine = _held(user, task_id)
    with transaction() as conn:
        etags.check(lambda: _lock(conn, mine))
        queries.tasks.remove(conn, **mine)
    return Response(status=204)


_CHANGEABLE = (
    *("title", "description", "due_at", "due_on", "time_zone", "priority", "tags", "recurrence"),
    *("item_id", "document_id", "remind_at", "remind_minutes_before"),
)


# What one takes the place of, if it is given.
_OTHER = {
    "due_at": "due_on",
    "due_on": "due_at",
    "remind_at": "remind_minutes_before",
    "remind_minutes_before": "remind_at",
}


def _with_one_of_each(change: dict[str, Any]) -> dict[str, Any]:
    """A change; a new due time takes the place of a due day, and so on."""
    replaced = {_OTHER[name]: None for name in _OTHER if change.get(name) is not None}
    if "remind_at" in change and change["remind_at"] is None:
        replaced["remind_minutes_before"] = None
    return replaced | change


def _mine() -> dict[str, UUID]:
    return {"workspace_id": caller().workspace_id, "user_id": caller().user_id}


def _held(user: str, task_id: UUID) -> dict[str, UUID]:
    _refuse_anothers_task(user)
    return {"id": task_id, **_mine()}


def _lock(conn: Connection, mine: dict[str, UUID]) -> dict[str, Any]:
    """The task, locked until the transaction ends."""
    queries.tasks.lock(conn, **mine)
    task: dict[str, Any] = queries.tasks.get(conn, **mine)
    return task


def _repeat(conn: Connection, completed: list[dict[str, Any]]) -> None:
    """Create the next ones of recurring tasks."""
    now = datetime.now(UTC)
    made = [each for row in completed if (each := following(row, now)) is not None]
    if made:
        columns = ("due_at", "due_on", "recurrence", "recurs_from", "remind_at")
        queries.tasks.repeat(
            conn,
            ids=[each["id"] for each in made],
            **{name: [each[name] for each in made] for name in columns},
        )


def _take_back(conn: Connection, mine: dict[str, UUID]) -> None:
    """Remove the task that the completion of a reopened one made, or let it go on alone."""
    made = queries.tasks.hold_following(conn, **mine)
    if made is not None and made["is_as_made"]:
        queries.tasks.remove(conn, **mine | {"id": made["id"]})
    elif made is not None:
        queries.tasks.part(conn, **mine)


def _is_oneself(user: str) -> bool:
    return user in ("me", str(caller().user_id))


def _refuse_anothers_list(user: str) -> None:
    """Raises Problem 403 for another user's list."""
    if not _is_oneself(user):
        raise Problem(403, "forbidden", "A list of tasks is only for its owner.")


def _refuse_anothers_task(user: str) -> None:
    """Raises Problem 404 for another user's task, as for a missing one."""
    if not _is_oneself(user):
        raise not_found()
