"""What is in the database during the measurements: one user's items, tags, tasks and API key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sql import queries
from webapp.identity.api_keys import new_api_key
from webapp.identity.keyring import digest

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

TASKS: Final = 2000
# The id of each task, by its number; scripts/toggle.lua has it too.
TASK_ID: Final = "01970000-0000-7000-8000-{:012}"

_TAGS: Final = 200
_ITEMS: Final = 300
_SCOPES: Final = (
    "workspace:items:read",
    "workspace:items:write",
    "workspace:tasks:read",
    "workspace:tasks:write",
)
_TEXT: Final = "The oak posts have to be ordered before Friday. " * 10


@dataclass(frozen=True, slots=True)
class Rows:
    """The ids and the key that requests use."""

    user_id: UUID
    workspace_id: UUID
    item_id: UUID
    key: str

    @property
    def secret_hash(self) -> bytes:
        """The key as it is stored in the database."""
        return digest(self.key)


def fill(conn: psycopg.Connection) -> Rows:
    """Insert it all."""
    queries.users.create_with_handle(conn, handle="ana")
    found = conn.execute(
        "SELECT users.id, workspaces.id FROM users JOIN workspaces ON personal_of = users.id"
    ).fetchone()
    assert found is not None
    user_id, workspace_id = found
    conn.execute(
        "SELECT make_tags(%s, array_agg('tag ' || i)) FROM generate_series(0, %s) AS i",
        (workspace_id, _TAGS - 1),
    )
    mine = {"workspace_id": workspace_id, "created_by": user_id}
    items = [
        queries.items.create(
            conn,
            **mine,
            source_type="note",
            source_url=None,
            page_hash=None,
            document_id=None,
            raw_text=_TEXT,
            title=f"Posts, part {i}",
            tags=[f"tag {(i + j) % _TAGS}" for j in range(3)],
            status="confirmed",
        )
        for i in range(_ITEMS)
    ]
    conn.execute(
        "INSERT INTO suggestions (workspace_id, item_id, value, confidence)"
        " SELECT %s, unnest(%s::uuid[]), 'fence', 0.75",
        (workspace_id, [item["id"] for item in items]),
    )
    conn.execute(
        "INSERT INTO tasks (id, workspace_id, user_id, title)"
        " SELECT ('01970000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, %s, %s, 'Task ' || i"
        "   FROM generate_series(1, %s) AS i",
        (workspace_id, user_id, TASKS),
    )
    conn.execute(
        "INSERT INTO task_tags (task_id, tag_id)"
        " SELECT tasks.id, tags.id FROM tasks"
        "   JOIN tags ON tags.name = 'tag ' || length(tasks.title)"
    )
    made = new_api_key()
    queries.api_keys.create(
        conn,
        user_id=user_id,
        workspace_id=workspace_id,
        name="benchmark",
        prefix=made.prefix,
        secret_hash=made.secret_hash,
        scopes=list(_SCOPES),
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    conn.execute("VACUUM ANALYZE")
    return Rows(user_id, workspace_id, items[_ITEMS // 2]["id"], made.secret)
