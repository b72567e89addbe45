"""The web's own readers, for what a request asks of a document.

Workers read documents. A request only asks for a picture of a page, or brings a password that must
not be kept, which is why the reading cannot be left to a worker. It takes a limited child of its
own, like any other reading, and only few requests may do so at once, and one of each user.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING, Final

import structlog

from webapp.http.errors import Problem
from webapp.http.installed import Installed
from webapp.parsing.child import ChildError
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from flask import Flask

# Children of a web process at once: each may use a processor and a gigabyte.
_AT_ONCE: Final = 2
# Seconds that a request waits for its turn, with a thread of the web's.
_PATIENCE: Final = 5.0

log = structlog.get_logger("webapp.documents")


class OwnReaders:
    """Readers that few may use at once. Nothing starts before the first use."""

    def __init__(self) -> None:
        self._readers = Readers()
        self._users: set[UUID] = set()  # who reads
        self._changed = Condition()

    @contextmanager
    def taken_by(self, user_id: UUID) -> Iterator[Readers]:
        """The readers, for one call for a user. Raises Problem 503 if there is no turn, or the
        reading had too little time, and passes on a permanent DocumentError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_turn(user_id), timeout=_PATIENCE):
                raise _busy()
            self._users.add(user_id)
        try:
            yield self._readers
        except (DocumentError, ChildError) as error:
            if isinstance(error, DocumentError) and error.permanent:
                raise
            log.warning("document_not_read", error=str(error))
            raise _busy() from None
        finally:
            with self._changed:
                self._users.remove(user_id)
                self._changed.notify_all()

    def _has_turn(self, user_id: UUID) -> bool:
        return len(self._users) < _AT_ONCE and user_id not in self._users

    def close(self) -> None:
        """End all children."""
        self._readers.close()


own_readers: Final[Installed[OwnReaders]] = Installed("own_readers")


def install(app: Flask) -> None:
    """Give the app its readers."""
    own_readers.install(app, OwnReaders())


def _busy() -> Problem:
    return Problem(
        503,
        "readers_busy",
        "Too many documents are being read at the moment; try again in a few seconds.",
        headers={"Retry-After": "5"},
    )
