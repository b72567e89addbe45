"""Corrections of cells over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from psycopg.types.json import Jsonb

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.extraction.tables import row_of
from webapp.http.answers import answer
from webapp.http.db import transaction
from webapp.http.errors import invalid_input
from webapp.parsing.extraction.values import Hints, hints_of, value_of
from webapp.routes import etags
from webapp.routes.blueprint import Blueprint
from webapp.routes.etags import takes_if_match
from webapp.routes.permit import permit
from webapp.schemas.extraction.corrections import RowCorrection
from webapp.schemas.extraction.tables import TableRowWithCells

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

    from sql.connection import Connection

    Cell = tuple[int, str, Any]

corrections = Blueprint(
    "corrections", __name__, url_prefix="/api/tables", description="Corrections of cells."
)

_NOT_OF_TYPE: Final = {
    "integer": "Must be a whole number, such as 1200, or nothing.",
    "decimal": "Must be a number as this column writes them, or nothing.",
    "date": "Must be a day, such as 2026-02-28, or nothing.",
    "boolean": "Must be yes or no, or nothing.",
}


@corrections.patch("/<uuid:table_id>/rows/<int:number>")
@permit("workspace:jobs:write")
@takes_if_match
@corrections.arguments(RowCorrection)
@corrections.response(200, TableRowWithCells)
def change(change: dict[str, Any], table_id: UUID, number: int) -> Response:
    """Correct cells of a row

    `texts` has what should be there, by the names of columns; null takes a correction back. What
    was read is kept beside it, and a later run on the document takes it over where the cell is the
    same. A text has to be of its column's type, and is read as the others in the column are. The
    same text as read says that it is right. Send the row's ETag as `If-Match`, and you overwrite
    nobody else's correction.
    """
    mine = {"id": table_id, "workspace_id": caller().workspace_id}
    with transaction() as conn:
        table = queries.corrections.hold_table(conn, **mine)
        before = row_of(conn, table, number)
        etags.check(lambda: before)
        kept, taken_back = _read(conn, table, change["texts"])
        row = {"table_id": table_id, "number": number}
        if kept:
            places, texts, values = zip(*kept, strict=True)
            queries.corrections.keep(
                conn,
                **row,
                document_id=table["document_id"],
                corrected_by=caller().user_id,
                column_indexes=list(places),
                texts=list(texts),
                values=[Jsonb(value) for value in values],
            )
        if taken_back:
            queries.corrections.take_back(conn, **row, column_indexes=taken_back)
        after = row_of(conn, table, number)
        if after != before:
            _record(conn, table, before, after)
        return answer(after)


def _read(
    conn: Connection, table: dict[str, Any], given: dict[str, str | None]
) -> tuple[list[Cell], list[int]]:
    """The places, texts and values of what is corrected, and the places of what is taken back.
    Raises Problem 422 for columns that there are not, and for texts that are not of their type."""
    places = {column["name"]: at for at, column in enumerate(table["columns"])}
    unknown = [name for name in given if name not in places]
    if unknown:
        raise invalid_input(*((f"texts.{name}", "There is no such column.") for name in unknown))
    texts = {name: text for name, text in given.items() if text is not None}
    rows = queries.corrections.read_texts(conn, table_id=table["id"]) if texts else []
    asked = {each.get("name"): each for each in table["body"].get("columns") or []}
    kept, mistakes = [], []
    for name, text in texts.items():
        at = places[name]
        type_ = table["columns"][at]["type"]
        hints = hints_of((row["texts"][at] for row in rows), asked.get(name, {}), Hints())
        value, is_wrong = value_of(text, type_, hints)
        if is_wrong:
            mistakes.append((f"texts.{name}", _NOT_OF_TYPE[type_]))
        elif value is None and asked.get(name, {}).get("required"):
            mistakes.append((f"texts.{name}", "Must not be empty: the column is required."))
        kept.append((at, text, value))
    if mistakes:
        raise invalid_input(*mistakes)
    return kept, [places[name] for name, text in given.items() if text is None]


def _record(
    conn: Connection, table: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Count what is wrong with the table now, and tell its job's timeline which cells changed, but
    not what is in them."""
    changed = [
        new["column"]
        for old, new in zip(before["cells"], after["cells"], strict=True)
        if old != new
    ]
    queries.corrections.count(
        conn,
        table_id=table["id"],
        mistakes=_count(after, "is_mistake") - _count(before, "is_mistake"),
        doubts=_count(after, "is_doubtful") - _count(before, "is_doubtful"),
    )
    queries.corrections.index(conn, table_id=table["id"])
    queries.events.record(
        conn,
        workspace_id=table["workspace_id"],
        entity="job",
        entity_id=table["job_id"],
        event="job.corrected",
        payload=Jsonb({"table_id": str(table["id"]), "row": after["number"], "columns": changed}),
    )


def _count(row: dict[str, Any], what: str) -> int:
    return sum(cell[what] for cell in row["cells"])
