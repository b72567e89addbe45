"""What a log-in provider claims about somebody."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import ClaimError

from webapp.clients.oidc.endpoint import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.clients.oidc.contract import OidcError, Provider

LEEWAY = 60  # seconds by which the provider's clock and ours may differ
MAX_SUBJECT = 255  # characters, by the standard
MAX_EMAIL = 254  # characters; no mail server takes longer ones
MAX_NAME = 200  # characters


def check(claims: Mapping[str, Any], provider: Provider, nonce: str) -> None:
    """Raise `OidcError` unless the claims of an ID token are the provider's, for us, for the log-in
    of this nonce and for now. What joserfc raises is raised too."""
    try:
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": provider.client_id},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(dict(claims))
    except ClaimError as error:
        raise _wrong(provider, error.claim) from None
    audience, party = claims["aud"], claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or party is not None) and party != provider.client_id:
        raise _wrong(provider, "azp")
    if not _same(claims.get("nonce"), nonce):
        raise _wrong(provider, "nonce")
    # Printable: the database can store neither a zero byte nor half a character.
    subject = claims["sub"]
    if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise _wrong(provider, "sub")


def email_in(claims: Mapping[str, Any]) -> str | None:
    """The mail address, where it looks like one."""
    email = claims.get("email")
    if not isinstance(email, str) or not email.isprintable() or len(email) > MAX_EMAIL:
        return None
    return email if "@" in email and " " not in email else None


def is_verified(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that the address is the user's."""
    value = claims.get("email_verified")
    return value is True or value == "true"  # some providers send the word


def name_in(claims: Mapping[str, Any]) -> str | None:
    """The name, fit to be shown."""
    name = claims.get("name")
    return printable(name)[:MAX_NAME].strip() or None if isinstance(name, str) else None


def _wrong(provider: Provider, claim: str) -> OidcError:
    return provider.invalid(f"sent an ID token with invalid claims ({claim})")


def _same(claimed: object, expected: str) -> bool:
    """Whether they are equal, without telling by the time it takes how much of it is."""
    return isinstance(claimed, str) and hmac.compare_digest(
        claimed.encode(errors="replace"), expected.encode(errors="replace")
    )
