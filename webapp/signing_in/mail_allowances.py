"""Limits on mails that somebody makes us send to an address that may be another's.

Clients that request too many are refused, or cause no more mails. Nobody else is affected: if many
write to one mailbox, each of their mails is sent, and the excess ones wait for their turn.
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

# Hours of the mailbox's allowance that waiting mails may reserve in advance. A registration is
# valid for a day, an invitation for a week.
_REGISTRATIONS_WAIT: Final = 12
_INVITATIONS_WAIT: Final = 48

EMAIL_CHANGES: Final = Limit("email_changes", 5, 3600)
INVITATIONS: Final = Limit("invitations", 50, 3600)
INVITATIONS_INTO_WORKSPACE: Final = Limit("invitations_into_workspace", 100, 3600)


def registration(email: str) -> timedelta | None:
    """The delay of the mail about a registration; None if it must not be sent, because the client
    already had enough sent to this mailbox, or because the mails of very many others are waiting.
    Raises Problem 429 if the client had too many sent to all mailboxes."""
    mailbox = name_of(email)
    with db.connection() as conn:
        limits.charge(conn, *limits.of_client(_BY_CLIENT))
        by_one = limits.of_client(TO_MAILBOX_BY_ONE, "registration", mailbox)
        key = TO_MAILBOX.key("registration", mailbox)
        try:
            limits.charge(conn, *by_one)
            return limits.reserve(conn, TO_MAILBOX, key, ahead=_REGISTRATIONS_WAIT)
        except Problem:
            return None  # the response is the same


def is_reset_wanted(email: str) -> bool:
    """Whether to send the mail for a password reset. A mailbox gets five an hour, whoever requests
    them: any one of them will do. Raises Problem 429."""
    with db.connection() as conn:
        limits.charge(conn, *limits.of_client(_BY_CLIENT))
        key = TO_MAILBOX.key("password_reset", name_of(email))
        return limits.try_charge(conn, (TO_MAILBOX, key))


def invitation(conn: Connection, email: str, *, inviter: UUID, workspace_id: UUID) -> timedelta:
    """The delay of an invitation's mail. Raises Problem 429 if the inviter, or the workspace, sent
    too many; and if the mails of hundreds of others are waiting."""
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


def email_change(conn: Connection, email: str, *, user_id: UUID) -> timedelta:
    """The delay of the mail to a new address. Raises Problem 429 if the user had too many sent, and
    if the mails of hundreds of others are waiting."""
    mailbox = name_of(email)
    limits.charge(
        conn,
        (EMAIL_CHANGES, EMAIL_CHANGES.key(user_id)),
        (TO_MAILBOX_BY_ONE, TO_MAILBOX_BY_ONE.key("email_change", user_id, mailbox)),
    )
    key = TO_MAILBOX.key("email_change", mailbox)
    return limits.reserve(conn, TO_MAILBOX, key, ahead=_REGISTRATIONS_WAIT)
