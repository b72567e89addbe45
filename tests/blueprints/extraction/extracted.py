"""Jobs and their tables for tests, written as a worker writes them."""

from __future__ import annotations

import math
from typing import Any

from psycopg.types.json import Jsonb


def job(conn: Any, document_id: Any, status: str = "running") -> Any:
    """Start a job for the current version of a document, with a new configuration; its id."""
    (version, *mine) = conn.execute(
        "SELECT version_id, workspace_id, created_by FROM documents WHERE id = %s", (document_id,)
    ).fetchone()
    (number,) = conn.execute("SELECT count(*) + 1 FROM configurations").fetchone()
    (configuration,) = conn.execute(
        "INSERT INTO configurations (workspace_id, created_by, document_type, version)"
        " VALUES (%s, %s, 'budget', %s) RETURNING id",
        (*mine, number),
    ).fetchone()
    (made,) = conn.execute(
        "INSERT INTO jobs (workspace_id, created_by, document_id, version_id, configuration_id,"
        " configuration_version) VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        (*mine, document_id, version, configuration, number),
    ).fetchone()
    for step in {"pending": [], "running": ["running"]}.get(status, ["running", status]):
        conn.execute("UPDATE jobs SET status = %s WHERE id = %s", (step, made))
    return made


def table(conn: Any, job_id: Any, columns: dict[str, str], *rows: list[Any], **given: Any) -> Any:
    """Add a table to a job that runs; its id. `columns` has the type of each heading, `rows` the
    texts; a text may also be (text, value), or (text, value, confidence). A value of ... is a
    mistake."""
    (index,) = conn.execute(
        "SELECT count(*) FROM extracted_tables WHERE job_id = %s", (job_id,)
    ).fetchone()
    described = [
        {"name": heading.lower().replace(" ", "_"), "heading": heading, "type": kind}
        for heading, kind in columns.items()
    ]
    cells = [[_cell(each) for each in row] for row in rows]
    mistakes = [[at for at, cell in enumerate(row) if cell[1] is ...] for row in cells]
    asked = {"title": None, "method": "ruled", "confidence": 0.9, "pages": [1]} | given
    (made,) = conn.execute(
        "INSERT INTO extracted_tables (workspace_id, job_id, document_id, sequence_index, columns,"
        " row_count, mistake_count, title, method, confidence, pages, box)"
        " SELECT workspace_id, id, document_id, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM jobs"
        " WHERE id = %s RETURNING id",
        (
            *(index, Jsonb(described), len(rows), sum(map(len, mistakes))),
            *(asked["title"], asked["method"], asked["confidence"], asked["pages"]),
            *([10.0, 20.0, 300.0, 400.0], job_id),
        ),
    ).fetchone()
    for number, (row, wrong) in enumerate(zip(cells, mistakes, strict=True), start=1):
        boxes = [
            side
            for at, (text, _, _) in enumerate(row)
            for side in (
                [10.0 + 50 * at, 20.0 * number, 50.0 + 50 * at, 20.0 * number + 15]
                if text
                else [math.nan] * 4
            )
        ]
        conn.execute(
            'INSERT INTO extracted_rows (table_id, number, page, texts, "values", mistakes, boxes,'
            " confidences) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                *(made, number, asked["pages"][0], [cell[0] for cell in row]),
                Jsonb([None if cell[1] is ... else cell[1] for cell in row]),
                *(wrong, boxes, [cell[2] for cell in row]),
            ),
        )
    return made


def succeed(conn: Any, job_id: Any) -> None:
    """End a job."""
    conn.execute("UPDATE jobs SET status = 'succeeded', ended_at = now() WHERE id = %s", (job_id,))


def _cell(given: Any) -> tuple[str, Any, float]:
    if isinstance(given, str):
        return given, given or None, 1.0
    return (*given, 1.0)[:3]
