"""Attempts to guess a password or a code, and how many there may be (A8).

Each attempt is charged before it is judged, so that a hundred at once are no more than one after
the other, and given back where it was right. Nobody can shut a user out for good: what counts
most is a user's attempts from one address. The limit for a user from all addresses together leaves
a stranger's address one attempt an hour, and an address from which the user has signed in before
all of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from webapp.access import limits
from webapp.access.limits import Limit
from webapp.http import client_address, db
from webapp.http.errors import Problem
from webapp.identity.keyring import digest
from webapp.signing_in.notices import notify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from sql.connection import Connection

    Charges = list[tuple[Limit, str]]

_LOG_IN: Final = Limit("log_in", 5, 900)
_LOG_IN_OF_ADDRESS: Final = Limit("log_in_of_address", 50, 900)
_LOG_IN_OF_USER: Final = Limit("log_in_of_user", 100, 3600)
_LOG_IN_OF_STRANGER: Final = Limit("log_in_of_stranger", 1, 3600)

_TOTP: Final = Limit("totp", 5, 900)
_TOTP_OF_USER: Final = Limit("totp_of_user", 30, 3600)

_WARNING: Final = Limit("warning", 1, 86_400)

# Passwords and codes asked for again from somebody who has signed in.
_CONFIRMATION: Final = Limit("confirmation", 10, 900)

# Mails that somebody makes us send to an address that may be another's.
MAILS_BY_ADDRESS: Final = Limit("mails_by_address", 20, 3600)
MAILS_TO_MAILBOX: Final = Limit("mails_to_mailbox", 5, 3600)
INVITATIONS: Final = Limit("invitations", 50, 3600)


class Attempt:
    """One attempt that was charged."""

    def __init__(self, charges: Charges) -> None:
        self._charges = charges

    def was_right(self, conn: Connection) -> None:
        """Give the attempt back."""
        limits.refund(conn, *self._charges)


def log_in(email: str, *, is_known_address: bool) -> Attempt:
    """An attempt to log in. Raises Problem 429."""
    user, network = name_of(email), client_address.network()
    charges = [
        (_LOG_IN, _LOG_IN.key(user, network)),
        (_LOG_IN_OF_ADDRESS, _LOG_IN_OF_ADDRESS.key(network)),
    ]
    whole = (_LOG_IN_OF_USER, _LOG_IN_OF_USER.key(user))
    with db.connection() as conn:
        limits.charge(conn, *charges)
        if limits.try_charge(conn, whole):
            charges.append(whole)
        elif not is_known_address:
            stranger = (_LOG_IN_OF_STRANGER, _LOG_IN_OF_STRANGER.key(user, network))
            limits.charge(conn, stranger)
            charges.append(stranger)
    return Attempt(charges)


def totp(user_id: UUID, *, email: str | None, is_known_address: bool) -> Attempt:
    """An attempt at the second step, by somebody who knows the password. Raises Problem 429.

    A code has a million values, so here the limit for all addresses together holds for strangers
    without exception; it is over within the hour, and its user is warned by mail.
    """
    charges = [(_TOTP, _TOTP.key(user_id, client_address.network()))]
    whole = (_TOTP_OF_USER, _TOTP_OF_USER.key(user_id))
    with db.connection() as conn:
        limits.charge(conn, *charges)
        if limits.try_charge(conn, whole):
            return Attempt([*charges, whole])
        if limits.try_charge(conn, (_WARNING, _WARNING.key(user_id))):
            notify(conn, "too_many_failures", user_id=user_id, email=email)
        if not is_known_address:
            limits.charge(conn, whole)
    return Attempt(charges)


@contextmanager
def confirmation(user_id: UUID) -> Iterator[None]:
    """An attempt to show again who one is; given back unless a Problem comes of it."""
    charges = [(_CONFIRMATION, _CONFIRMATION.key(user_id))]
    with db.connection() as conn:
        limits.charge(conn, *charges)
    yield
    with db.connection() as conn:
        limits.refund(conn, *charges)


def mail_to(email: str, template: str) -> bool:
    """A mail that somebody who has not signed in asks for; whether it is to be sent. Raises Problem
    429 where one address asks for too many; a mailbox that gets too many of a kind simply gets no
    more, for it has those before."""
    address = (MAILS_BY_ADDRESS, MAILS_BY_ADDRESS.key(client_address.network()))
    mailbox = (MAILS_TO_MAILBOX, MAILS_TO_MAILBOX.key(template, name_of(email)))
    with db.connection() as conn:
        limits.charge(conn, address)
        return limits.try_charge(conn, mailbox)


def name_of(email: str) -> str:
    """An address as limits name it, of one length and not to be read."""
    return digest(email.lower()).hex()[:32]


def wrong_credentials() -> Problem:
    """The one answer to a wrong address and to a wrong password."""
    return Problem(
        401,
        "invalid_credentials",
        "The address or the password is wrong.",
        headers={"WWW-Authenticate": "Bearer"},
    )
