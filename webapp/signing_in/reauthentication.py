"""Confirms, before a security-relevant change, that it is still the user.

An account with a password needs the password; one without, a log-in within the last ten minutes.
Giving somebody else lasting power in the user's name always needs such a log-in.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import passwords
from webapp.http import db
from webapp.http.errors import Problem
from webapp.signing_in import attempts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sql.connection import Connection

_FRESH: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Shown:
    """The caller's account, as it was when they confirmed their identity."""

    email: str | None
    password_hash: str | None

    def hold(self, conn: Connection) -> None:
        """Lock the account and the session until the transaction ends: a concurrent reset or
        log-out waits, and then revokes what is about to be given. Raises Problem 409 if it came
        first."""
        user_id, session_id = caller().user_id, caller().session_id
        # In the order in which a reset locks them.
        is_same = queries.users.hold(conn, id=user_id, password_hash=self.password_hash)
        if is_same and session_id is not None:
            is_same = queries.sessions.hold(conn, id=session_id)
        if not is_same:
            raise Problem(
                409, "account_changed", "The account was changed in the meantime; try again."
            )


@contextmanager
def reauthenticated(password: str | None) -> Iterator[Shown]:
    """Check the password. An exception raised inside also counts as a wrong attempt. Raises Problem
    403, and 429 after too many."""
    with attempts.confirmation(caller().user_id):
        with db.connection() as conn:
            account = Shown(**queries.users.get_password(conn, id=caller().user_id))
        if account.password_hash is None:
            require_recent_log_in("This account has no password")
        else:
            if not passwords().verify(account.password_hash, password or ""):
                with db.transaction() as conn:
                    audit.record(conn, "password.failed")
                raise Problem(403, "wrong_password", "The password is wrong.")
        yield account


def reauthenticate(password: str | None) -> Shown:
    """Check only the password. Raises Problem 403, and 429 after too many."""
    with reauthenticated(password) as account:
        return account


def require_recent_log_in(why: str) -> None:
    """Require a session that was started a moment ago; a key never qualifies. Raises Problem
    403."""
    signed_in_at = caller().signed_in_at
    if signed_in_at is None or datetime.now(UTC) - signed_in_at > _FRESH:
        raise Problem(
            403,
            "reauthentication_required",
            f"{why}: log in again and retry within ten minutes.",
        )
