"""Exports of extracted tables over HTTP.

What a job keeps as documents is sent from the store. Everything else is made while it is sent, of
rows that are read batch by batch, so no connection is held while a client reads slowly. Neither is
ever a mix: what corrections overtake breaks off.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from flask import Response, request

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.files import as_download, file_name, is_known
from webapp.blueprints.documents.sharing import record_download
from webapp.clients.storage.contract import NoObject
from webapp.exporting import workbook
from webapp.exporting.tables import Extracted, NotAlike, Overtaken, extracted
from webapp.http import db
from webapp.http.answers import answer
from webapp.http.errors import Problem
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.extraction.table_exports import CsvArguments, Export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from webapp.exporting.tables import Table

    Row = dict[str, Any]

table_exports = Blueprint(
    "table_exports", __name__, url_prefix="/api", description="Exports of extracted tables."
)

_PIECE: Final = 1 << 16  # bytes of a file that are sent at once

_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


class _Wanted(NamedTuple):
    """What is to be sent: of which job, what it is called, how texts are written, and the file that
    is kept of it, if there is one."""

    job: Row
    name: str
    form: str
    kept: Row | None = None


@table_exports.get("/jobs/<uuid:job_id>/exports")
@permit("workspace:jobs:read")
@table_exports.response(200, Export)
@table_exports.alt_response(
    409, description="The job has not succeeded: `job_results_unavailable`."
)
def get(job_id: UUID) -> Response:
    """Show what can be downloaded of a job's tables

    The CSV of each table and the ZIP of all of them are kept as documents, which count towards the
    quota of who started the job; `status` says whether they are made. They are made again when
    cells are corrected. If they could not be made, everything can be downloaded all the same.
    """
    return answer(_shown(job_id))


@table_exports.post("/jobs/<uuid:job_id>/exports/retry")
@permit("workspace:jobs:write")
@idempotent
@table_exports.response(200, Export)
def retry(job_id: UUID) -> Response:
    """Make the files of a job that failed to be made, as when the quota was exceeded

    An export that has not failed gives 400 `invalid_state`.
    """
    with db.transaction() as conn:
        _begun(queries.table_exports.of_job(conn, id=job_id, **_here()))
        queries.table_exports.retry(conn, id=job_id)
        return answer(_shown(job_id))


@table_exports.get("/tables/<uuid:table_id>/export.csv")
@permit("workspace:jobs:read")
@table_exports.arguments(CsvArguments, location="query")
@table_exports.response(200, content_type="text/csv")
@table_exports.alt_response(206, description="The requested range, once the file is kept.")
@table_exports.alt_response(304, description="The client has it.")
@table_exports.alt_response(416, description="The range begins after the end of the file.")
def csv_of_table(arguments: dict[str, Any], table_id: UUID) -> Response:
    """Download a table as CSV

    As in RFC 4180: UTF-8, CRLF, a header with the names of the columns, then the texts as they were
    read, or corrected. The same bytes each time, until a cell is corrected.
    """
    job, all_tables, table, kept = _table(table_id)
    if arguments["formulas"] == "escape":
        wanted = _Wanted(job, f"{table.name}.csv", f"{table_id} escaped")
        return _streamed(wanted, lambda: all_tables.comma_separated(table, escaped=True))
    wanted = _Wanted(job, f"{table.name}.csv", str(table_id), kept.get(table_id))
    return _streamed(wanted, lambda: all_tables.comma_separated(table))


@table_exports.get("/tables/<uuid:table_id>/export.jsonl")
@permit("workspace:jobs:read")
@table_exports.response(200, content_type="application/x-ndjson")
@table_exports.alt_response(304, description="The client has it.")
def json_lines_of_table(table_id: UUID) -> Response:
    """Download a table as lines of JSON

    An object for each row: the values, of their types, by the names of the columns, of which equal
    ones are numbered. Decimals and dates are strings. null: there is no text, or it is not of the
    column's type.
    """
    job, all_tables, table, _ = _table(table_id)
    wanted = _Wanted(job, f"{table.name}.jsonl", str(table_id))
    return _streamed(wanted, lambda: all_tables.json_lines(table))


@table_exports.get("/tables/<uuid:table_id>/export.xlsx")
@permit("workspace:jobs:read")
@table_exports.response(200, content_type="application/octet-stream")
@table_exports.alt_response(304, description="The client has it.")
@table_exports.alt_response(409, description="No spreadsheet has so much: `too_large_for_xlsx`.")
def workbook_of_table(table_id: UUID) -> Response:
    """Download a table as a spreadsheet

    Numbers, dates and booleans are such; what is not of its column's type is the text. Tables with
    more than 1,048,575 rows or 16,384 columns, or a text of more than 32,767 characters, give 409
    `too_large_for_xlsx`.
    """
    job, all_tables, table, _ = _table(table_id)
    return _workbook(_Wanted(job, f"{table.name}.xlsx", str(table_id)), all_tables, [table])


@table_exports.get("/jobs/<uuid:job_id>/export.zip")
@permit("workspace:jobs:read")
@table_exports.response(200, content_type="application/zip")
@table_exports.alt_response(206, description="The requested range, once the file is kept.")
@table_exports.alt_response(304, description="The client has it.")
@table_exports.alt_response(
    409, description="The job has not succeeded: `job_results_unavailable`."
)
@table_exports.alt_response(416, description="The range begins after the end of the file.")
def zip_of_job(job_id: UUID) -> Response:
    """Download all tables of a job as CSV in a ZIP"""
    job, all_tables, kept = _job(job_id)
    wanted = _Wanted(job, f"{all_tables.name}.zip", "", kept.get(None))
    return _streamed(wanted, all_tables.zipped)


@table_exports.get("/jobs/<uuid:job_id>/export.xlsx")
@permit("workspace:jobs:read")
@table_exports.response(200, content_type="application/octet-stream")
@table_exports.alt_response(304, description="The client has it.")
@table_exports.alt_response(
    409,
    description="`job_results_unavailable`, or no spreadsheet has so much: `too_large_for_xlsx`.",
)
def workbook_of_job(job_id: UUID) -> Response:
    """Download all tables of a job as a spreadsheet, a sheet for each

    Otherwise as for one table. More than 500 tables give 409 `too_large_for_xlsx`, too.
    """
    job, all_tables, _ = _job(job_id)
    return _workbook(_Wanted(job, f"{all_tables.name}.xlsx", ""), all_tables, all_tables.tables)


@table_exports.get("/jobs/<uuid:job_id>/export.csv")
@permit("workspace:jobs:read")
@table_exports.arguments(CsvArguments, location="query")
@table_exports.response(200, content_type="text/csv")
@table_exports.alt_response(304, description="The client has it.")
@table_exports.alt_response(409, description="`job_results_unavailable`, or `tables_differ`.")
def joined_csv_of_job(arguments: dict[str, Any], job_id: UUID) -> Response:
    """Download all tables of a job as one CSV

    In reading order, under one header. If the tables do not all have columns of the same names in
    the same order, or there are none: 409 `tables_differ`.
    """
    job, all_tables, _ = _job(job_id)
    escaped = arguments["formulas"] == "escape"
    wanted = _Wanted(job, f"{all_tables.name}.csv", f"joined {escaped}")
    return _streamed(wanted, lambda: all_tables.joined(escaped=escaped))


def _shown(job_id: UUID) -> Row:
    job, all_tables, kept = _job(job_id)
    files = [
        _file(f"/api/tables/{table.id}/export.{form}", table.name, table.id, kept)
        for table in all_tables.tables
        for form in ("csv", "jsonl", "xlsx")
    ]
    of_all = ("zip", "xlsx", "csv") if all_tables.are_alike else ("zip", "xlsx")
    files += [
        _file(f"/api/jobs/{job_id}/export.{form}", all_tables.name, None, kept) for form in of_all
    ]
    return {
        "job_id": job_id,
        **{name: job[name] for name in ("status", "error", "error_code", "updated_at")},
        "files": files,
    }


def _file(url: str, name: str, table_id: UUID | None, kept: Mapping[UUID | None, Row]) -> Row:
    form = url.rpartition(".")[2]
    is_kept = form == ("zip" if table_id is None else "csv")
    found = kept.get(table_id) if is_kept else None
    return {
        "table_id": table_id,
        "format": form,
        "name": f"{name}.{form}",
        "url": url,
        "document_id": found["document_id"] if found else None,
        "bytes": found["bytes"] if found else None,
        "sha256": found["sha256"] if found else None,
    }


def _table(table_id: UUID) -> tuple[Row, Extracted, Table, dict[UUID | None, Row]]:
    job, all_tables, kept = _found(queries.table_exports.of_table, table_id)
    table = next(each for each in all_tables.tables if each.id == table_id)
    return job, all_tables, table, kept


def _job(job_id: UUID) -> tuple[Row, Extracted, dict[UUID | None, Row]]:
    return _found(queries.table_exports.of_job, job_id)


def _found(
    ask: Callable[..., Row], subject_id: UUID
) -> tuple[Row, Extracted, dict[UUID | None, Row]]:
    """The job, its tables, and the files that are kept of them, by table. Raises NoRow, and Problem
    409."""
    with db.connection() as conn:
        job = _begun(ask(conn, id=subject_id, **_here()))
        all_tables = extracted(conn, job, db.pool().connection)
        files = queries.table_exports.files(conn, id=job["id"])
    return job, all_tables, {each["table_id"]: each for each in files}


def _begun(job: Row) -> Row:
    if job["status"] is None:
        raise Problem(
            409,
            "job_results_unavailable",
            f"The job is {job['job_status']}: it has results when it has succeeded.",
            current_status=job["job_status"],
        )
    return job


def _here() -> dict[str, UUID]:
    return {"workspace_id": caller().workspace_id}


def _streamed(wanted: _Wanted, make: Callable[[], Iterator[bytes]]) -> Response:
    """The file that is kept, or else what `make` gives."""
    if wanted.kept is not None:
        try:
            return as_download(wanted.kept, _noting(wanted.job))
        except NoObject:
            pass  # the store has lost it, but it can be made again
    response = _prepared(wanted)
    if response.status_code == 200 and request.method != "HEAD":
        pieces = make()
        with _refusals():  # the first one now, while a failure can still be reported
            response.response = chain([next(pieces, b"")], pieces)
    return response


def _workbook(wanted: _Wanted, all_tables: Extracted, tables: Sequence[Table]) -> Response:
    with _refusals():
        workbook.check_sheets(len(tables))
        for table in tables:
            workbook.check_size(table.header, table.row_count)
    response = _prepared(wanted)
    if response.status_code == 200 and request.method != "HEAD":
        with _refusals():
            file = workbook.made(all_tables.sheets(tables))
        response.content_length = file.seek(0, 2)
        file.seek(0)
        response.response = _pieces(file)
    return response


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from iter(partial(file.read, _PIECE), b"")


def _prepared(wanted: _Wanted) -> Response:
    """A response without its body, or 304; whoever gets the body is noted."""
    of_what = f"{wanted.job['id']} {wanted.job['revision']} {wanted.form} {wanted.name}"
    headers = {
        "ETag": f'"{hashlib.sha256(of_what.encode()).hexdigest()[:32]}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"attachment; {file_name(wanted.name)}",
        "X-Content-Type-Options": "nosniff",
    }
    if is_known(headers["ETag"]):
        return Response(status=304, headers=headers)
    if request.method != "HEAD":
        _noting(wanted.job)(begins=True)
    content_type = _TYPES[wanted.name.rpartition(".")[2]]
    return Response(content_type=content_type, headers=headers)


def _noting(job: Row) -> Callable[..., None]:
    """Records who downloads something of a document of others."""

    def note(*, begins: bool) -> None:
        if job["workspace_id"] != caller().workspace_id:
            record_download(job["document_id"], job["workspace_id"], begins=begins)

    return note


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except workbook.TooLarge as error:
        raise Problem(409, "too_large_for_xlsx", str(error)) from None
    except NotAlike as error:
        raise Problem(409, "tables_differ", str(error)) from None
    except Overtaken as error:
        raise Problem(409, "tables_changed", str(error)) from None
