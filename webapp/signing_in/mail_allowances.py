"""Mails that somebody makes us send to an address that may be another's, and how many.

Whoever asks for too many is refused, or causes no more. Nobody else is: where many write to one
mailbox, each of their mails is sent, and those that are too many at once wait for their turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.access import limits
from webapp.access.limits import Limit
from webapp.http import db
from webapp.http.errors import Problem
from webapp.signing_in.attempts import name_of

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    from sql.connection import Connection

_BY_CLIENT: Final = Limit("mails_by_client", 20, 3600)

# Mails of one kind to one mailbox: from one client, inviter or workspace, and from everybody.
TO_MAILBOX_BY_ONE: Final = Limit("mails_to_mailbox_by_one", 3, 3600)
TO_MAILBOX: Final = Limit("mails_to_mailbox", 5, 3600)

# Hours of the mailbox's allowance that may be taken in advance by mails that wait. A registration
# is good for a day, an invitation for a week.
_REGISTRATIONS_WAIT: Final = 12
_INVITATIONS_WAIT: Final = 48

INVITATIONS: Final = Limit("invitations", 50, 3600)
INVITATIONS_INTO_WORKSPACE: Final = Limit("invitations_into_workspace", 100, 3600)


def registration(email: str) -> timedelta | None:
    """In how long the mail about a registration is to be sent; None where the client had enough
    sent to this mailbox, which therefore has them, or where those of very many others wait. Raises
    Problem 429 where the client had too many sent to all mailboxes."""
    mailbox = name_of(email)
    with db.connection() as conn:
        limits.charge(conn, *limits.of_client(_BY_CLIENT))
        by_one = limits.of_client(TO_MAILBOX_BY_ONE, "registration", mailbox)
        key = TO_MAILBOX.key("registration", mailbox)
        try:
            limits.charge(conn, *by_one)
            return limits.reserve(conn, TO_MAILBOX, key, ahead=_REGISTRATIONS_WAIT)
        except Problem:
            return None  # the answer is the same


def is_reset_wanted(email: str) -> bool:
    """Whether the mail to reset a password is to be sent. A mailbox gets five an hour, whoever asks
    for them: one is as good to its owner as another. Raises Problem 429."""
    with db.connection() as conn:
        limits.charge(conn, *limits.of_client(_BY_CLIENT))
        key = TO_MAILBOX.key("password_reset", name_of(email))
        return limits.try_charge(conn, (TO_MAILBOX, key))


def invitation(conn: Connection, email: str, *, inviter: UUID, workspace_id: UUID) -> timedelta:
    """In how long the mail of an invitation is to be sent. Raises Problem 429 where the inviter, or
    the workspace, sent too many; and where the mails of hundreds of others wait."""
    mailbox = name_of(email)
    limits.charge(
        conn,
        (INVITATIONS, INVITATIONS.key(inviter)),
        (INVITATIONS_INTO_WORKSPACE, INVITATIONS_INTO_WORKSPACE.key(workspace_id)),
        (TO_MAILBOX_BY_ONE, TO_MAILBOX_BY_ONE.key("invitation", inviter, mailbox)),
        (TO_MAILBOX_BY_ONE, TO_MAILBOX_BY_ONE.key("invitation", workspace_id, mailbox)),
    )
    key = TO_MAILBOX.key("invitation", mailbox)
    return limits.reserve(conn, TO_MAILBOX, key, ahead=_INVITATIONS_WAIT)
