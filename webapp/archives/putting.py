"""Puts rows of an archive back: each under its id here, and what it refers to under its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
import psycopg

from webapp.archives.checks import check_times
from webapp.archives.naming import allocated, name_inner, note, recognise_inner
from webapp.archives.part import asked
from webapp.archives.references import known_names, read_id, refer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection
    from webapp.archives.naming import Target
    from webapp.archives.part import Part
    from webapp.archives.references import Names

    Row = dict[str, Any]
    Line = tuple[int, Row]

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
    names = known_names(conn, target.import_id, part, [row for _, row in rows])
    taken: list[tuple[UUID, UUID]] = []
    if part.taken is not None and part.is_named_by is None:
        rows = list(_with_own_ids(part, rows, names, tally))
        ids = allocated(conn, target, part, [UUID(row["id"]) for _, row in rows])
        names |= {(part.name, old_id): new_id for old_id, (new_id, _) in ids.items()}
    fresh = []
    for number, row in rows:
        try:
            check_times(row)
            if part.check is not None:
                part.check(row)
            refer(part, row, names)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            said = str(error) if isinstance(error, ValueError) else "It is not as it should be."
            tally.mistakes.append((number, said))
        else:
            fresh.append(row)
    if part.taken is not None:
        fresh = list(_unknown(conn, target, part, fresh, tally, taken))
    name_inner(conn, target, part, fresh)
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
    note(conn, target, part.name, taken)
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
        own_id = read_id(row.get("id"))
        if own_id is None:
            tally.mistakes.append((number, "It has no id."))
        elif own_id in seen or (part.name, own_id) in names:
            tally.mistakes.append((number, "Its id occurs twice."))
        else:
            seen.add(own_id)
            row["id"] = str(own_id)
            yield number, row


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
    named = allocated(conn, target, part, [UUID(row["id"]) for row in rows])
    for row in rows:
        old_id = UUID(row["id"])
        new_id, is_known = named[old_id]
        if not is_known and old_id in same:
            new_id, is_known = same[old_id], True
        taken.append((old_id, new_id))
        if is_known:
            tally.known += 1
            recognise_inner(conn, target, part, row)
        else:
            row["id"] = str(new_id)
            yield row


def _said(error: psycopg.Error | _TooMany) -> str:
    """Why a row is refused: the names of constraints say what they demand."""
    if isinstance(error, _TooMany):
        return str(error)
    rule = error.diag.constraint_name
    if rule is not None:
        return f"It breaks a rule: {rule.replace('_', ' ')}."
    return f"It is not as it should be: {error.diag.message_primary or 'a value'}."
