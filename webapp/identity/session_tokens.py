"""The opaque tokens of a session: its refresh tokens, the ticket between two steps of a log-in, and
the CSRF token of its cookie."""

from __future__ import annotations

import binascii
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    from webapp.identity.keyring import Keyring

_REFRESH: Final = "cfr_"
_TICKET: Final = "cft_"
_PURPOSE: Final = "refresh tokens"
# More than anybody needs, and less than the database column holds.
_MOST_GENERATIONS: Final = 1 << 30
_REFRESH_BYTES: Final = 16 + 4 + 32
_TICKET_BYTES: Final = 16 + 32


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One generation of a session's refresh token.

    It is derived from the server's key, the session and the generation, so that a lost response can
    be repeated although only a hash is stored.
    """

    session_id: UUID
    generation: int
    mac: bytes

    @classmethod
    def make(cls, keyring: Keyring, session_id: UUID, generation: int) -> RefreshToken:
        """The token of a generation."""
        message = _message(session_id, generation)
        return cls(session_id, generation, keyring.mac(_PURPOSE, message))

    @classmethod
    def read(cls, text: str) -> RefreshToken | None:
        """The token that a text claims to be; None if it has the wrong form."""
        data = _decode(text, _REFRESH, _REFRESH_BYTES)
        if data is None or int.from_bytes(data[16:20]) >= _MOST_GENERATIONS:
            return None
        return cls(UUID(bytes=data[:16]), int.from_bytes(data[16:20]), data[20:])

    def following(self, keyring: Keyring) -> list[RefreshToken]:
        """The token of the next generation, with the current key and with each former one."""
        message = _message(self.session_id, self.generation + 1)
        return [
            RefreshToken(self.session_id, self.generation + 1, mac)
            for mac in keyring.macs(_PURPOSE, message)
        ]

    def is_genuine(self, keyring: Keyring) -> bool:
        """Whether we issued it, now or long ago."""
        message = _message(self.session_id, self.generation)
        return keyring.is_mac(_PURPOSE, message, self.mac)

    def __str__(self) -> str:
        return _encode(_REFRESH, _message(self.session_id, self.generation) + self.mac)


def _message(session_id: UUID, generation: int) -> bytes:
    return session_id.bytes + generation.to_bytes(4)


def new_ticket(session_id: UUID) -> str:
    """A ticket for the second step of a log-in."""
    return _encode(_TICKET, session_id.bytes + secrets.token_bytes(32))


def session_of_ticket(ticket: str) -> UUID | None:
    """The session that a ticket names; None if it has the wrong form."""
    data = _decode(ticket, _TICKET, _TICKET_BYTES)
    return None if data is None else UUID(bytes=data[:16])


def csrf_token(keyring: Keyring, session_id: UUID) -> str:
    """What a page must send along with the session's cookie, which other sites cannot read."""
    return _encode("", keyring.mac("csrf tokens", session_id.bytes))


def is_csrf_token(keyring: Keyring, session_id: UUID, token: str) -> bool:
    """Whether it is the session's, with the current key or a former one."""
    return any(
        compare_digest(token.encode(), _encode("", mac).encode())
        for mac in keyring.macs("csrf tokens", session_id.bytes)
    )


def _encode(prefix: str, data: bytes) -> str:
    return prefix + urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str, prefix: str, length: int) -> bytes | None:
    """The bytes of a token. Each token has one text form: another text that decodes to the same is
    refused."""
    try:
        encoded = text.removeprefix(prefix)
        data = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except (ValueError, binascii.Error):
        return None
    return data if len(data) == length and _encode(prefix, data) == text else None
