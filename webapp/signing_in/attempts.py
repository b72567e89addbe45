"""Limits on attempts to guess a password or a code.

Each attempt is charged before it is checked, so that a hundred at once get no more guesses than a
hundred in sequence, and refunded if it was right. All addresses from which an account's user has
never signed in, strange ones, share one allowance, however many they are. A known address has its
own, which no stranger can use up, so nobody can lock a user out; and a password reset makes the
address that it comes from a known one.

A user whose password or codes are being guessed is told by mail, once in a while.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sql import queries
from webapp.access import limits
from webapp.access.limits import Limit
from webapp.http import db
from webapp.http.errors import Problem
from webapp.identity.keyring import digest
from webapp.signing_in.notices import notify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sql.connection import Connection

    Charges = list[tuple[Limit, str]]

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Guesses:
    """How often a secret of an account may be guessed."""

    by_client: Limit
    by_strangers: Limit
    unnoticed: Limit  # above this many wrong ones, the user is told
    told: Limit
    mail: str


_PASSWORDS: Final = _Guesses(
    by_client=Limit("log_in", 5, 900),
    by_strangers=Limit("log_in_of_strangers", 100, 3600),
    unnoticed=Limit("log_in_unnoticed", 30, _DAY),
    told=Limit("log_in_told", 1, 7 * _DAY),
    mail="many_wrong_passwords",
)
# Somebody who tries codes already knows the password, and a code only has a million values.
_CODES: Final = _Guesses(
    by_client=Limit("totp", 5, 900),
    by_strangers=Limit("totp_of_strangers", 30, 3600),
    unnoticed=Limit("totp_unnoticed", 10, _DAY),
    told=Limit("totp_told", 1, _DAY),
    mail="many_wrong_codes",
)

# Passwords for all accounts together.
_LOG_IN_OF_CLIENT: Final = Limit("log_in_of_client", 50, 900)

# Confirmations by password or code of a signed-in user.
_CONFIRMATION: Final = Limit("confirmation", 10, 900)
_CONFIRMATION_TOLD: Final = Limit("confirmation_told", 1, _DAY)

# The password of a public link.
_LINK: Final = Limit("link_password", 10, 900)
_LINK_OF_ALL: Final = Limit("link_password_of_all", 100, 3600)

# The subject of a mail when it is not known yet whether there is an account.
_NOBODY: Final = UUID(int=0)


@contextmanager
def _counting() -> Iterator[Connection]:
    """A connection to count attempts with. A count made inside a transaction would be lost when a
    wrong attempt rolls it back, and guessing would be free."""
    if db.in_transaction():
        raise RuntimeError("attempts are counted before a transaction is begun, not inside it")
    with db.connection() as conn:
        yield conn


class Attempt:
    """One attempt that was charged."""

    def __init__(self, charges: Charges) -> None:
        self._charges = charges

    def was_right(self, conn: Connection) -> None:
        """Give the attempt back."""
        limits.refund(conn, *self._charges)


def log_in(email: str, *, is_known_address: bool) -> Attempt:
    """Charge an attempt to log in. Raises Problem 429."""
    return _attempt(
        _PASSWORDS,
        name_of(email),
        is_known_address=is_known_address,
        # The same whether there is such an account or not: the worker that sends the mail finds
        # out.
        user_id=_NOBODY,
        email=email,
        also=_of_client(_LOG_IN_OF_CLIENT, is_known_address=is_known_address),
    )


def totp(user_id: UUID, *, email: str | None, is_known_address: bool) -> Attempt:
    """Charge an attempt at the second step, by somebody who knows the password. Raises Problem
    429."""
    return _attempt(
        _CODES, str(user_id), is_known_address=is_known_address, user_id=user_id, email=email
    )


@contextmanager
def confirmation(user_id: UUID) -> Iterator[None]:
    """An attempt of a signed-in user to confirm their identity; refunded unless it raises a
    Problem. Too many may mean that somebody else is using the session."""
    with _counting() as conn:
        try:
            limits.charge(conn, (_CONFIRMATION, _CONFIRMATION.key(user_id)))
        except Problem:
            email = queries.users.get_password(conn, id=user_id)["email"]
            told = (_CONFIRMATION_TOLD, _CONFIRMATION_TOLD.key(user_id))
            _tell_once(conn, told, "many_wrong_confirmations", user_id=user_id, email=email)
            raise
    yield
    with db.connection() as conn:
        limits.refund(conn, (_CONFIRMATION, _CONFIRMATION.key(user_id)))


@contextmanager
def registration(registration_id: UUID) -> Iterator[None]:
    """An attempt at the password of a registration; refunded unless it raises a Problem."""
    charge = (_CONFIRMATION, _CONFIRMATION.key(registration_id))
    with _counting() as conn:
        limits.charge(conn, charge)
    yield
    with db.connection() as conn:
        limits.refund(conn, charge)


@contextmanager
def link(link_id: UUID) -> Iterator[None]:
    """An attempt at the password of a public link; refunded unless it raises a Problem."""
    charges = [
        *limits.of_client(_LINK, link_id),
        (_LINK_OF_ALL, _LINK_OF_ALL.key(link_id)),
    ]
    with _counting() as conn:
        limits.charge(conn, *charges)
    yield
    with db.connection() as conn:
        limits.refund(conn, *charges)


def name_of(email: str) -> str:
    """An address in the keys of limits: of fixed length, and not readable."""
    return digest(email.lower()).hex()[:32]


def wrong_credentials() -> Problem:
    """The same response to a wrong address and to a wrong password."""
    return Problem(
        401,
        "invalid_credentials",
        "The address or the password is wrong.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _attempt(
    guesses: _Guesses,
    account: str,
    *,
    is_known_address: bool,
    user_id: UUID,
    email: str | None,
    also: Sequence[tuple[Limit, str]] = (),
) -> Attempt:
    charges = [*also, *_of_client(guesses.by_client, account, is_known_address=is_known_address)]
    if not is_known_address:
        charges.append((guesses.by_strangers, guesses.by_strangers.key(account)))
    unnoticed = (guesses.unnoticed, guesses.unnoticed.key(account))
    with _counting() as conn:
        limits.charge(conn, *charges)
        if limits.try_charge(conn, unnoticed):
            charges.append(unnoticed)
        else:
            told = (guesses.told, guesses.told.key(account))
            _tell_once(conn, told, guesses.mail, user_id=user_id, email=email)
    return Attempt(charges)


def _of_client(limit: Limit, *parts: object, is_known_address: bool) -> Charges:
    """Others in the /48 of a known address do not count against it."""
    charges = limits.of_client(limit, *parts)
    return charges[:1] if is_known_address else charges


def _tell_once(
    conn: Connection, told: tuple[Limit, str], mail: str, *, user_id: UUID, email: str | None
) -> None:
    with conn.transaction():
        if limits.try_charge(conn, told):
            notify(conn, mail, user_id=user_id, email=email)
