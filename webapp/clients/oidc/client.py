"""Log-in with an OpenID Connect provider: the authorization code flow with PKCE.

`Client.begin` says where to send the browser, `Client.finish` turns the code it comes back with
into an `Identity`. Between the two the caller keeps the `Request` and compares the `state` (and the
`iss`, where `Client.requires_iss`); everything else is checked here.

Imported where it is used, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from joserfc.errors import JoseError

from webapp.clients.http.allowance import Allowance
from webapp.clients.oidc.claims import check, email_in, is_verified, name_in
from webapp.clients.oidc.contract import Identity, Request
from webapp.clients.oidc.discovery import discovery_url, is_visible, metadata_from
from webapp.clients.oidc.endpoint import Endpoint
from webapp.clients.oidc.kept import Kept
from webapp.clients.oidc.token import NoKeyError, key_of, verified_claims

if TYPE_CHECKING:
    from webapp.clients.oidc.contract import Provider
    from webapp.clients.oidc.discovery import Metadata
    from webapp.clients.oidc.token import Key


class Client:
    """One provider, with its connections. Thread-safe.

    Its discovery document and keys are read when first needed and kept for an hour. `timeout`, in
    seconds, covers each call as a whole. `allow_http` is for development and tests.
    """

    def __init__(
        self, provider: Provider, *, allow_http: bool = False, timeout: float = 10.0
    ) -> None:
        self._provider = provider
        self._allow_http = allow_http
        self._timeout = timeout
        self._endpoint = Endpoint(provider)
        self._metadata = Kept(provider, self._read_metadata)
        self._keys = Kept(provider, self._read_keys)

    @property
    def issuer(self) -> str:
        """What a callback's `iss` must equal, where there is one."""
        return self._provider.issuer

    def requires_iss(self) -> bool:
        """Whether the provider promises an `iss` with each callback (RFC 9207).

        If so, a callback without one is somebody else's. Raises `OidcError`.
        """
        return self._metadata.get(Allowance(self._timeout)).sends_iss

    def begin(self, redirect_uri: str) -> Request:
        """A new log-in, whose browser comes back to `redirect_uri`. Raises `OidcError`."""
        endpoint = self._metadata.get(Allowance(self._timeout)).authorization_endpoint
        state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        verifier = secrets.token_urlsafe(48)  # 64 characters; 43 to 128 are allowed
        query = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._provider.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        url = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
        return Request(url, state, nonce, verifier)

    def finish(self, *, redirect_uri: str, code: str, nonce: str, code_verifier: str) -> Identity:
        """Who logged in, for the `code` of the callback and what `begin` generated.

        `redirect_uri` must be the one given to `begin`. Raises `OidcError`.
        """
        allowance = Allowance(self._timeout)
        metadata = self._metadata.get(allowance)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        tokens = self._exchange(metadata, form, allowance)
        claims = self._checked(tokens.get("id_token"), nonce, allowance)
        subject, name, email = claims["sub"], name_in(claims), email_in(claims)
        if email is None and metadata.userinfo_endpoint is not None:
            claims = self._userinfo(metadata.userinfo_endpoint, tokens, subject, allowance)
            name, email = name or name_in(claims), email_in(claims)
        # From the same document as the address, never from another one.
        verified = email is not None and is_verified(claims)
        return Identity(subject, email, verified, name)

    def close(self) -> None:
        """Close the connections."""
        self._endpoint.close()

    def _read_metadata(self, allowance: Allowance) -> Metadata:
        url = discovery_url(self._provider, allow_http=self._allow_http)
        document = self._endpoint.ask("discovery document", url, allowance)
        return metadata_from(document, self._provider, allow_http=self._allow_http)

    def _read_keys(self, allowance: Allowance) -> tuple[Key, ...]:
        url = self._metadata.get(allowance).jwks_uri
        entries = self._endpoint.ask("keys", url, allowance).get("keys")
        if not isinstance(entries, list):
            raise self._provider.invalid("publishes no list of keys")
        # Providers also publish keys for other purposes, and of future kinds.
        return tuple(key for key in map(key_of, entries) if key is not None)

    def _exchange(
        self, metadata: Metadata, form: dict[str, str], allowance: Allowance
    ) -> dict[str, Any]:
        """The tokens for a code."""
        client_id, client_secret = self._provider.client_id, self._provider.client_secret
        hidden = [form["code"], form["code_verifier"], client_secret]
        headers = {}
        if metadata.secret_in_body:
            form = form | {"client_id": client_id, "client_secret": client_secret}
        else:
            # RFC 6749, 2.3.1: encoded like a form first, so that an id may contain a colon.
            pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
            encoded = base64.b64encode(pair.encode()).decode()
            hidden.append(encoded)
            headers["Authorization"] = f"Basic {encoded}"
        url = metadata.token_endpoint
        return self._endpoint.ask("tokens", url, allowance, form, headers, hidden=hidden)

    def _userinfo(
        self, url: str, tokens: dict[str, Any], subject: str, allowance: Allowance
    ) -> dict[str, Any]:
        """The claims that the access token gives access to, about `subject` and nobody else."""
        access_token = tokens.get("access_token")
        if not isinstance(access_token, str) or not is_visible(access_token):
            raise self._provider.invalid("sent no usable access token")
        headers = {"Authorization": f"Bearer {access_token}"}
        claims = self._endpoint.ask("user", url, allowance, headers=headers, hidden=[access_token])
        if claims.get("sub") != subject:
            raise self._provider.invalid("describes a different user from the one who logged in")
        return claims

    def _checked(self, id_token: object, nonce: str, allowance: Allowance) -> dict[str, Any]:
        """The claims of an ID token that is the provider's, for us, for this log-in and for now."""
        if not isinstance(id_token, str):
            raise self._provider.invalid("sent no ID token")
        try:
            claims = self._decoded(id_token, allowance)
            check(claims, self._provider, nonce)
        except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
            kind = type(error).__name__  # its text may quote the token
            raise self._provider.invalid(
                f"sent an ID token that cannot be trusted ({kind})"
            ) from None
        return claims

    def _decoded(self, id_token: str, allowance: Allowance) -> dict[str, Any]:
        """The claims of a correctly signed token, not checked yet."""
        try:
            return verified_claims(id_token, self._keys.get(allowance))
        except NoKeyError:
            pass  # the provider may have changed its keys within the hour
        try:
            return verified_claims(id_token, self._keys.get(allowance, search=True))
        except NoKeyError:
            raise self._provider.invalid("signs with a key that it does not publish") from None


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
