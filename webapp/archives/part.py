"""What a noun's part of an archive says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from uuid import UUID

    from sql import Query
    from sql.connection import Connection

    Row = dict[str, Any]
    Place = tuple[Row, str, str]

# Bytes of a line of JSON, at most: the longest that a noun has is a tenth of it.
LONGEST_LINE: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Inner:
    """Rows with ids of their own that are in another one's line. `kind` is what others refer to
    them by, or None if nothing does; `taken` is as in Part, and only needs `is_own` for a kind."""

    taken: Query
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of thing in archives, in `<name>.jsonl`, a line of JSON for each row.

    name        what its rows are called; also the `kind` by which others refer to them
    tables      the tables whose rows it has
    permission  what it takes to read them; to add them, it is the same with `write`. None: anybody
    read        a batch of rows, `after` the `at` of the one before: columns `at` and `line`
    batch       rows that are read and added together
    add         adds `rows`, a JSON array of lines whose ids and references are those of here. None:
                the part is there to be read by people, and not added
    taken       which of some `ids` are taken, and whether by the same row of the workspace
                (`is_own`). None: the rows have no ids
    same        rows that are there already under other ids, by what is unique: `id`, `known_id`
    references  columns, each with the kind that it refers to; 'tags.id' is the `id` of each object
                in the list `tags`. What is not there becomes null, or is taken out of the list
    is_named_by the kind whose ids its rows have, if they are not their own
    required    the columns of these without which a row is refused
    places      further references: the object, the key in it, and the kind
    lists       further lists of objects in a line
    inner       lists of rows with ids of their own
    after       parts that are added before it, besides those that it refers to
    check       raises ValueError, with a sentence, for what the API would not take and the database
                does not know about: what is interpreted later, such as addresses and patterns
    most        how many rows there may be, and what counts those that are there: in the workspace,
                or beside one of `rows`
    alone       whether rows are added one by one, because they refer to each other by what `same`
                finds
    has_files   whether a row has files, as documents do
    finish      what is to be done at the end for rows that were added, in batches: gets the id of
                the import and of the last row, and returns the last row of the batch, or None
    """

    name: str
    tables: tuple[str, ...]
    read: Query
    permission: str | None = None
    batch: int = 200
    add: Query | None = None
    taken: Query | None = None
    same: Query | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    places: Callable[[Row], Iterator[Place]] | None = None
    lists: tuple[str, ...] = ()
    inner: Mapping[str, Inner] = field(default_factory=dict)
    is_named_by: str | None = None
    after: tuple[str, ...] = ()
    check: Callable[[Row], None] | None = None
    most: tuple[int, Query] | None = None
    alone: bool = False
    has_files: bool = False
    finish: Callable[[Connection, UUID, UUID | None], UUID | None] | None = None

    @property
    def file(self) -> str:
        """The name of its file in an archive."""
        return f"{self.name}.jsonl"

    @property
    def write_permission(self) -> str | None:
        """What it takes to add its rows."""
        return self.permission and self.permission.replace(":read", ":write")


def asked(query: Query, conn: Connection, **known: Any) -> Any:
    """What a query returns, given those of its parameters that it has."""
    return query(conn, **{name: value for name, value in known.items() if name in query.parameters})
