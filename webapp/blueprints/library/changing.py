"""Changes to one item, all of them or none: actions, edits, suggestions, tags and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access.callers import caller
from webapp.http.errors import invalid_input
from webapp.rules.first_line import first_line

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

_CHANGEABLE: Final = ("action", "title", "summary", "raw_text", "is_read", "is_favourite")


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


def change(conn: Connection, item_id: UUID, change: dict[str, Any]) -> dict[str, Any]:
    """Make a change as `ItemChange` describes it, and record it; gives the item as it is then.

    `add_folder_ids` and `remove_folder_ids` put it into folders besides and take it out of some.
    The folders that it is put into are locked already.
    """
    mine = {"id": item_id, "workspace_id": caller().workspace_id}
    asked = sorted(name for name, value in change.items() if _says_something(name, value))
    if not asked:
        unchanged: dict[str, Any] = queries.items.get(conn, **mine)
        return unchanged
    queries.items.lock(conn, **mine)
    accepted = _decide(conn, item_id, change, "accepted")
    _decide(conn, item_id, change, "rejected")
    if added := accepted + change.get("add_tags", []):
        queries.tags.make(conn, workspace_id=caller().workspace_id, names=added)
    replaced = _replace_text(conn, mine, change)
    queries.items.change(conn, **mine, **{name: change.get(name) for name in _CHANGEABLE})
    tagged = {"item_ids": [item_id], "workspace_id": caller().workspace_id}
    if added:
        queries.tags.attach(conn, **tagged, names=added)
    if removed := change.get("remove_tags"):
        queries.tags.detach(conn, **tagged, names=removed)
    _file(conn, item_id, change)
    if edits := [name for name in asked if name != "action"]:
        queries.items.record_edit(conn, **mine, fields=edits, replaced=replaced)
    item: dict[str, Any] = queries.items.get(conn, **mine)
    return item


def _says_something(name: str, value: Any) -> bool:
    """Whether a field changes something: in no folders at all is a change."""
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


def _replace_text(conn: Connection, mine: dict[str, UUID], change: dict[str, Any]) -> str | None:
    """The text that a change replaces, None if it replaces none. A title that is the first line of
    the former text becomes that of the new one."""
    text = change.get("raw_text")
    if text is None:
        return None
    before = queries.items.get_text(conn, **mine)
    former: str | None = before["raw_text"]
    if former is None or former == text:
        return None
    if change["title"] is None and before["title"] == first_line(former):
        change["title"] = first_line(text)
    return former


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
