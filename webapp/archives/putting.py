"""Puts rows of an archive back, under ids that are free here.

A row keeps its id, unless something else has it. Then it gets one that is made of its own and the
workspace's, with the same time in it, so that the order stays and another import finds it again.
What a row refers to is only found if this import has put it back, or recognised it, itself; so no
archive reaches a row of another workspace, whatever ids it names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
import psycopg

from sql import queries
from webapp.archives.checks import check_times
from webapp.archives.part import asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection
    from webapp.archives.part import Part, Place

    Row = dict[str, Any]
    Line = tuple[int, Row]
    Names = dict[tuple[str, UUID], UUID]

# What the database does not take because of the row.
_REFUSALS: Final = (
    psycopg.errors.DataError,
    psycopg.errors.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
    psycopg.errors.RaiseException,
)


class _TooMany(Exception):
    """More rows than there may be."""


class _NotTaken(ValueError):
    """A row that is refused, and why."""


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


@dataclass(slots=True)
class Tally:
    """What became of some rows: added, known already, or refused, with the line and the reason."""

    added: int = 0
    known: int = 0
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    def __iadd__(self, other: Tally) -> Tally:
        self.added += other.added
        self.known += other.known
        self.mistakes += other.mistakes
        return self


def put(conn: Connection, target: Target, part: Part, lines: Sequence[Line]) -> Tally:
    """Put rows of a part back, in the open transaction. Those that cannot be are refused alone."""
    if part.alone and len(lines) > 1:
        return _each(conn, target, part, [[line] for line in lines])
    try:
        with conn.transaction():
            return _put(conn, target, part, lines)
    except (_TooMany, *_REFUSALS) as error:
        if len(lines) == 1:
            return Tally(mistakes=[(lines[0][0], _said(error))])
    half = len(lines) // 2
    return _each(conn, target, part, [lines[:half], lines[half:]])


def known_as(conn: Connection, target: Target, part: Part, old_id: UUID) -> UUID | None:
    """What a row is called here, if it is there already."""
    new_id, is_known = _allocated(conn, target, part, [old_id])[old_id]
    return new_id if is_known else None


def _each(conn: Connection, target: Target, part: Part, some: Sequence[Sequence[Line]]) -> Tally:
    tally = Tally()
    for lines in some:
        if lines:
            tally += put(conn, target, part, lines)
    return tally


def _put(conn: Connection, target: Target, part: Part, lines: Sequence[Line]) -> Tally:
    tally = Tally()
    # Copies, since a batch that is refused is put again in halves.
    rows = [(number, _with_lists(part, orjson.loads(orjson.dumps(row)))) for number, row in lines]
    names = _names(conn, target, part, [row for _, row in rows])
    taken: list[tuple[UUID, UUID]] = []
    if part.taken is not None and part.is_named_by is None:
        rows = list(_with_own_ids(part, rows, names, tally))
        ids = _allocated(conn, target, part, [UUID(row["id"]) for _, row in rows])
        names |= {(part.name, old_id): new_id for old_id, (new_id, _) in ids.items()}
    fresh = []
    for number, row in rows:
        try:
            check_times(row)
            if part.check is not None:
                part.check(row)
            _refer(part, row, names)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            said = str(error) if isinstance(error, ValueError) else "It is not as it should be."
            tally.mistakes.append((number, said))
        else:
            fresh.append(row)
    if part.taken is not None:
        fresh = list(_unknown(conn, target, part, fresh, tally, taken))
    _name_inner(conn, target, part, fresh)
    text = orjson.dumps(fresh).decode()
    if fresh and part.most is not None:
        most, counted = part.most
        if len(fresh) + asked(counted, conn, rows=text, **target.whose) > most:
            raise _TooMany(f"There are {most} {part.name.replace('_', ' ')}, which is the most.")
    if fresh:
        assert part.add is not None
        count = asked(part.add, conn, rows=text, **target.whose)
        is_counted = part.taken is None and part.tables
        tally.added += count if is_counted else len(fresh)
        tally.known += len(fresh) - count if is_counted else 0
    _note(conn, target, part, taken)
    return tally


def _with_lists(part: Part, row: Row) -> Row:
    """The row, in which every list of objects that its part has is one."""
    listed = {name.partition(".")[0] for name in part.references if "." in name}
    listed |= {*part.inner, *part.lists}
    for name in listed:
        given = row.get(name)
        row[name] = (
            [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
        )
    if part.has_files and not isinstance(row.get("text"), dict):
        row["text"] = None
    return row


def _with_own_ids(part: Part, rows: Sequence[Line], names: Names, tally: Tally) -> Iterator[Line]:
    """The rows that have an id, each once; others are refused."""
    seen = set()
    for number, row in rows:
        own_id = _uuid(row.get("id"))
        if own_id is None:
            tally.mistakes.append((number, "It has no id."))
        elif own_id in seen or (part.name, own_id) in names:
            tally.mistakes.append((number, "Its id occurs twice."))
        else:
            seen.add(own_id)
            row["id"] = str(own_id)
            yield number, row


def _allocated(
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


def _places(part: Part, row: Row) -> Iterator[tuple[Place, str]]:
    """Where a row refers to others, and the name of the column."""
    for name, kind in part.references.items():
        listed, _, key = name.rpartition(".")
        for holder in row[listed] if listed else [row]:
            yield (holder, key, kind), name
    for place in part.places(row) if part.places is not None else ():
        yield place, ""


def _names(conn: Connection, target: Target, part: Part, rows: Sequence[Row]) -> Names:
    """What is known here of everything that some rows refer to, and of themselves."""
    wanted = set()
    for row in rows:
        wanted |= {
            (kind, old_id)
            for (holder, key, kind), _ in _places(part, row)
            if (old_id := _uuid(holder.get(key))) is not None
        }
        if part.taken is not None and (own_id := _uuid(row.get("id"))) is not None:
            wanted.add((part.is_named_by or part.name, own_id))
    found = queries.archived_ids.known(
        conn,
        import_id=target.import_id,
        kinds=[kind for kind, _ in wanted],
        ids=[old_id for _, old_id in wanted],
    )
    return {(each["kind"], each["old_id"]): each["new_id"] for each in found}


def _refer(part: Part, row: Row, names: Names) -> None:
    """Replace the references of a row by those of here. Raises _NotTaken."""
    inner = {
        (each.kind, _uuid(one.get("id")))
        for name, each in part.inner.items()
        if each.kind is not None
        for one in row[name]
    }
    for (holder, key, kind), name in list(_places(part, row)):
        given = holder.get(key)
        old_id = _uuid(given)
        if given is None or (kind, old_id) in inner:
            continue  # what is in the same line is named with the list that it is in
        new_id = None if old_id is None else names.get((kind, old_id))
        if new_id is not None:
            holder[key] = str(new_id)
        elif name in part.required:
            raise _NotTaken(f"What its {key} refers to is not there.")
        elif "." in name or (not name and holder is not row.get("text")):
            for each in row.values():
                if isinstance(each, list) and holder in each:
                    each[:] = [one for one in each if one is not holder]
        else:
            holder[key] = None
    if part.is_named_by is not None:
        own_id = _uuid(row.get("id"))
        new_id = None if own_id is None else names.get((part.is_named_by, own_id))
        if new_id is None:
            raise _NotTaken("What it belongs to is not there.")
        row["id"] = str(new_id)


def _unknown(
    conn: Connection,
    target: Target,
    part: Part,
    rows: Sequence[Row],
    tally: Tally,
    taken: list[tuple[UUID, UUID]],
) -> Iterator[Row]:
    """The rows that are not there yet, under the ids that they have here."""
    assert part.taken is not None
    if part.is_named_by is not None:
        found = asked(part.taken, conn, ids=[UUID(row["id"]) for row in rows], **target.whose)
        there = {str(each["id"]) for each in found}
        tally.known += sum(row["id"] in there for row in rows)
        yield from (row for row in rows if row["id"] not in there)
        return
    same = {}
    if part.same is not None and rows:
        text = orjson.dumps(rows).decode()
        found = asked(part.same, conn, rows=text, **target.whose)
        same = {each["id"]: each["known_id"] for each in found}
    named = _allocated(conn, target, part, [UUID(row["id"]) for row in rows])
    for row in rows:
        old_id = UUID(row["id"])
        new_id, is_known = named[old_id]
        if not is_known and old_id in same:
            new_id, is_known = same[old_id], True
        taken.append((old_id, new_id))
        if is_known:
            tally.known += 1
            _recognise_inner(conn, target, part, row)
        else:
            row["id"] = str(new_id)
            yield row


def _name_inner(
    conn: Connection,
    target: Target,
    part: Part,
    rows: Sequence[Row],
) -> None:
    """Give the rows that are in others' lines ids that are free."""
    for name, inner in part.inner.items():
        listed = [(row, each) for row in rows for each in row[name]]
        ids = [own_id for _, each in listed if (own_id := _uuid(each.get("id"))) is not None]
        moved = {old_id: _moved(old_id, target.workspace_id) for old_id in ids}
        found = asked(inner.taken, conn, ids=ids, **target.whose)
        others = {each["id"] for each in found} | _of_strangers(conn, target, ids)
        named = {old_id: moved[old_id] if old_id in others else old_id for old_id in ids}
        for row, each in listed:
            own_id = _uuid(each.get("id"))
            each["id"] = str(named[own_id]) if own_id is not None else None
            if inner.kind is not None:
                _rename(part, row, inner.kind, own_id, each["id"])
        if inner.kind is not None and named:
            _note_as(conn, target, inner.kind, list(named.items()))


