"""Access to a drive on behalf of a user, by OAuth 2: authorization code with PKCE, and refreshing.

Imported when something is called, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from webapp.clients.drives.answers import errors_of
from webapp.clients.drives.contract import AccessLost, DriveError
from webapp.clients.http.allowance import Allowance
from webapp.clients.http.client import HttpClient
from webapp.clients.http.contract import asks_for_later
from webapp.clients.http.retry_after import seconds_to_wait

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 10.0
_LONGEST_TOKEN: Final = 20_000  # characters
_USUAL_LIFETIME: Final = 3_600  # seconds, if the provider does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthApp:
    """What Coffer is registered as with a provider. `more` are parameters of the provider's own for
    the page that asks the user."""

    provider: str  # as it begins a sentence
    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)  # all of it is secret
class Asked:
    """What has to be remembered until the browser comes back."""

    url: str  # where to send it
    state: str
    code_verifier: str


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """`expires_at` is in seconds since 1970. A provider may leave out the refresh token when
    refreshing: then the former one stays valid."""

    access_token: str
    refresh_token: str | None
    expires_at: float


def ask(app: OAuthApp, redirect_uri: str) -> Asked:
    """A new authorization, whose browser comes back to `redirect_uri`."""
    state = secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(48)  # 64 characters; 43 to 128 are allowed
    challenge = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(app.scopes),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **app.more,
    }
    return Asked(f"{app.authorize_url}?{urlencode(query)}", state, verifier)


def exchange(app: OAuthApp, *, code: str, redirect_uri: str, code_verifier: str) -> Tokens:
    """The tokens for the code that a browser came back with. Raises DriveError, and AccessLost for
    a code that is not valid."""
    return _tokens(
        app,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        },
    )


def refresh(app: OAuthApp, refresh_token: str) -> Tokens:
    """New tokens. Raises DriveError, and AccessLost if the user has taken the access back, or the
    token is spent."""
    return _tokens(app, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def _tokens(app: OAuthApp, form: Mapping[str, str]) -> Tokens:
    body = urlencode({**form, "client_id": app.client_id, "client_secret": app.client_secret})
    client = HttpClient(
        headers={
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        keeps_connections=False,
    )
    try:
        with errors_of(app.provider):
            answer = client.call("POST", app.token_url, Allowance(_SECONDS), content=body.encode())
    finally:
        client.close()
    data = answer.json()
    said = data if isinstance(data, dict) else {}
    if asks_for_later(answer.status):
        raise DriveError(
            f"{app.provider} has a problem (HTTP {answer.status}).",
            code="unavailable",
            retry_after=seconds_to_wait(answer.headers),
        )
    if said.get("error") == "invalid_grant":
        raise AccessLost(f"{app.provider} no longer gives access: authorize the connection again.")
    if answer.status != 200:
        # Not what it says, which may quote a token.
        raise DriveError(f"{app.provider} refused (HTTP {answer.status}).", code="refused")
    access_token, refresh_token = said.get("access_token"), said.get("refresh_token")
    if not _is_token(access_token) or not (refresh_token is None or _is_token(refresh_token)):
        raise DriveError(f"{app.provider} sent no usable token.", code="invalid_answer")
    lifetime = said.get("expires_in")
    seconds = lifetime if isinstance(lifetime, int) and lifetime > 0 else _USUAL_LIFETIME
    return Tokens(str(access_token), refresh_token, time.time() + seconds)


def _is_token(token: object) -> bool:
    """Whether a header can hold it."""
    return (
        isinstance(token, str)
        and 0 < len(token) <= _LONGEST_TOKEN
        and all("!" <= each <= "~" for each in token)
    )
