"""What a log-in provider says, how it is named, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from webapp.failure import Failure

Code = Literal["provider_unavailable", "provider_refused", "invalid_response"]


class OidcError(Failure):
    """The provider did not identify anybody.

    `code` is one of three stable words: `provider_unavailable` (not reached, late or busy; a retry
    may help, so only this one is not permanent), `provider_refused` (it said no) and
    `invalid_response` (its answer was not trustworthy or not understood). The message contains no
    secret, code or token, and may be shown and logged.
    """

    def __init__(self, message: str, *, code: Code) -> None:
        super().__init__(message, permanent=code != "provider_unavailable")
        self.code: Code = code


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, as the settings name it. `scopes` has to contain `openid`."""

    name: str  # how error messages call it
    issuer: str  # exactly as in its discovery document, down to a slash at the end
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "email", "profile")

    def error(self, what: str, code: Code) -> OidcError:
        """This provider's error; `what` is the rest of a sentence that starts with its name."""
        return OidcError(f"The log-in provider {self.name} {what}.", code=code)

    def invalid(self, what: str) -> OidcError:
        """The error for an answer that is not trustworthy, or not understood."""
        return self.error(what, "invalid_response")


@dataclass(frozen=True, slots=True, repr=False)  # all of it is secret
class Request:
    """What a log-in has to remember until its callback."""

    url: str  # where to send the browser
    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is. Everything in it is printable."""

    subject: str  # 1 to 255 characters; never changes, and means something with the issuer only
    email: str | None  # at most 254 characters
    email_verified: bool  # whether the provider says so; false without an address
    name: str | None  # at most 200 characters
