"""Passwords of encrypted documents over HTTP: used once, and never stored.

A worker would need the password after the request, so it would have to be kept somewhere in the
meantime. So it goes to a limited child of this process alone, and what is saved is the text. The
worker then finds the document encrypted, as before, and goes on with that text; so it does when an
unlocked document is restored or read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.reading import own_readers
from webapp.blueprints.documents.storage import store
from webapp.http.answers import answer
from webapp.http.db import connection, transaction
from webapp.http.errors import Problem
from webapp.parsing.documents.errors import DocumentError
from webapp.routes.blueprint import Blueprint
from webapp.routes.permit import permit
from webapp.schemas.documents.documents import Document
from webapp.schemas.documents.unlocks import Password

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

    from sql.connection import Connection
    from webapp.parsing.documents.document import Document as Found

# PDFs, and the newer office files of Microsoft.
_UNLOCKED: Final = ("application/pdf", "application/x-encrypted-office")
# As much as a worker keeps.
_MOST_TEXT: Final = 4_000_000

unlocks = Blueprint(
    "unlocks", __name__, url_prefix="/api/documents", description="Encrypted documents."
)


@unlocks.post("/<uuid:document_id>/unlock")
@permit("workspace:documents:write")
@unlocks.arguments(Password)
@unlocks.response(200, Document)
def unlock(given: dict[str, Any], document_id: UUID) -> Response:
    """Read an encrypted document with its password

    For documents that are `failed` with the code `encrypted`; others give 409 `not_encrypted`. The
    password is used once and never stored, and the file stays encrypted. PDF, DOCX, XLSX and PPTX
    can be unlocked; others give 422 `unlock_not_supported`. A wrong password gives 422
    `wrong_document_password`. Pages that are pictures are not read this way.
    """
    with connection() as conn:
        row = queries.unlocks.find(conn, **_mine(document_id))
    _check(row)
    found = _read(row, given["password"])
    with transaction() as conn:
        _save(conn, document_id, row["version_id"], found)
        return answer(queries.documents.get(conn, **_mine(document_id)))


def _check(row: dict[str, Any]) -> None:
    """Raises Problem for a document that no password opens."""
    if not row["is_encrypted"]:
        raise Problem(
            409,
            "not_encrypted",
            "This document is not waiting for a password. It may not have been read yet.",
        )
    if row["media_type"] not in _UNLOCKED:
        raise Problem(
            422,
            "unlock_not_supported",
            f"Files of type {row['media_type']} cannot be unlocked: upload one without a password.",
        )


def _read(row: dict[str, Any], password: str) -> Found:
    try:
        with own_readers().taken_by(caller().user_id) as readers, store().open(row["key"]) as file:
            return readers.read(file.fileno(), name=row["name"], password=password, ocr="never")
    except DocumentError as error:
        if error.code == "encrypted":
            raise Problem(
                422, "wrong_document_password", "The document does not open with this password."
            ) from None
        raise Problem(
            422,
            "unreadable",
            f"The document opens, but cannot be read: {error}",
            error_code=error.code,
        ) from None


def _save(conn: Connection, document_id: UUID, version_id: UUID, found: Found) -> None:
    """Save the text, with which a worker goes on. It finds out the language, and another title if
    the document gives none."""
    queries.documents.keep_text(
        conn,
        version_id=version_id,
        pages=len(found.pages),
        ocr_pages=[],
        text=found.text.replace("\0", "")[:_MOST_TEXT],
        language=None,
    )
    said = found.metadata
    unlocked = queries.unlocks.unlock(
        conn,
        **_mine(document_id),
        version_id=version_id,
        title=" ".join(said.title.replace("\0", "").split())[:200].strip() or None,
        dated_on=said.created and said.created.date(),
    )
    if unlocked is None:
        raise Problem(409, "document_changed", "The document has got another version meanwhile.")


def _mine(document_id: UUID) -> dict[str, UUID]:
    return {"id": document_id, "workspace_id": caller().workspace_id}
