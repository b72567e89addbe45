"""Takes the file of a request into the store, while it arrives.

What waits for the client is the file in the store, which nobody sees before it is complete, and a
row of `objects`, which holds its bytes of the quota; no transaction is open.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import request

from sql import queries
from webapp.access.callers import caller
from webapp.blueprints.documents.storage import store
from webapp.filing import intake
from webapp.filing.intake import HEAD, Intake, NotAccepted, Owner, Received, too_large
from webapp.http import db, request_body
from webapp.http.errors import Problem, invalid_input
from webapp.http.installed import settings
from webapp.http.multipart import Form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from marshmallow import Schema

    from webapp.parsing.documents.media import Media
    from webapp.settings import Settings

_STATUSES: Final[dict[intake.Code, int]] = {
    "empty_file": 422,
    "body_too_large": 413,
    "unsupported_media_type": 415,
}


@dataclass(slots=True)
class Upload:
    """A file in the store, and the form fields sent with it."""

    file: Received
    fields: dict[str, str]

    def digest(self) -> bytes:
        """The same for equal uploads, for idempotency keys."""
        named = "".join(f"{name}={value}\n" for name, value in sorted(self.fields.items()))
        head = f"{request.method} {request.full_path}\n{self.file.name}\n{named}".encode()
        return hashlib.sha256(head + self.file.sha256).digest()


def file_in_body(fields: type[Schema]) -> dict[str, Any]:
    """The description of a body that is a form with a file and other fields, or a file."""
    return {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                        **{name: {"type": "string"} for name in fields().fields},
                    },
                }
            },
            "application/octet-stream": {"schema": {}},
        },
    }


def most_bytes(settings: Settings) -> int:
    """The largest request: a file, and the form's fields."""
    return settings.document_max_bytes + HEAD


def admit() -> None:
    """Refuse a file that is too large or does not fit the quota, before it is received. Raises
    Problem 413."""
    announced = request.content_length or 0
    if announced > most_bytes(settings()):
        raise not_accepted(too_large(settings().document_max_bytes))
    mine = {"user_id": caller().user_id, "default_bytes": settings().quota_bytes}
    with db.connection() as conn:
        quota = queries.objects.quota(conn, **mine)
    if announced - HEAD > quota["limit_bytes"] - quota["used_bytes"]:
        raise quota_exceeded(quota | {"needed_bytes": announced})


def quota_exceeded(facts: dict[str, Any]) -> Problem:
    """The response if `used_bytes` and `needed_bytes` together exceed `limit_bytes`."""
    room = max(facts["limit_bytes"] - facts["used_bytes"], 0)
    return Problem(
        413,
        "quota_exceeded",
        f"{room} bytes of your quota are free, and this takes {facts['needed_bytes']}. Documents in"
        " the trash count until they are permanently removed.",
        headers={"Connection": "close"},
        **facts,
    )


@contextmanager
def received(
    document_id: UUID,
    name: str,
    *,
    workspace_id: UUID | None = None,
    into: Intake | None = None,
    media: Media | None = None,
) -> Iterator[Upload]:
    """The file of this request, for a document: the field `file` of a form, or the whole body, with
    this name. The document may be in another workspace than the caller. `into` is where it goes, if
    it is no document; its `media` is then given.

    It is in the store within the block, and stays there if the block sets its `is_used`. Raises
    Problem 413 `body_too_large` or `quota_exceeded`, 415, 422 `empty_file`, 400 for a form that is
    broken, and StorageError.
    """
    me = caller()
    owner = Owner(me.user_id, workspace_id or me.workspace_id)
    into = into or Intake(
        store,
        db.transaction,
        most_bytes=settings().document_max_bytes,
        quota_bytes=settings().quota_bytes,
    )
    try:
        if request.mimetype == "multipart/form-data":
            form = Form("file")
            sent = form.file()
            with into.take(
                document_id, owner, sent.name, sent.chunks, sent.at_most, media=media
            ) as file:
                yield Upload(file, form.rest())
        else:
            with into.take(
                document_id,
                owner,
                name,
                request_body.arriving(),
                request.content_length,
                media=media,
            ) as file:
                yield Upload(file, {})
    except NotAccepted as error:
        raise not_accepted(error) from None


def not_accepted(error: NotAccepted) -> Problem:
    """The response to a file that no document is made of."""
    return Problem(
        _STATUSES[error.code],
        error.code,
        str(error),
        headers={"Connection": "close"} if error.code != "empty_file" else None,
        **error.facts,
    )


def name_of(given: str) -> str:
    """A file's name without the folders that some clients put in front. Raises Problem 422."""
    name = intake.name_of(given)
    if not name:
        raise invalid_input(("name", "Give the file a name."))
    return name
