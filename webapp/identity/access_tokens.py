"""Access tokens: short-lived JWTs that name a session.

They deliberately contain little: the holder is looked up in the database each time, so that an
ended session or a disabled user is refused at the next request.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidTokenError, JoseError
from joserfc.jwk import OctKey

if TYPE_CHECKING:
    from webapp.identity.keyring import Keyring

AUDIENCE: Final = "coffer"

_ALGORITHM: Final = "HS256"
_TYPE: Final = "at+jwt"  # RFC 9068, so that no other JWT is mistaken for one
_PURPOSE: Final = "access tokens"

# Seconds by which the clocks of our machines may differ.
_LEEWAY: Final = 5
_EVER: Final = 10**10

_LONGEST: Final = 2000


class InvalidAccessToken(Exception):
    """Not one of our tokens, or no longer valid. The message may be shown."""


class ExpiredAccessToken(InvalidAccessToken):
    """One of our tokens that has expired."""


class AccessTokens:
    """Issues and reads access tokens. Thread-safe."""

    def __init__(self, keyring: Keyring, *, issuer: str, seconds: int) -> None:
        self._issuer = issuer
        self.seconds = seconds
        keys = [OctKey.import_key(key) for key in keyring.keys(_PURPOSE)]
        self._keys = {_key_id(key): key for key in keys}
        self._key_id = next(iter(self._keys))
        self._registry = _registry(issuer, leeway=_LEEWAY)
        self._registry_of_old = _registry(issuer, leeway=_EVER)

    def issue(self, user_id: UUID, session_id: UUID) -> str:
        """A token for a session, valid for `seconds`."""
        now = int(time.time())
        header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": self._key_id}
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": now,
            "nbf": now,
            "exp": now + self.seconds,
        }
        return jwt.encode(header, claims, self._keys[self._key_id], algorithms=[_ALGORITHM])

    def read(self, token: str, *, expired_too: bool = False) -> UUID:
        """The session that a token names. Raises InvalidAccessToken."""
        claims = self._checked(token)
        try:
            (self._registry_of_old if expired_too else self._registry).validate(claims)
            return UUID(claims["sid"])
        except ExpiredTokenError:
            raise ExpiredAccessToken("It has expired; refresh it.") from None
        except InvalidTokenError:
            raise InvalidAccessToken("It is not valid yet.") from None
        except JoseError:
            raise InvalidAccessToken("It is not for this server.") from None
        except (ValueError, AttributeError, TypeError):
            raise InvalidAccessToken("It names no session.") from None

    def _checked(self, token: str) -> dict[str, Any]:
        """The claims of a token signed with one of our keys, by our algorithm."""
        if len(token) > _LONGEST:
            raise InvalidAccessToken("It is too long.")
        try:
            found = jwt.decode(token, self._key_of, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError):
            raise InvalidAccessToken("It was not issued by this server, or was altered.") from None
        if found.header.get("typ") != _TYPE:
            raise InvalidAccessToken("It is a different kind of token.")
        return found.claims

    def _key_of(self, token: Any) -> OctKey:
        return self._keys[token.headers()["kid"]]


def _registry(issuer: str, *, leeway: int) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        leeway=leeway,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": AUDIENCE},
        sid={"essential": True},
        exp={"essential": True},
        nbf={"essential": True},
        iat={"essential": True},
    )


def _key_id(key: OctKey) -> str:
    """Identifies a key without revealing it."""
    return hashlib.sha256(b"coffer key id" + key.raw_value).hexdigest()[:16]
