"""What is kept of what a job extracted, and how it is written: few statements however many rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.parsing.extraction.extracted import (
        ExtractedField,
        ExtractedTable,
        Extraction,
        Row,
    )

# What one job may give. What is beyond is left out, and `is_cut` in its metrics says so.
MOST_TABLES: Final = 10_000
MOST_ROWS: Final = 500_000
MOST_CELLS: Final = 4_000_000

# Cells a statement: with places and confidences, some tens of megabytes.
_CELLS_AT_ONCE: Final = 200_000


@dataclass(slots=True)
class Rows:
    """Rows as columns, as the database takes them: what is a list in a row is the text of an array.
    `tables` has the place of each row's table in the list of tables."""

    tables: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    boxes: list[str | None] = field(default_factory=list)
    confidences: list[str | None] = field(default_factory=list)

    def add(self, table: int, number: int, row: Row) -> None:
        self.tables.append(table)
        self.numbers.append(number)
        self.pages.append(row.page)
        self.texts.append(array_of_texts(row.texts))
        self.values.append(_json(row.values).decode())
        self.mistakes.append(_array(row.mistakes))
        self.boxes.append(None if row.boxes is None else _array(row.boxes.tolist()))
        self.confidences.append(None if row.confidences is None else _array(row.confidences))


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is written: rows in parts, everything else as JSON."""

    tables: list[dict[str, Any]]
    parts: list[Rows]
    fields: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    metrics: dict[str, Any]


def outputs_of(found: Extraction, milliseconds: int) -> Outputs:
    """What is kept of an extraction. It takes as long as there are rows, and needs no database."""
    tables: list[dict[str, Any]] = []
    parts = [Rows()]
    rows = cells = cells_of_part = 0
    is_cut = found.is_cut or len(found.tables) > MOST_TABLES
    for place, table in enumerate(found.tables[:MOST_TABLES]):
        width = len(table.columns)
        left = max(0, min(MOST_ROWS - rows, (MOST_CELLS - cells) // max(width, 1)))
        kept = table.rows[:left]
        is_cut |= len(kept) < len(table.rows)
        tables.append(_table(place, table, kept))
        for number, row in enumerate(kept, 1):
            if cells_of_part >= _CELLS_AT_ONCE:
                parts.append(Rows())
                cells_of_part = 0
            parts[-1].add(place, number, row)
            cells_of_part += width + 1
        rows += len(kept)
        cells += len(kept) * width
    return Outputs(
        tables=tables,
        parts=parts if rows else [],
        fields=_storable([_field(each) for each in found.fields]),
        left_out=_storable([each._asdict() for each in found.left_out]),
        metrics={
            "tables": len(tables),
            "rows": rows,
            "mistakes": sum(table["mistake_count"] for table in tables),
            "fields_found": len(found.fields),
            "pages": found.pages,
            "unread_pages": found.pictures,
            "is_cut": is_cut,
            "tables_left_out": found.left_out_count,
            "milliseconds": milliseconds,
        },
    )


def save_outputs(conn: Connection, job_id: UUID, whose: dict[str, UUID], found: Outputs) -> None:
    """Write tables and rows, in the open transaction."""
    if not found.tables:
        return
    made = queries.outputs.add_tables(
        conn, **whose, job_id=job_id, tables=_json(found.tables).decode()
    )
    ids = {each["sequence_index"]: each["id"] for each in made}
    for part in found.parts:
        queries.outputs.add_rows(
            conn,
            table_ids=[ids[table] for table in part.tables],
            numbers=part.numbers,
            pages=part.pages,
            texts=part.texts,
            values=part.values,
            mistakes=part.mistakes,
            boxes=part.boxes,
            confidences=part.confidences,
        )


def array_of_texts(texts: Sequence[str]) -> str:
    """Texts as PostgreSQL reads an array, without what its texts cannot hold."""
    inner = "\0".join(_plain(text) for text in texts)
    inner = inner.replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
    return f'{{"{inner}"}}' if texts else "{}"


def _array(numbers: Sequence[float]) -> str:
    return f"{{{str(list(numbers))[1:-1]}}}"


def _table(place: int, table: ExtractedTable, rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "sequence_index": place,
        "title": table.title or None,
        "method": table.method,
        "confidence": table.confidence,
        "pages": table.pages,
        "box": None if table.box is None else list(table.box),
        "columns": [column._asdict() for column in table.columns],
        "row_count": len(rows),
        "mistake_count": sum(len(row.mistakes) for row in rows),
        "continued_from": table.continued_from,
    }


def _field(found: ExtractedField) -> dict[str, Any]:
    return {
        "name": found.name,
        "type": found.type,
        "text": found.text,
        "value": found.value,
        "page": found.page,
        "box": None if found.box is None else list(found.box),
        "confidence": found.confidence,
    }


def _json(value: Any) -> bytes:
    """JSON without what PostgreSQL's texts cannot hold."""
    try:
        written = orjson.dumps(value)
    except TypeError:  # a lone surrogate
        return orjson.dumps(_storable(value))
    return written if b"\\u0000" not in written else orjson.dumps(_storable(value))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, dict):
        return {_plain(name): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value


def _plain(text: str) -> str:
    """A text without NULs, and with question marks in place of lone surrogates."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "replace").decode()
