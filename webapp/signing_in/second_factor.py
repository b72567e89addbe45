"""Checks the codes of a second factor, each of which works once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from sql import queries
from webapp.access.credentials import keyring
from webapp.identity import totp
from webapp.identity.keyring import Unreadable, digest

if TYPE_CHECKING:
    from uuid import UUID

    from sql.connection import Connection

log = structlog.get_logger("webapp.signing_in.second_factor")

_PURPOSE = "totp secrets"


def seal(secret: str) -> bytes:
    """A secret in its stored form."""
    return keyring().encrypt(_PURPOSE, secret.encode())


def unseal(sealed: bytes) -> str | None:
    """The secret; None if none of our keys decrypts it."""
    try:
        return keyring().decrypt(_PURPOSE, bytes(sealed)).decode()
    except Unreadable:
        log.error(
            "totp_secret_unreadable", said="SECRET_KEYS_FORMER lacks the key it was made with"
        )
        return None


def use_code(conn: Connection, user_id: UUID, sealed: bytes, code: str) -> bool:
    """Use up a code of the app; return whether it was right and new."""
    secret = unseal(sealed)
    step = None if secret is None else totp.step_of(secret, code)
    if step is None or not queries.totp.use_step(conn, user_id=user_id, step=step):
        return False
    by_the_present_key = keyring().renewed(_PURPOSE, bytes(sealed))
    if by_the_present_key is not None:
        queries.totp.reseal(conn, user_id=user_id, old=bytes(sealed), new=by_the_present_key)
    return True


def use_recovery_code(conn: Connection, user_id: UUID, code: str) -> bool:
    """Use up a recovery code; return whether it was one."""
    code_hash = digest(totp.as_recovery_code(code))
    return bool(queries.totp.use_recovery_code(conn, user_id=user_id, code_hash=code_hash))


def give_recovery_codes(conn: Connection, user_id: UUID) -> list[str]:
    """Replace the recovery codes."""
    codes = totp.new_recovery_codes()
    queries.totp.replace_recovery_codes(
        conn, user_id=user_id, code_hashes=[digest(code) for code in codes]
    )
    return codes
