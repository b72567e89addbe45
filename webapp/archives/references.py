"""What a row of an archive refers to.

It is only found if this import has put it back, or recognised it, itself; so no archive reaches a
row of another workspace, whatever ids it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection
    from webapp.archives.part import Part, Place

    Row = dict[str, Any]
    Names = dict[tuple[str, UUID], UUID]


class NotTaken(ValueError):
    """A row that is refused, and why."""


def known_names(conn: Connection, import_id: UUID, part: Part, rows: Sequence[Row]) -> Names:
    """What is known here of everything that some rows refer to, and of themselves."""
    wanted = set()
    for row in rows:
        wanted |= {
            (kind, old_id)
            for (holder, key, kind), _ in _places(part, row)
            if (old_id := read_id(holder.get(key))) is not None
        }
        if part.taken is not None and (own_id := read_id(row.get("id"))) is not None:
            wanted.add((part.is_named_by or part.name, own_id))
    found = queries.archived_ids.known(
        conn,
        import_id=import_id,
        kinds=[kind for kind, _ in wanted],
        ids=[old_id for _, old_id in wanted],
    )
    return {(each["kind"], each["old_id"]): each["new_id"] for each in found}


def refer(part: Part, row: Row, names: Names) -> None:
    """Replace the references of a row by those of here. Raises NotTaken."""
    inner = {
        (each.kind, read_id(one.get("id")))
        for name, each in part.inner.items()
        if each.kind is not None
        for one in row[name]
    }
    for (holder, key, kind), name in list(_places(part, row)):
        given = holder.get(key)
        old_id = read_id(given)
        if given is None or (kind, old_id) in inner:
            continue  # what is in the same line is named with the list that it is in
        new_id = None if old_id is None else names.get((kind, old_id))
        if new_id is not None:
            holder[key] = str(new_id)
        elif name in part.required:
            raise NotTaken(f"What its {key} refers to is not there.")
        elif "." in name or (not name and holder is not row.get("text")):
            for each in row.values():
                if isinstance(each, list) and holder in each:
                    each[:] = [one for one in each if one is not holder]
        else:
            holder[key] = None
    if part.is_named_by is not None:
        own_id = read_id(row.get("id"))
        new_id = None if own_id is None else names.get((part.is_named_by, own_id))
        if new_id is None:
            raise NotTaken("What it belongs to is not there.")
        row["id"] = str(new_id)


def rename(part: Part, row: Row, kind: str, old_id: UUID | None, new_id: str | None) -> None:
    """Let what a row refers to by an id have another."""
    for (holder, key, of_kind), _ in _places(part, row):
        if of_kind == kind and old_id is not None and read_id(holder.get(key)) == old_id:
            holder[key] = new_id


def _places(part: Part, row: Row) -> Iterator[tuple[Place, str]]:
    """Where a row refers to others, and the name of the column."""
    for name, kind in part.references.items():
        listed, _, key = name.rpartition(".")
        for holder in row[listed] if listed else [row]:
            yield (holder, key, kind), name
    for place in part.places(row) if part.places is not None else ():
        yield place, ""


def read_id(given: object) -> UUID | None:
    """The id that a value is, if it is one."""
    try:
        return UUID(given) if isinstance(given, str) else None
    except ValueError:
        return None
