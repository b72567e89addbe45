"""Changes to one item, all of them or none: actions, edits, suggestions, tags and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.library import editing
from webapp.http.errors import invalid_input

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

_CHANGEABLE: Final = (
    *("action", "title", "summary", "raw_text", "source_url", "page_hash"),
    *("is_read", "is_favourite"),
)


def held(conn: Connection, mine: dict[str, UUID]) -> dict[str, Any]:
    """An item, locked until the transaction ends."""
    queries.items.lock(conn, **mine)
    item: dict[str, Any] = queries.items.get(conn, **mine)
    return item


def hold_folders(
    conn: Connection, folder_ids: list[UUID] | None, field: str = "folder_ids"
) -> None:
    """Lock folders that something is put into, before anything else. Raises Problem 422 if one of
    them is none of the caller's workspace; `field` is what names them."""
    if not folder_ids:
        return
    mine = {"workspace_id": caller().workspace_id}
    if len(queries.folder_items.hold(conn, folder_ids=folder_ids, **mine)) < len(set(folder_ids)):
        raise invalid_input((field, "There is no such folder here."))


def hold(conn: Connection, item_id: UUID, change: dict[str, Any]) -> None:
    """Lock all that a change as `ItemChange` describes it needs besides the item: folders, the page
    of a new address, then tags, as whoever captures something. Tags that are missing are made."""
    mine = {"id": item_id, "workspace_id": caller().workspace_id}
    hold_folders(conn, change.get("folder_ids"))
    editing.hold_page(conn, mine, change)
    names = [*change.get("add_tags", [])]
    if accepted := change.get("accepted_suggestion_ids"):
        found = queries.review.find(conn, ids=accepted, workspace_id=mine["workspace_id"])
        names += [each["value"] for each in found]
    if names:
        queries.tags.make(conn, workspace_id=mine["workspace_id"], names=names)


def change(conn: Connection, item_id: UUID, change: dict[str, Any]) -> dict[str, Any]:
    """Make a change as `ItemChange` describes it, and record it; gives the item as it is then.

    `add_folder_ids` and `remove_folder_ids` put it into folders besides and take it out of some.
    What `hold` locks is locked already.
    """
    mine = {"id": item_id, "workspace_id": caller().workspace_id}
    asked = sorted(name for name, value in change.items() if _says_something(name, value))
    if not asked:
        unchanged: dict[str, Any] = queries.items.get(conn, **mine)
        return unchanged
    queries.items.lock(conn, **mine)
    accepted = _decide(conn, item_id, change, "accepted")
    _decide(conn, item_id, change, "rejected")
    replaced = editing.replace_sources(conn, mine, change)
    queries.items.change(conn, **mine, **{name: change.get(name) for name in _CHANGEABLE})
    tagged = {"item_ids": [item_id], "workspace_id": caller().workspace_id}
    if added := accepted + change.get("add_tags", []):
        queries.tags.attach(conn, **tagged, names=added)
    if removed := change.get("remove_tags"):
        queries.tags.detach(conn, **tagged, names=removed)
    _file(conn, item_id, change)
    if edits := [name for name in asked if name != "action"]:
        queries.items.record_edit(conn, **mine, fields=edits, **replaced)
    if change["moves"]:
        return _read_other_page(conn, mine)
    item: dict[str, Any] = queries.items.get(conn, **mine)
    return item


def again(conn: Connection, item_id: UUID, action: str) -> dict[str, Any]:
    """Queue the enrichment of an item again: `retry` or `fetch`. A move to another status queues it
    by itself."""
    mine = {"id": item_id, "workspace_id": caller().workspace_id}
    queries.items.hold_enrichment(conn, **mine)
    status = queries.items.lock(conn, **mine)
    unchanged = dict.fromkeys(_CHANGEABLE)
    queries.items.change(conn, **mine, **unchanged | {"action": action})
    if status in ("confirmed", "enriching"):
        event = "item.retried" if action == "retry" else "item.refetched"
        queries.items.enrich_again(conn, id=item_id, status=status, event=event)
    item: dict[str, Any] = queries.items.get(conn, **mine)
    return item


def _read_other_page(conn: Connection, mine: dict[str, UUID]) -> dict[str, Any]:
    """An item that has got another page; that of a note is not read."""
    queries.items.leave_page(conn, **mine)
    item: dict[str, Any] = queries.items.get(conn, **mine)
    return again(conn, mine["id"], "fetch") if item["source_type"] == "article" else item


def _says_something(name: str, value: Any) -> bool:
    """Whether a field changes something: in no folders at all is a change."""
    if name in ("page_hash", "allow_duplicate"):
        return False
    return value is not None and (value != [] or name == "folder_ids")


def _file(conn: Connection, item_id: UUID, change: dict[str, Any]) -> None:
    """Put an item into folders, and take it out of others."""
    mine = {"workspace_id": caller().workspace_id}
    exactly = change.get("folder_ids")
    if exactly is not None:
        queries.folder_items.take_from_others(conn, item_id=item_id, folder_ids=exactly, **mine)
    if added := exactly or change.get("add_folder_ids"):
        queries.folder_items.put(conn, item_ids=[item_id], folder_ids=added, **mine)
    if removed := change.get("remove_folder_ids"):
        queries.folder_items.take(conn, item_ids=[item_id], folder_ids=removed, **mine)


def _decide(conn: Connection, item_id: UUID, change: dict[str, Any], status: str) -> list[str]:
    """Decide some of an item's suggestions; return their names."""
    field = f"{status}_suggestion_ids"
    ids = set(change.get(field, []))
    if not ids:
        return []
    found = queries.suggestions.decide(conn, item_id=item_id, ids=list(ids), status=status)
    if len(found) < len(ids):
        raise invalid_input((field, "Some of these are not suggestions for this item."))
    return [suggestion["value"] for suggestion in found]
