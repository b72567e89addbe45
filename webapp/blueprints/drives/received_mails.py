"""Messages that were received, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sql import queries
from webapp.access.callers import caller
from webapp.http.answers import answer, list_page
from webapp.http.db import connection, transaction
from webapp.routes.blueprint import Blueprint
from webapp.routes.idempotency import idempotent
from webapp.routes.permit import permit
from webapp.schemas.common import PageArguments
from webapp.schemas.drives.received_mails import ReceivedMail, ReceivedMailPage

if TYPE_CHECKING:
    from flask import Response

received_mails = Blueprint(
    "received_mails",
    __name__,
    url_prefix="/api",
    description="Messages that inboxes received, or that arrived in watched folders of mailboxes.",
)


@received_mails.get("/inboxes/<uuid:inbox_id>/mails")
@permit("workspace:inboxes:manage")
@received_mails.arguments(PageArguments, location="query")
@received_mails.response(200, ReceivedMailPage)
def list_of_inbox(arguments: dict[str, Any], inbox_id: UUID) -> Response:
    """List the messages of an inbox, newest first

    A message is forgotten thirty days after it became documents.
    """
    with connection() as conn:
        queries.inboxes.exists(conn, id=inbox_id, **_whose())
    return list_page(arguments, UUID, queries.received_mails.list_of_inbox, inbox_id=inbox_id)


@received_mails.get("/watches/<uuid:watch_id>/mails")
@permit("workspace:connections:manage")
@received_mails.arguments(PageArguments, location="query")
@received_mails.response(200, ReceivedMailPage)
def list_of_watch(arguments: dict[str, Any], watch_id: UUID) -> Response:
    """List the messages of a watched folder of a mailbox, newest first

    A message is forgotten thirty days after it became documents, or was refused.
    """
    with connection() as conn:
        queries.watches.exists(conn, id=watch_id, **_whose())
    return list_page(arguments, UUID, queries.received_mails.list_of_watch, watch_id=watch_id)


@received_mails.post("/received-mails/<uuid:mail_id>/retry")
@permit("workspace:inboxes:manage")
@idempotent
@received_mails.response(200, ReceivedMail)
def retry(mail_id: UUID) -> Response:
    """Try again to make documents of a message

    A message that has not failed gives 400 `invalid_state`.
    """
    with transaction() as conn:
        return answer(queries.received_mails.act(conn, id=mail_id, **_whose(), action="retry"))


def _whose() -> dict[str, UUID]:
    return {"workspace_id": caller().workspace_id, "user_id": caller().user_id}
