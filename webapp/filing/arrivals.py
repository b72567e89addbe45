"""Receives what is new in a watched folder of a mailbox.

Each message is received in the transaction that notes its number, so none is received twice or
left out, whenever this process dies. Nothing in the mailbox is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.filing.intake import NotAccepted, Owner
from webapp.filing.reception import receive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from sql.connection import Connection
    from webapp.clients.drives.imap import Mailbox, Message
    from webapp.filing.intake import Intake

    Report = Callable[[int, int | None], None]

# Messages received on one connection; and numbers asked about at once.
_MOST: Final = 200
_SPAN: Final = 100_000
# Scans that may fail at the same message in the same way before it is left out.
_TRIES: Final = 3
# Before the last scan, from which on messages are looked at again if their numbers have changed:
# servers tell the day of arrival only, each in a time zone of its own.
_OVERLAP: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Receives messages. `transaction` opens a short transaction in somebody's name; `report` is
    told again and again how many of how many were received."""

    intake: Intake
    transaction: Callable[[], AbstractContextManager[Connection]]
    report: Report

    def receive_new(self, mailbox: Mailbox, watch: Mapping[str, Any]) -> bool:
        """Receive what is new in a watch's folder; whether there is more than was looked at.

        Raises DriveError, StorageError, and psycopg.errors.CheckViolation if a message does not fit
        the quota; the messages before it are received.
        """
        found = mailbox.examine(watch["path"])
        place = {"id": watch["id"], "uid_validity": found.uid_validity}
        end = found.next_uid - 1
        if found.uid_validity == watch["uid_validity"]:
            numbers, end = self._next(mailbox, watch["last_uid"], end)
        else:
            seen = watch["last_scanned_at"] or watch["created_at"]
            numbers = [
                each for each in mailbox.numbers_since((seen - _OVERLAP).date()) if each <= end
            ]
            begin = numbers[0] - 1 if numbers else end
            with self.transaction() as conn:
                queries.watches.begin_again(
                    conn, **place, former=watch["uid_validity"], last_uid=begin
                )
        for done, uid in enumerate(numbers[:_MOST]):
            self.report(done, len(numbers))
            try:
                self._receive(mailbox, watch, place | {"last_uid": uid})
            except AccessLost:
                raise
            except DriveError as error:
                if done or watch["failures"] < _TRIES or watch["last_error"] != str(error):
                    raise
                # The rest of the folder does not wait for it; the connection may be lost.
                self._refuse(watch, place | {"last_uid": uid}, str(error))
                return True
        if len(numbers) > _MOST:
            return True
        with self.transaction() as conn:
            queries.watches.advance(conn, **place, last_uid=end)
        return end < found.next_uid - 1

    def _next(self, mailbox: Mailbox, last: int, end: int) -> tuple[list[int], int]:
        """The next numbers after the last one that are in use, and up to which one was looked."""
        numbers: list[int] = []
        while not numbers and last < end:
            self.report(0, None)
            first, last = last + 1, min(last + _SPAN, end)
            numbers = mailbox.numbers(first, last)
        return numbers, last

    def _receive(
        self, mailbox: Mailbox, watch: Mapping[str, Any], place: Mapping[str, Any]
    ) -> None:
        message = mailbox.message(place["last_uid"])
        if message is None:
            return  # deleted in the meantime
        try:
            receive(
                self.intake,
                self.transaction,
                Owner(watch["user_id"], watch["workspace_id"]),
                mailbox.read(place["last_uid"]),
                message.bytes,
                sender=message.sender,
                watch_id=watch["id"],
                is_wanted=lambda conn: queries.watches.advance(conn, **place) is not None,
            )
        except NotAccepted as error:
            self._refuse(watch, place, str(error), message)

    def _refuse(
        self,
        watch: Mapping[str, Any],
        place: Mapping[str, Any],
        error: str,
        message: Message | None = None,
    ) -> None:
        with self.transaction() as conn:
            if queries.watches.advance(conn, **place) is not None:
                queries.received_mails.refuse(
                    conn,
                    workspace_id=watch["workspace_id"],
                    user_id=watch["user_id"],
                    watch_id=watch["id"],
                    sender=message.sender if message else "",
                    bytes=message.bytes if message else 0,
                    error=error,
                )