def _recognise_inner(conn: Connection, target: Target, part: Part, row: Row) -> None:
    """Note what the rows in the line of one that is there already are called here."""
    for name, inner in part.inner.items():
        if inner.kind is None:
            continue
        ids = [own_id for each in row[name] if (own_id := _uuid(each.get("id"))) is not None]
        moved = {old_id: _moved(old_id, target.workspace_id) for old_id in ids}
        found = asked(inner.taken, conn, ids=[*ids, *moved.values()], **target.whose)
        own = {each["id"] for each in found if each["is_own"]}
        named = {
            old_id: old_id if old_id in own else new_id
            for old_id, new_id in moved.items()
            if old_id in own or new_id in own
        }
        _note_as(conn, target, inner.kind, list(named.items()))


def _rename(part: Part, row: Row, kind: str, old_id: UUID | None, new_id: str | None) -> None:
    for (holder, key, of_kind), _ in _places(part, row):
        if of_kind == kind and old_id is not None and _uuid(holder.get(key)) == old_id:
            holder[key] = new_id


def _note(conn: Connection, target: Target, part: Part, taken: Sequence[tuple[UUID, UUID]]) -> None:
    if taken:
        _note_as(conn, target, part.name, taken)


def _note_as(
    conn: Connection, target: Target, kind: str, named: Sequence[tuple[UUID, UUID]]
) -> None:
    queries.archived_ids.note(
        conn,
        import_id=target.import_id,
        kind=kind,
        old_ids=[old_id for old_id, _ in named],
        new_ids=[new_id for _, new_id in named],
    )


def _uuid(given: object) -> UUID | None:
    try:
        return UUID(given) if isinstance(given, str) else None
    except ValueError:
        return None


def _said(error: psycopg.Error | _TooMany) -> str:
    """Why a row is refused: the names of constraints say what they demand."""
    if isinstance(error, _TooMany):
        return str(error)
    rule = error.diag.constraint_name
    if rule is not None:
        return f"It breaks a rule: {rule.replace('_', ' ')}."
    return f"It is not as it should be: {error.diag.message_primary or 'a value'}."
