"""What edits of an item put in place of its text and its address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.http.errors import Problem, invalid_input
from webapp.rules.first_line import first_line
from webapp.rules.same_page import page_hash

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

_SOURCES = ("raw_text", "source_url")


def hold_page(conn: Connection, mine: dict[str, UUID], change: dict[str, Any]) -> None:
    """Keep others from capturing the page of a new address until the transaction ends, and workers
    from reading the former one. Both are held before the item: the page as in a capture, the work
    as workers do."""
    if change.get("source_url") is not None:
        change["page_hash"] = page_hash(change["source_url"])
        which = {"workspace_id": mine["workspace_id"], "page_hash": change["page_hash"]}
        queries.items.hold_page(conn, **which)
        queries.items.hold_enrichment(conn, **mine)


def replace_sources(
    conn: Connection, mine: dict[str, UUID], change: dict[str, Any]
) -> dict[str, str | None]:
    """The text and the address that a change replaces, each None if it does not.

    A title that only repeats the former text or address becomes that of the new one. `moves` in the
    change says whether the item gets another page. Raises Problem if it must not.
    """
    given = {name: change[name] for name in _SOURCES if change.get(name) is not None}
    change["moves"] = False
    if not given:
        return dict.fromkeys(_SOURCES)
    before = queries.items.get_source(conn, **mine)
    if "source_url" in given:
        change["moves"] = before["page_hash"] != change["page_hash"]
        _refuse_address(conn, mine, change, before)
    after = before | given
    title = change.get("title")
    if title is None and before["title"] == _title(before) is not None:
        change["title"] = _title(after)
    return {
        name: before[name] if name in given and before[name] != given[name] else None
        for name in _SOURCES
    }


def _refuse_address(
    conn: Connection, mine: dict[str, UUID], change: dict[str, Any], before: dict[str, Any]
) -> None:
    """Refuse an address for what has none, and that of a page which another item has."""
    if before["source_url"] is None and before["source_type"] == "note":
        raise invalid_input(("source_url", "A note has no address: capture the page."))
    if change["moves"] and not change.get("allow_duplicate"):
        which = {"workspace_id": mine["workspace_id"], "page_hash": change["page_hash"]}
        found = queries.items.find_page(conn, **which)
        if found is not None and found["id"] != mine["id"]:
            raise Problem(
                409,
                "page_exists",
                "Another item has this page. With allow_duplicate, both have it.",
                duplicate_of=str(found["id"]),
            )


def _title(source: dict[str, Any]) -> str | None:
    """The title that only repeats what an item was made of."""
    text = source["raw_text"] or source["source_url"]
    return None if text is None else first_line(text)
