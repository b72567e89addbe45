"""Before a change of what guards an account: that it is still its user who sits there.

An account with a password takes the password; one without, the session of a log-in within the last
ten minutes.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.access import audit
from webapp.access.callers import caller
from webapp.access.credentials import passwords
from webapp.http import db
from webapp.http.errors import Problem
from webapp.signing_in import attempts

if TYPE_CHECKING:
    from collections.abc import Iterator

_FRESH: Final = timedelta(minutes=10)


@contextmanager
def reauthenticated(password: str | None) -> Iterator[dict[str, Any]]:
    """Judge the password; then the account's `email` and `password_hash`. What is raised inside
    counts as an attempt too. Raises Problem 403, and 429 after too many."""
    with attempts.confirmation(caller().user_id):
        with db.connection() as conn:
            account: dict[str, Any] = queries.users.get_password(conn, id=caller().user_id)
        if account["password_hash"] is None:
            signed_in_at = caller().signed_in_at
            if signed_in_at is None or datetime.now(UTC) - signed_in_at > _FRESH:
                raise Problem(
                    403,
                    "reauthentication_required",
                    "This account has no password: log in again and retry within ten minutes.",
                )
        else:
            if not passwords().verify(account["password_hash"], password or ""):
                with db.transaction() as conn:
                    audit.record(conn, "password.failed")
                raise Problem(403, "wrong_password", "The password is wrong.")
        yield account
