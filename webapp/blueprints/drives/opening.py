"""The web's access to drives, and the responses when they fail."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access.callers import caller
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.filing.drives import Drives, is_mailbox
from webapp.http import db
from webapp.http.errors import Problem
from webapp.http.installed import Installed, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from flask import Flask, Response

    from webapp.clients.drives.contract import Code, Folders
    from webapp.clients.drives.imap import Position

drives: Final[Installed[Drives]] = Installed("drives")

_STATUSES: Final[dict[Code, int]] = {
    "unavailable": 502,
    "invalid_answer": 502,
    "credentials": 409,
    "not_found": 404,
    "refused": 403,
}


def install(app: Flask) -> None:
    """Give the app what opens drives."""
    drives.install(app, Drives(settings.of(app), db.transaction))
    app.register_error_handler(DriveError, _response)


@contextmanager
def opened(connection_id: UUID) -> Iterator[Folders]:
    """A connection of the caller's. Raises NoRow, and DriveError, also from within the block; if
    the drive no longer accepts the credentials, the connection is broken from then on."""
    row = connection_of_caller(connection_id)
    with _breaking(row), closing(drives().browse(row)) as drive:
        yield drive


def position(row: dict[str, Any], path: str) -> Position | None:
    """Where a folder ends, if the connection is to a mailbox. Raises DriveError; if the mailbox no
    longer accepts the credentials, the connection is broken from then on."""
    with _breaking(row):
        if not is_mailbox(row["provider"]):
            return None
        with closing(drives().open_mailbox(row)) as mailbox:
            return mailbox.examine(path)


@contextmanager
def _breaking(row: dict[str, Any]) -> Iterator[None]:
    if row["status"] == "broken":
        raise broken()
    try:
        yield
    except AccessLost as error:
        with db.transaction() as conn:
            queries.connections.break_off(
                conn, id=row["id"], error=str(error), credentials=row["credentials"]
            )
        raise


def connection_of_caller(connection_id: UUID) -> dict[str, Any]:
    """What is stored of a connection. Raises NoRow if the caller has none of this id."""
    with db.connection() as conn:
        row: dict[str, Any] = queries.connections.open(
            conn,
            id=connection_id,
            workspace_id=caller().workspace_id,
            user_id=caller().user_id,
        )
    return row


def broken() -> AccessLost:
    """The error for a connection that is not used until it works again."""
    return AccessLost("The connection is broken: give it new credentials first.")


def refusal(error: DriveError) -> Problem:
    """The response to input with which the drive could not be used."""
    return Problem(422, f"drive_{error.code}", str(error))


def _response(error: DriveError) -> Response:
    return Problem(_STATUSES.get(error.code, 422), f"drive_{error.code}", str(error)).response()
