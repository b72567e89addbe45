"""Rows for tests, made the way the app makes them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from sql import queries

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

# An id that does not exist.
NOWHERE = "00000000-0000-7000-8000-000000000000"

# How an item gets to each status: the moves after its birth in `enriching`.
WAYS = {
    "enriching": [],
    "ready_to_confirm": ["ready_to_confirm"],
    "failed": ["failed"],
    "confirmed": ["ready_to_confirm", "confirmed"],
    "discarded": ["discarded"],
}


@dataclass
class Factory:
    """Makes rows through the app's own connection and queries."""

    conn: psycopg.Connection[Any]

    def user(self, handle: str | None = None) -> dict[str, Any]:
        """Make a user: `id` and `workspace_id`."""
        handle = handle or f"user-{secrets.token_hex(4)}"
        queries.users.create_with_handle(self.conn, handle=handle)
        cursor = self.conn.cursor(row_factory=dict_row)
        cursor.execute(
            "SELECT users.id, workspaces.id AS workspace_id FROM users"
            " JOIN workspaces ON personal_of = users.id WHERE handle = %s",
            (handle,),
        )
        return cursor.fetchone()

    def item(self, user: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
        """Make an item of a user, in the requested status."""
        user = user or self.user()
        status = given.pop("status", "enriching")
        columns: dict[str, Any] = {
            "source_type": "note",
            "source_url": None,
            "raw_text": "Buy milk.",
        }
        columns |= {"page_hash": None, "document_id": None}
        columns |= {"title": None, "tags": [], "status": "enriching"} | given
        item = queries.items.create(
            self.conn, workspace_id=user["workspace_id"], created_by=user["id"], **columns
        )
        for step in WAYS[status]:
            self.move(item["id"], step)
        return {**item, "status": status, "workspace_id": user["workspace_id"]}

    def task(self, user: Any, workspace_id: UUID | None = None, **given: Any) -> dict[str, Any]:
        """Make a task of a user."""
        mine = {"workspace_id": workspace_id or user.workspace_id, "user_id": user.id}
        columns = {"title": "Order the posts", "description": None, "due_at": None, "priority": 0}
        columns |= {"due_on": None, "time_zone": None}
        columns |= {"remind_at": None, "remind_minutes_before": None}
        columns |= {"tags": [], "recurrence": None, "item_id": None, "document_id": None} | given
        task: dict[str, Any] = queries.tasks.create(self.conn, **mine, **columns)
        return task

    def move(self, item_id: UUID, status: str) -> None:
        """Move an item, by the rules of the database."""
        self.conn.execute("UPDATE items SET status = %s WHERE id = %s", (status, item_id))
