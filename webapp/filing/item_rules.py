"""Applies a workspace's rules to its items, in the transaction of whoever makes or enriches them.

A rule never takes back what a person did: what it gave an item once, and what a person took from
the item, it does not give again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from sql import queries
from webapp.rules.filing import rulings_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.rules.filing import Rule, Ruling


class Ruled(NamedTuple):
    """An item as it was, and what rules give it."""

    item: dict[str, Any]
    rulings: list[Ruling]


def of_workspace(conn: Connection, workspace_id: UUID) -> Sequence[Rule]:
    """The active rules for items of a workspace, held as `hold` does."""
    rules = active(conn, workspace_id)
    hold(conn, workspace_id, rules)
    return rules


def active(conn: Connection, workspace_id: UUID) -> Sequence[Rule]:
    """The active rules for items of a workspace."""
    found: Sequence[Rule] = queries.rules.active(conn, workspace_ids=[workspace_id], to="items")
    return found


def hold(conn: Connection, workspace_id: UUID, rules: Sequence[Rule]) -> None:
    """Lock the folders and tags that rules may give, before items that others know."""
    hold_folders(conn, workspace_id, rules)
    hold_tags(conn, workspace_id, rules)


def hold_folders(
    conn: Connection, workspace_id: UUID, rules: Sequence[Rule], others: Sequence[UUID] = ()
) -> None:
    """Lock the folders that rules may give, and others that something is put into."""
    folders = [rule["folder_id"] for rule in rules if rule["folder_id"] is not None]
    if folders := [*folders, *others]:
        queries.folder_items.hold(conn, folder_ids=folders, workspace_id=workspace_id)


def hold_tags(
    conn: Connection, workspace_id: UUID, rules: Sequence[Rule], others: Sequence[str] = ()
) -> None:
    """Make and lock the tags that rules may give, and others, all at once. Whoever captures pages
    holds those first."""
    if names := [*others, *(name for rule in rules for name in rule["tags"])]:
        queries.tags.make(conn, workspace_id=workspace_id, names=names)


def tried(
    conn: Connection, workspace_id: UUID, rules: Sequence[Rule], item_ids: Sequence[UUID]
) -> list[Ruled]:
    """What rules would give items, newest first; those in the trash are left out."""
    items = queries.item_rulings.load(conn, workspace_id=workspace_id, ids=list(item_ids))
    return [Ruled(item, rulings_on(rules, item)) for item in items]


def apply(
    conn: Connection, workspace_id: UUID, rules: Sequence[Rule], item_ids: Sequence[UUID]
) -> list[Ruled]:
    """Give items what rules give them. In a few statements, however many items there are; in none
    without rules."""
    if not rules or not item_ids:
        return []
    ruled = tried(conn, workspace_id, rules, item_ids)
    rulings = [
        ruling._asdict()
        | {
            "item_id": str(each.item["id"]),
            "rule_id": str(ruling.rule_id),
            "settles": ruling.settles,
        }
        for each in ruled
        for ruling in each.rulings
    ]
    if rulings:
        queries.item_rulings.save(conn, workspace_id=workspace_id, rulings=Jsonb(rulings))
    return ruled
