"""Receives messages: each is stored, and its row written, before anybody is told that it was. The
worker `file_mails` makes documents of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from webapp.identity.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from uuid import UUID

    from sql.connection import Connection
    from webapp.filing.intake import Intake, Owner

MESSAGE = "message.eml"


def receive(
    intake: Intake,
    transaction: Callable[[], AbstractContextManager[Connection]],
    owner: Owner,
    chunks: Iterator[bytes],
    announced: int,
    *,
    sender: str,
    inbox_id: UUID | None = None,
    watch_id: UUID | None = None,
    is_wanted: Callable[[Connection], bool] = lambda _: True,
) -> bool:
    """Take a message of about `announced` bytes, for an inbox or a watch; whether it `is_wanted`,
    which is asked in the transaction that writes its row.

    Raises what `Intake.take` raises, and psycopg.Error.
    """
    with intake.take(new_id(), owner, MESSAGE, chunks, announced) as file:
        with transaction() as conn:
            if not is_wanted(conn):
                return False
            queries.objects.store(conn, id=file.object_id, bytes=file.length, sha256=file.sha256)
            queries.received_mails.receive(
                conn,
                workspace_id=owner.workspace_id,
                user_id=owner.user_id,
                inbox_id=inbox_id,
                watch_id=watch_id,
                object_id=file.object_id,
                sender="".join(each for each in sender if each.isprintable())[:500],
                bytes=file.length,
            )
        file.is_used = True
    return True
