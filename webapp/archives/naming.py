"""What rows of an archive are called here: each under an id that is free.

A row keeps its id, unless something else has it. Then it gets one that is made of its own and the
workspace's, with the same time in it, so that the order stays and another import finds it again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.archives.part import asked
from webapp.archives.references import read_id, rename

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sql.connection import Connection
    from webapp.archives.part import Part

    Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """Where an archive is put: the import, and whose workspace it is for."""

    import_id: UUID
    workspace_id: UUID
    user_id: UUID

    @property
    def whose(self) -> dict[str, UUID]:
        """The workspace and the user, as queries want them."""
        return {"workspace_id": self.workspace_id, "user_id": self.user_id}


def known_as(conn: Connection, target: Target, part: Part, old_id: UUID) -> UUID | None:
    """What a row is called here, if it is there already."""
    new_id, is_known = allocated(conn, target, part, [old_id])[old_id]
    return new_id if is_known else None


def allocated(
    conn: Connection, target: Target, part: Part, ids: Sequence[UUID]
) -> dict[UUID, tuple[UUID, bool]]:
    """What each row of these ids is called here, and whether it is there already."""
    assert part.taken is not None
    moved = {old_id: _moved(old_id, target.workspace_id) for old_id in ids}
    found = asked(part.taken, conn, ids=[*ids, *moved.values()], **target.whose)
    own = {each["id"] for each in found if each["is_own"]}
    others = {each["id"] for each in found} - own
    others |= _of_strangers(conn, target, [old_id for old_id in ids if old_id not in own])
    named = {}
    for old_id, new_id in moved.items():
        if old_id in own or (old_id not in others and new_id not in own):
            named[old_id] = (old_id, old_id in own)
        else:
            named[old_id] = (new_id, new_id in own)
    return named


def _of_strangers(conn: Connection, target: Target, ids: Sequence[UUID]) -> set[UUID]:
    found = queries.archived_ids.of_strangers(conn, ids=list(ids), workspace_id=target.workspace_id)
    return {each["id"] for each in found}


def _moved(old_id: UUID, workspace_id: UUID) -> UUID:
    """The id of a row in a workspace where its own is taken. The first half, which has the time, is
    the same."""
    told = hashlib.blake2b(workspace_id.bytes + old_id.bytes, digest_size=8).digest()
    return UUID(bytes=old_id.bytes[:8] + bytes([0x80 | told[0] & 0x3F]) + told[1:])


def name_inner(conn: Connection, target: Target, part: Part, rows: Sequence[Row]) -> None:
    """Give the rows that are in others' lines ids that are free."""
    for name, inner in part.inner.items():
        listed = [(row, each) for row in rows for each in row[name]]
        ids = [own_id for _, each in listed if (own_id := read_id(each.get("id"))) is not None]
        moved = {old_id: _moved(old_id, target.workspace_id) for old_id in ids}
        found = asked(inner.taken, conn, ids=ids, **target.whose)
        others = {each["id"] for each in found} | _of_strangers(conn, target, ids)
        named = {old_id: moved[old_id] if old_id in others else old_id for old_id in ids}
        for row, each in listed:
            own_id = read_id(each.get("id"))
            each["id"] = str(named[own_id]) if own_id is not None else None
            if inner.kind is not None:
                rename(part, row, inner.kind, own_id, each["id"])
        if inner.kind is not None:
            note(conn, target, inner.kind, list(named.items()))


def recognise_inner(conn: Connection, target: Target, part: Part, row: Row) -> None:
    """Note what the rows in the line of one that is there already are called here."""
    for name, inner in part.inner.items():
        if inner.kind is None:
            continue
        ids = [own_id for each in row[name] if (own_id := read_id(each.get("id"))) is not None]
        moved = {old_id: _moved(old_id, target.workspace_id) for old_id in ids}
        found = asked(inner.taken, conn, ids=[*ids, *moved.values()], **target.whose)
        own = {each["id"] for each in found if each["is_own"]}
        named = {
            old_id: old_id if old_id in own else new_id
            for old_id, new_id in moved.items()
            if old_id in own or new_id in own
        }
        note(conn, target, inner.kind, list(named.items()))


def note(conn: Connection, target: Target, kind: str, named: Sequence[tuple[UUID, UUID]]) -> None:
    """Note what rows of a kind are called here: the id of each in the archive, and its own."""
    if not named:
        return
    queries.archived_ids.note(
        conn,
        import_id=target.import_id,
        kind=kind,
        old_ids=[old_id for old_id, _ in named],
        new_ids=[new_id for _, new_id in named],
    )
