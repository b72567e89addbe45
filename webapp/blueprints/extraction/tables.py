"""Extracted tables and their rows over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.extraction.cells import with_cells
from webapp.http.answers import answer, list_page, page, read_bigint, read_cursor
from webapp.http.db import connection
from webapp.http.errors import Problem, not_found
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.extraction.tables import (
    DocumentTablesArguments,
    ExtractedTable,
    ExtractedTablePage,
    RowArguments,
    TableRowPage,
    TableRowWithCells,
)

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

    from sql.connection import Connection

tables = Blueprint(
    "tables", __name__, url_prefix="/api", description="Tables that jobs have extracted."
)


@tables.get("/jobs/<uuid:job_id>/tables")
@permit("workspace:jobs:read")
@tables.arguments(PageArguments, location="query")
@tables.response(200, ExtractedTablePage)
@tables.alt_response(409, description="The job has not succeeded: `job_results_unavailable`.")
def list_of_job(arguments: dict[str, Any], job_id: UUID) -> Response:
    """List the tables of a job, in reading order

    A job that has not succeeded gives 409 `job_results_unavailable`, with its `current_status`.
    """
    home = caller().workspace_id
    with connection() as conn:
        _require_results(conn, id=job_id, workspace_id=home, document_id=None)
    return _tables(arguments, job_id, home)


@tables.get("/documents/<uuid:document_id>/tables")
@permit("workspace:jobs:read")
@tables.arguments(DocumentTablesArguments, location="query")
@tables.response(200, ExtractedTablePage)
@tables.alt_response(409, description="The job has not succeeded: `job_results_unavailable`.")
def list_of_document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """List the tables of a document, in reading order

    Those of its latest job that succeeded, none if none has; or those of the job `job_id`. One that
    has not succeeded gives 409 `job_results_unavailable`.
    """
    job_id = arguments.pop("job_id")
    mine = {"workspace_id": caller().workspace_id}
    with connection() as conn:
        home = queries.documents.home(conn, id=document_id, **mine)
        if job_id is None:
            job_id = queries.tables.latest_job(conn, document_id=document_id)
        else:
            _require_results(conn, id=job_id, workspace_id=home, document_id=document_id)
    return _tables(arguments, job_id, home)


@tables.get("/tables/<uuid:table_id>")
@permit("workspace:jobs:read")
@tables.response(200, ExtractedTable)
def get(table_id: UUID) -> Response:
    """Show a table and its first rows"""
    with connection() as conn:
        return answer(queries.tables.get(conn, **_mine(table_id)))


@tables.get("/tables/<uuid:table_id>/rows")
@permit("workspace:jobs:read")
@tables.arguments(RowArguments, location="query")
@tables.response(200, TableRowPage)
def list_rows(arguments: dict[str, Any], table_id: UUID) -> Response:
    """List the rows of a table

    `texts` and `values` are what counts: where a cell was corrected, its correction. With
    `provenance=cells`, each row has its `cells`: what was read, on which page and where, how
    surely, what it was corrected to, and from which file by which version of the configuration.
    """
    limit = arguments["limit"]
    which = {"after": read_cursor(arguments["cursor"], _number), "limit": limit + 1}
    with connection() as conn:
        table = queries.tables.get(conn, **_mine(table_id))
        if arguments["provenance"] is None:
            return page(queries.tables.rows(conn, table_id=table_id, **which), limit)
        mine = {"table_id": table_id, "workspace_id": caller().workspace_id}
        rows = queries.tables.rows_with_cells(conn, **mine, **which)
    return page([with_cells(row, table) for row in rows], limit)


@tables.get("/tables/<uuid:table_id>/rows/<int:number>")
@permit("workspace:jobs:read")
@tables.response(200, TableRowWithCells)
def get_row(table_id: UUID, number: int) -> Response:
    """Show a row of a table, with its cells"""
    with connection() as conn:
        table = queries.tables.get(conn, **_mine(table_id))
        return answer(row_of(conn, table, number))


def row_of(conn: Connection, table: dict[str, Any], number: int) -> dict[str, Any]:
    """A row with its cells. Raises Problem 404."""
    if not 1 <= number <= table["row_count"]:
        raise not_found()
    asked = {"table_id": table["id"], "workspace_id": caller().workspace_id}
    (row,) = queries.tables.rows_with_cells(conn, **asked, after=number - 1, limit=1)
    del row["position"]
    return with_cells(row, table)


def _require_results(conn: Connection, **job: Any) -> None:
    """Raises NoRow if there is no such job, and Problem 409 if it has not succeeded."""
    status = queries.tables.job_status(conn, **job)
    if status != "succeeded":
        raise Problem(
            409,
            "job_results_unavailable",
            f"The job is {status}; its tables are there once it has succeeded.",
            current_status=status,
        )


def _tables(arguments: dict[str, Any], job_id: UUID | None, home: UUID) -> Response:
    ask = queries.tables.list_of_job
    return list_page(arguments, read_bigint, ask, job_id=job_id, workspace_id=home)


def _number(digits: str) -> int:
    """The number of a row. Raises ValueError for an impossible one."""
    number = read_bigint(digits)
    if number >= 2**31:
        raise ValueError(number)
    return number


def _mine(table_id: UUID) -> dict[str, UUID]:
    return {"id": table_id, "workspace_id": caller().workspace_id}
