"""Files on their way from and to drives, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.drives.opening import connection_of_caller
from webapp.filing.drives import check_has_files, check_path
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.http.errors import invalid_input
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.drives.transfers import (
    NewExports,
    NewImports,
    Transfer,
    TransferArguments,
    TransferPage,
    Transfers,
)

if TYPE_CHECKING:
    from flask import Response

transfers = Blueprint(
    "transfers",
    __name__,
    url_prefix="/api",
    description="Files on their way from and to drives.",
)


@transfers.post("/connections/<uuid:connection_id>/import")
@permit("workspace:connections:manage")
@idempotent
@transfers.arguments(NewImports)
@transfers.response(202, Transfers)
def begin_imports(given: dict[str, Any], connection_id: UUID) -> Response:
    """Make documents of files on the drive

    Each file is a transfer of its own, done in the background and tried again for hours if the
    drive does not answer. A file that the workspace already has becomes no second document:
    `is_duplicate` is true, and `document_id` is the document that has it.
    """
    provider = connection_of_caller(connection_id)["provider"]
    check_has_files(provider)
    for path in given["paths"]:
        check_path(provider, path)
    with transaction() as conn:
        begun = queries.transfers.create_imports(
            conn,
            **_whose(),
            connection_id=connection_id,
            paths=list(dict.fromkeys(given["paths"])),
            folder_id=given["folder_id"],
        )
        return _begun(conn, begun)


@transfers.post("/connections/<uuid:connection_id>/export")
@permit("workspace:connections:manage")
@idempotent
@transfers.arguments(NewExports)
@transfers.response(202, Transfers)
def begin_exports(given: dict[str, Any], connection_id: UUID) -> Response:
    """Send documents to a folder of the drive

    Nothing there is overwritten: if another file has the name, a number is added. A file that is
    there already is not sent again.
    """
    provider = connection_of_caller(connection_id)["provider"]
    check_has_files(provider)
    check_path(provider, given["path"])
    wanted = list(dict.fromkeys(given["document_ids"]))
    with transaction() as conn:
        begun = queries.transfers.create_exports(
            conn,
            **_whose(),
            connection_id=connection_id,
            path=given["path"],
            document_ids=wanted,
        )
        missing = set(wanted) - {each["document_id"] for each in begun}
        if missing:
            raise invalid_input(
                *(
                    (f"document_ids.{number}", "There is no such document here.")
                    for number, each in enumerate(given["document_ids"])
                    if each in missing
                )
            )
        return _begun(conn, begun)


@transfers.get("/connections/<uuid:connection_id>/transfers")
@permit("workspace:connections:manage")
@transfers.arguments(TransferArguments, location="query")
@transfers.response(200, TransferPage)
def list_of_connection(arguments: dict[str, Any], connection_id: UUID) -> Response:
    """List a connection's transfers, newest first

    A transfer is forgotten thirty days after it ends.
    """
    connection_of_caller(connection_id)
    ask = queries.transfers.list_of_connection
    return list_page(arguments, UUID, ask, **_whose(), connection_id=connection_id)


@transfers.get("/transfers/<uuid:transfer_id>")
@permit("workspace:connections:manage")
@transfers.response(200, Transfer)
def get(transfer_id: UUID) -> Response:
    """Show a transfer and its progress"""
    with connection() as conn:
        return answer(queries.transfers.get(conn, id=transfer_id, **_whose()))


@transfers.post("/transfers/<uuid:transfer_id>/cancel")
@permit("workspace:connections:manage")
@idempotent
@transfers.response(200, Transfer)
def cancel(transfer_id: UUID) -> Response:
    """Cancel a transfer that has not ended"""
    return _act(transfer_id, "cancel")


@transfers.post("/transfers/<uuid:transfer_id>/retry")
@permit("workspace:connections:manage")
@idempotent
@transfers.response(200, Transfer)
def retry(transfer_id: UUID) -> Response:
    """Try a failed transfer again

    A transfer that has not failed gives 400 `invalid_state`.
    """
    return _act(transfer_id, "retry")


def _act(transfer_id: UUID, action: str) -> Response:
    with transaction() as conn:
        queries.transfers.act(conn, id=transfer_id, **_whose(), action=action)
        return answer(queries.transfers.get(conn, id=transfer_id, **_whose()))


def _begun(conn: Any, begun: list[dict[str, Any]]) -> Response:
    rows = queries.transfers.list_some(conn, **_whose(), ids=[each["id"] for each in begun])
    return answer({"items": rows}, 202)


def _whose() -> dict[str, UUID]:
    return {"workspace_id": caller().workspace_id, "user_id": caller().user_id}
