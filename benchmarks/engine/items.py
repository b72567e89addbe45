"""Items to enrich and the one result that every engine saves, by Coffer's own statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sql import queries

if TYPE_CHECKING:
    import psycopg

SAVE: bytes = queries.items.save_enrichment.statement

LANGUAGE = "en"
TITLE = "Call Ana about the garden fence"
SUMMARY = "The oak posts have to be ordered before Friday. " * 4
TAGS = {"garden": 0.9, "fence": 0.8, "oak posts": 0.7}


def saved(item_id: Any) -> dict[str, Any]:
    """The arguments of SAVE."""
    nothing = dict.fromkeys(("author", "published_at", "content"))
    return {
        "id": item_id,
        "title": TITLE,
        "summary": SUMMARY,
        "language": LANGUAGE,
        "names": list(TAGS),
        "confidences": list(TAGS.values()),
        "source": "ai",
        **nothing,
    }


def make(conn: psycopg.Connection, rows: int, *, queued: bool) -> None:
    """Make items in status `enriching`; without `queued`, their work is removed from the outbox."""
    conn.execute("INSERT INTO users (handle) VALUES ('ana')")
    conn.execute("INSERT INTO workspaces (personal_of, name) SELECT id, 'w' FROM users")
    conn.execute(
        "INSERT INTO items (workspace_id, created_by, source_type, raw_text, status)"
        " SELECT w.id, w.personal_of, 'note', repeat('word ', 200), 'enriching'"
        " FROM workspaces AS w, generate_series(1, %s)",
        (rows,),
    )
    if not queued:
        conn.execute("TRUNCATE outbox")
