"""The query module: SQL written by hand in `sql/queries/<system>/<noun>.sql`, called by its name.

    from sql import queries

    item = queries.items.get(conn, id=item_id, workspace_id=workspace_id)

A statement begins with a line `-- name: get :one`, then a one-sentence comment that says what it
does, then the SQL with `%(name)s` parameters. The word after the colon says what a call returns:

    :one    the row as a dict; raises NoRow if there is none
    :maybe  the row as a dict, or None
    :many   a list of rows
    :value  the first column of the row; raises NoRow if there is none
    :exec   the number of rows touched

The connection is the caller's, and so are its transaction and its errors (psycopg.Error).
Parameters must be exactly those of the statement. Each statement carries its name as a comment, so
that the server's log and `pg_stat_statements` say `items.get`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, cast

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from types import ModuleType

    from psycopg import Connection

QUERIES: Final = Path(__file__).parent / "queries"

_KINDS: Final = ("one", "maybe", "many", "value", "exec")
_HEADER: Final = re.compile(r"^-- name:\s*(.*)$", re.MULTILINE)
_NAMED: Final = re.compile(r"([a-z][a-z0-9_]*) :([a-z]+)")
# `%(name)b` sends a value in PostgreSQL's binary format: several times cheaper for long arrays.
_PARAMETER: Final = re.compile(r"%\((\w+)\)[sb]")


class NoRow(LookupError):
    """A statement that must return a row found none."""


class QueryFileError(Exception):
    """A query file is wrong; raised at import, so that it fails at startup."""


@dataclass(frozen=True, slots=True)
class Query:
    """One named statement; calling it runs it."""

    name: str
    kind: str
    statement: bytes
    parameters: frozenset[str]

    def __call__(self, conn: Connection[Any], /, **parameters: object) -> Any:
        if parameters.keys() != self.parameters:
            # psycopg would ignore an extra parameter: a filter that silently does not filter.
            raise TypeError(
                f"{self.name} takes {sorted(self.parameters)}, got {sorted(parameters)}"
            )
        cursor = conn.cursor(row_factory=dict_row)
        cursor.execute(self.statement, parameters)
        if self.kind == "many":
            return cursor.fetchall()
        if self.kind == "exec":
            return cursor.rowcount
        row = cursor.fetchone()
        if row is None and self.kind != "maybe":
            raise NoRow(self.name)
        return next(iter(row.values())) if row is not None and self.kind == "value" else row


class Namespace(SimpleNamespace):
    """The queries of one file, as attributes."""


def parse(noun: str, text: str) -> dict[str, Query]:
    """The queries of a file's text by name. Raises QueryFileError."""
    preamble, *parts = _HEADER.split(text)
    if re.sub(r"--.*", "", preamble).strip():
        raise QueryFileError(f"{noun}.sql: SQL before the first `-- name:` line")
    found: dict[str, Query] = {}
    for header, body in zip(parts[::2], parts[1::2], strict=True):
        named = _NAMED.fullmatch(header.strip())
        if named is None or named[2] not in _KINDS:
            raise QueryFileError(
                f"{noun}.sql: `-- name: {header}` is not `-- name: <name> :<kind>`"
            )
        name, kind = named.groups()
        if name in found:
            raise QueryFileError(f"{noun}.sql: {name} is defined twice")
        statement = f"/* {noun}.{name} */ {body.strip().removesuffix(';')}".encode()
        found[name] = Query(f"{noun}.{name}", kind, statement, frozenset(_PARAMETER.findall(body)))
    return found


def load(folder: Path) -> Namespace:
    """Every file below a folder as a namespace of queries. Raises QueryFileError."""
    found: dict[str, Namespace] = {}
    for file in sorted(folder.rglob("*.sql")):
        if file.stem in found:
            raise QueryFileError(f"{file.name} exists twice below {folder.name}/")
        found[file.stem] = Namespace(**parse(file.stem, file.read_text()))
    return Namespace(**found)


queries: Final = load(QUERIES)

# The folder has the same name: importing the module must find the queries, not an empty module that
# hides them.
sys.modules[f"{__name__}.queries"] = cast("ModuleType", queries)
