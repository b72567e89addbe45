"""Trials of configurations over HTTP, and proposals: both read a document within the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access import callers
from webapp.access.callers import caller
from webapp.blueprints.documents.reading import own_readers
from webapp.blueprints.documents.storage import store
from webapp.blueprints.extraction.configuration_bodies import check_patterns
from webapp.blueprints.extraction.configurations import created
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem, invalid_input
from webapp.parsing.documents.errors import DocumentError
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.extraction.configurations import Configuration, ProposalArguments
from webapp.schemas.extraction.trials import Trial, TrialArguments, TrialOfBody

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar
    from uuid import UUID

    from flask import Response

    from webapp.parsing.documents.readers import Readers
    from webapp.parsing.extraction.extracted import ExtractedTable, Extraction

    Result = TypeVar("Result")

_MOST_TABLES: Final = 100
_MOST_ROWS: Final = 20

trials = Blueprint(
    "trials",
    __name__,
    url_prefix="/api/configurations",
    description="What configurations would extract.",
)


@trials.post("/<uuid:configuration_id>/try")
@permit("workspace:documents:read")
@trials.arguments(TrialArguments)
@trials.response(200, Trial)
def try_configuration(given: dict[str, Any], configuration_id: UUID) -> Response:
    """Try a configuration on a document

    Nothing is saved. The first 100 tables are shown with their first 20 rows. Pages that are
    pictures are not read. 409 `document_not_ready` if the document's file is not there, 422
    `unreadable` if it cannot be read, or a pattern takes too long.
    """
    _require("workspace:configurations:read")
    with connection() as conn:
        row = queries.configurations.get(
            conn, id=configuration_id, workspace_id=caller().workspace_id
        )
    return answer(_tried(given["document_id"], row["body"]))


@trials.post("/try")
@permit("workspace:documents:read")
@trials.arguments(TrialOfBody)
@trials.response(200, Trial)
def try_body(given: dict[str, Any]) -> Response:
    """Try a configuration that is not saved yet on a document"""
    check_patterns(given["body"])
    return answer(_tried(given["document_id"], given["body"]))


@trials.post("/propose")
@permit("workspace:configurations:write")
@idempotent
@trials.arguments(ProposalArguments)
@trials.response(201, Configuration)
def propose(given: dict[str, Any]) -> Response:
    """Propose a configuration from a document's own tables

    It is a draft with the columns of the document's largest table, for its category unless
    `document_type` is given. 422 `no_tables` if the document has no table.
    """
    _require("workspace:documents:read")
    row = _document(given["document_id"])
    document_type = given["document_type"] or row["category"]
    if document_type is None:
        raise invalid_input(("document_type", "The document has no category, so name a type."))
    body = _read(row, lambda readers, file: readers.propose(file, name=row["name"], ocr="never"))
    if body is None:
        raise Problem(422, "no_tables", "No table was found in the document.")
    with transaction() as conn:
        return created(conn, document_type, None, body)


def _require(permission: str) -> None:
    """Refuse who may do the one thing that a route does, but not the other. Raises Problem 403."""
    if not callers.may(permission):
        raise Problem(403, "forbidden", f"This requires the permission {permission}.")


def _document(document_id: UUID) -> dict[str, Any]:
    """A document whose file is there. Raises Problem 409."""
    with connection() as conn:
        row: dict[str, Any] = queries.configurations.document(
            conn, id=document_id, workspace_id=caller().workspace_id
        )
    if row["key"] is None or row["status"] == "discarded":
        raise Problem(
            409,
            "document_not_ready",
            "The document's file is not there yet, or in the trash.",
            current_status=row["status"],
        )
    return row


def _tried(document_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    row = _document(document_id)
    return _shown(
        _read(
            row,
            lambda readers, file: readers.extract(file, body=body, name=row["name"], ocr="never"),
        )
    )


def _read(row: dict[str, Any], read: Callable[[Readers, int], Result]) -> Result:
    try:
        with own_readers().taken_by(caller().user_id) as readers, store().open(row["key"]) as file:
            return read(readers, file.fileno())
    except DocumentError as error:
        raise Problem(422, "unreadable", str(error), error_code=error.code) from None


def _shown(extraction: Extraction) -> dict[str, Any]:
    return {
        "pages": extraction.pages,
        "tables": [_shown_table(table) for table in extraction.tables[:_MOST_TABLES]],
        "table_count": len(extraction.tables),
        "fields": [
            {
                "name": each.name,
                "type": each.type,
                "text": each.text,
                "value": each.value,
                "page": each.page,
                "box": each.box and list(each.box),
                "confidence": each.confidence,
            }
            for each in extraction.fields
        ],
        "unread_pages": extraction.pictures,
        "is_cut": extraction.is_cut,
        "left_out": [each._asdict() for each in extraction.left_out],
        "left_out_count": extraction.left_out_count,
    }


def _shown_table(table: ExtractedTable) -> dict[str, Any]:
    return {
        "title": table.title,
        "method": table.method,
        "confidence": table.confidence,
        "pages": table.pages,
        "box": table.box and list(table.box),
        "columns": [each._asdict() for each in table.columns],
        "rows": [
            {"page": row.page, "texts": row.texts, "values": row.values, "mistakes": row.mistakes}
            for row in table.rows[:_MOST_ROWS]
        ],
        "row_count": len(table.rows),
        "mistake_count": sum(len(row.mistakes) for row in table.rows),
        "continued_from": table.continued_from,
    }
