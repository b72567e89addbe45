"""Log-in with an OpenID Connect provider: the authorization code flow with PKCE.

`Client.begin` says where to send the browser, `Client.finish` turns the code it comes back with
into an `Identity`. Between the two the caller keeps the `Request` and compares the `state` (and the
`iss`, where `Client.requires_iss`); everything else is checked here.

A provider is configured by the operator and still not trusted with more than saying who somebody
is: what it answers is bounded in time and size, and whatever is odd about it is an `OidcError`.

Imported where it is used, not at the start: httpx2 takes a while to load.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import quote_plus, urlencode

import httpcore2
import httpx2
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError

from webapp.clients.deadline import DeadlineTransport, clock, kind_of
from webapp.clients.oidc_token import Key, NoKeyError, key_of, verified_claims
from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping


ANSWER_LIMIT = 1 << 20  # bytes; the largest discovery documents and key sets take some ten thousand
LEEWAY = 60  # seconds by which the provider's clock and ours may differ
MAX_SUBJECT = 255  # characters, by the standard
MAX_EMAIL = 254  # characters; no mail server takes longer ones
MAX_NAME = 200  # characters
_MAX_QUOTE = 200  # characters of what a provider says about an error
_MAX_URL = 2048  # characters
_KEPT = 3600.0  # seconds until discovery and keys are read again
# Seconds between two searches for a key nobody has heard of, and before a document that could not
# be read is asked for again: whoever opens log-in pages all day must not make us hammer a provider.
_SEARCH_PAUSE = 10.0
_FAILURE_PAUSE = 5.0

_LATER = frozenset({408, 425, 429})  # the 4xx statuses which say "not now" rather than "no"

Code = Literal["provider_unavailable", "provider_refused", "invalid_response"]


class OidcError(Failure):
    """The provider did not say who somebody is.

    `code` is one of three stable words: `provider_unavailable` (not reached, late or busy; trying
    again may help, so it alone is not permanent), `provider_refused` (it answered that it will
    not) and `invalid_response` (what it answered is not to be believed, or not understood). The
    message holds no secret, code or token, and may be shown and logged.
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


class Client:
    """One provider, with its connections. Thread-safe.

    Its discovery document and keys are read when first needed and kept for an hour. `timeout`, in
    seconds, covers each call as a whole; only looking up the host's name, which is the system's
    business, can take longer. `allow_http` is for development and tests.
    """

    def __init__(
        self, provider: Provider, *, allow_http: bool = False, timeout: float = 10.0
    ) -> None:
        self._provider = provider
        self._allow_http = allow_http
        self._timeout = timeout
        self._metadata = _Kept(self._read_metadata)
        self._keys = _Kept(self._read_keys)
        # trust_env off: HTTP_PROXY is set for other traffic, and a ~/.netrc would replace our
        # secret. Redirects are not followed: the code and the secret are for the address that
        # discovery names. No cookies: they would tie one user's log-in to another's.
        self._client = httpx2.Client(
            transport=DeadlineTransport(
                # With the environment's certificates: a company's own provider may need them.
                # Reading them takes a while: not for a provider on this machine.
                httpx2.create_ssl_context() if provider.issuer.startswith("https:") else None
            ),
            headers={
                "Accept": "application/json",
                # A compressed megabyte can be a gigabyte.
                "Accept-Encoding": "identity",
                "User-Agent": "Coffer",
            },
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # the transport's deadline bounds every step
        )

    @property
    def issuer(self) -> str:
        """What a callback's `iss` must equal, where there is one."""
        return self._provider.issuer

    def requires_iss(self) -> bool:
        """Whether the provider promises an `iss` with each callback (RFC 9207).

        If so, a callback without one is somebody else's. Raises `OidcError`.
        """
        self._start_clock()
        return self._metadata.get().sends_iss

    def begin(self, redirect_uri: str) -> Request:
        """A new log-in, whose browser comes back to `redirect_uri`. Raises `OidcError`."""
        self._start_clock()
        endpoint = self._metadata.get().authorization_endpoint
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
        """Whose log-in it was, for the `code` of its callback and what `begin` made up for it.

        `redirect_uri` has to be the one of `begin`. Raises `OidcError`.
        """
        self._start_clock()
        metadata = self._metadata.get()
        tokens = self._exchange(
            metadata,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": code_verifier,
            },
        )
        claims = self._check(tokens.get("id_token"), nonce)
        subject, name, email = claims["sub"], _name(claims), _email(claims)
        if email is None and metadata.userinfo_endpoint is not None:
            claims = self._userinfo(metadata.userinfo_endpoint, tokens, subject)
            name, email = name or _name(claims), _email(claims)
        # Of the same document as the address, never of the other one.
        verified = email is not None and _is_true(claims.get("email_verified"))
        return Identity(subject, email, verified, name)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # --- what the provider publishes ---------------------------------------------------------

    def _read_metadata(self) -> _Metadata:
        issuer = self._provider.issuer
        url = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
        document = self._ask("discovery document", self._endpoint("issuer", url))
        # Another issuer's document would let its owner speak for this one.
        if document.get("issuer") != issuer:
            raise self._invalid("is not the issuer that its discovery document names")
        methods = document.get("token_endpoint_auth_methods_supported")
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        authorization, token, keys = (self._endpoint(name, document.get(name)) for name in names)
        userinfo = document.get("userinfo_endpoint")
        return _Metadata(
            authorization_endpoint=authorization,
            token_endpoint=token,
            jwks_uri=keys,
            userinfo_endpoint=(
                None if userinfo is None else self._endpoint("userinfo_endpoint", userinfo)
            ),
            secret_in_body=self._secret_in_body(methods),
            sends_iss=document.get("authorization_response_iss_parameter_supported") is True,
        )

    def _secret_in_body(self, methods: object) -> bool:
        """Whether the client's secret goes into the form rather than the Authorization header."""
        # A string of its own would be searched for a part.
        if methods is None or (isinstance(methods, list) and "client_secret_basic" in methods):
            return False
        if isinstance(methods, list) and "client_secret_post" in methods:
            return True
        raise self._invalid("takes a client's secret in none of the ways we know")

    def _endpoint(self, name: str, url: object) -> str:
        """`url`, if a secret can be sent there and a browser too."""
        # What a Location header cannot hold is no address either.
        plain = isinstance(url, str) and len(url) <= _MAX_URL and _is_visible(url)
        try:
            parsed = httpx2.URL(str(url)) if plain else httpx2.URL("")
        except httpx2.InvalidURL:
            parsed = httpx2.URL("")
        address = parsed.host and not parsed.userinfo and (parsed.port or 0) < 65536
        if not address or "#" in str(url):
            raise self._invalid(f"has no usable {name}")
        if parsed.scheme != "https" and not (self._allow_http and parsed.scheme == "http"):
            raise self._invalid(f"has no {name} that begins with https://")
        return str(url)

    def _read_keys(self) -> tuple[Key, ...]:
        entries = self._ask("keys", self._metadata.get().jwks_uri).get("keys")
        if not isinstance(entries, list):
            raise self._invalid("publishes no list of keys")
        # Providers publish keys for other purposes too, and kinds that are yet to come.
        return tuple(key for key in map(key_of, entries) if key is not None)

    # --- what it says about one log-in -------------------------------------------------------

    def _exchange(self, metadata: _Metadata, form: dict[str, str]) -> dict[str, Any]:
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
        return self._ask("tokens", metadata.token_endpoint, form, headers, hidden=hidden)

    def _userinfo(self, url: str, tokens: dict[str, Any], subject: str) -> dict[str, Any]:
        """The claims that the access token is good for, about `subject` and nobody else."""
        access_token = tokens.get("access_token")
        if not isinstance(access_token, str) or not _is_visible(access_token):
            raise self._invalid("sent no usable access token")
        headers = {"Authorization": f"Bearer {access_token}"}
        claims = self._ask("user", url, None, headers, hidden=[access_token])
        if claims.get("sub") != subject:
            raise self._invalid("describes another user than the one who logged in")
        return claims

    def _check(self, id_token: object, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is the provider's, for us, for this log-in and for now."""
        if not isinstance(id_token, str):
            raise self._invalid("sent no ID token")
        try:
            claims = self._decode(id_token)
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY,
                iss={"essential": True, "value": self._provider.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": self._provider.client_id},
                exp={"essential": True},
                iat={"essential": True},
            ).validate(claims)
        except ClaimError as error:
            raise self._wrong_claim(error.claim) from None
        except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
            kind = type(error).__name__  # its text may quote the token
            raise self._invalid(f"sent an ID token that cannot be trusted ({kind})") from None
        audience, party = claims["aud"], claims.get("azp")
        several = isinstance(audience, list) and len(audience) > 1
        if (several or party is not None) and party != self._provider.client_id:
            raise self._wrong_claim("azp")
        if not _same(claims.get("nonce"), nonce):
            raise self._wrong_claim("nonce")
        # Printable: the database can store neither a zero byte nor half a character.
        subject = claims["sub"]
        if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
            raise self._wrong_claim("sub")
        return claims

    def _decode(self, id_token: str) -> dict[str, Any]:
        """The claims of a correctly signed token, not checked yet."""
        try:
            return verified_claims(id_token, self._keys.get())
        except NoKeyError:
            pass  # the provider may have changed its keys within the hour
        try:
            return verified_claims(id_token, self._keys.get(search=True))
        except NoKeyError:
            raise self._invalid("signs with a key that it does not publish") from None

    # --- how it is asked ---------------------------------------------------------------------

    def _start_clock(self) -> None:
        clock.deadline = time.monotonic() + self._timeout

    def _ask(
        self,
        what: str,
        url: str,
        form: dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        hidden: Collection[str] = (),
    ) -> dict[str, Any]:
        """The JSON object at `url`. `hidden` is what must not be repeated from an error's text."""
        method, body, headers = "GET", None, dict(headers or {})
        if form is not None:
            method, body = "POST", urlencode(form, errors="replace").encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            with self._client.stream(method, url, content=body, headers=headers) as response:
                raw = self._read(response.iter_raw())
        except (httpx2.TimeoutException, httpcore2.TimeoutException):
            raise self._error("did not answer in time", "provider_unavailable") from None
        except (httpx2.HTTPError, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            kind = kind_of(error)
            raise self._error(f"cannot be reached ({kind})", "provider_unavailable") from None
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError):
            data = None
        status = response.status_code
        if status >= 500 or status in _LATER:
            raise self._error(f"has difficulties (HTTP {status})", "provider_unavailable")
        if status >= 400:
            reason = _reason(data, hidden)
            raise self._error(f"refused (HTTP {status}{reason})", "provider_refused")
        if status != 200:
            raise self._invalid(f"answered HTTP {status} when asked for its {what}")
        if not isinstance(data, dict):
            raise self._invalid(f"did not answer with JSON as it should when asked for its {what}")
        return data

    def _read(self, chunks: Iterable[bytes]) -> bytes:
        raw = bytearray()
        for chunk in chunks:
            raw += chunk
            if len(raw) > ANSWER_LIMIT:
                raise self._invalid("sent an answer longer than one megabyte")
        return bytes(raw)

    def _invalid(self, what: str) -> OidcError:
        return self._error(what, "invalid_response")

    def _wrong_claim(self, claim: str) -> OidcError:
        return self._invalid(f"sent an ID token whose claims do not hold ({claim})")

    def _error(self, what: str, code: Code) -> OidcError:
        return OidcError(f"The log-in provider {self._provider.name} {what}.", code=code)


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What we need of a discovery document. Every address was checked."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    secret_in_body: bool
    sends_iss: bool


_T = TypeVar("_T")


class _Kept(Generic[_T]):
    """What `read` returns, read when first needed and kept for an hour.

    One thread reads and the others wait for it, each as long as its own deadline lets it. A failure
    is kept too, for a moment: otherwise a provider that hangs would be asked by each of those
    threads in turn.
    """

    def __init__(self, read: Callable[[], _T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._value: _T | None = None
        self._stale_at = -math.inf
        self._search_at = -math.inf
        self._failure: tuple[str, Code] = ("", "provider_unavailable")
        self._failed_until = -math.inf

    def get(self, *, search: bool = False) -> _T:
        """The value; for a `search`, one read just now, unless the last search was just now too."""
        if not self._lock.acquire(timeout=max(0.0, clock.deadline - time.monotonic())):
            raise OidcError("The log-in provider is too slow.", code="provider_unavailable")
        try:
            now = time.monotonic()
            due = now >= self._search_at if search else now >= self._stale_at
            if self._value is None or due:
                if search:
                    self._search_at = now + _SEARCH_PAUSE
                self._value = self._read_once(now)
                self._stale_at = now + _KEPT
            return self._value
        finally:
            self._lock.release()

    def _read_once(self, now: float) -> _T:
        if now < self._failed_until:
            message, code = self._failure
            raise OidcError(message, code=code)
        try:
            return self._read()
        except OidcError as error:
            self._failure = str(error), error.code
            self._failed_until = time.monotonic() + _FAILURE_PAUSE
            raise


# --- values ---------------------------------------------------------------------------------


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _same(claimed: object, expected: str) -> bool:
    """Whether they are equal, without telling by the time it takes how much of it is."""
    return isinstance(claimed, str) and hmac.compare_digest(
        claimed.encode(errors="replace"), expected.encode(errors="replace")
    )


def _is_visible(text: str) -> bool:
    """Whether it is of visible ASCII characters alone, so that a header can hold it."""
    return bool(text) and all("!" <= one <= "~" for one in text)


def _is_true(value: object) -> bool:
    return value is True or value == "true"  # some providers send the word


def _email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    if not isinstance(email, str) or not email.isprintable() or len(email) > MAX_EMAIL:
        return None
    return email if "@" in email and " " not in email else None


def _name(claims: Mapping[str, Any]) -> str | None:
    name = claims.get("name")
    return _printable(name)[:MAX_NAME].strip() or None if isinstance(name, str) else None


def _printable(text: str) -> str:
    """`text` with a space in place of everything that could not be seen, and none around it."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _reason(data: object, hidden: Collection[str]) -> str:
    """What an error answer says about itself, in at most `_MAX_QUOTE` characters."""
    if not isinstance(data, dict):
        return ""
    said = [data.get("error"), data.get("error_description")]
    text = ": ".join(part for part in said if isinstance(part, str))
    for secret in hidden:
        if secret:
            text = text.replace(secret, "…").replace(quote_plus(secret), "…")
    text = _printable(text)[:_MAX_QUOTE]
    return f", {text}" if text else ""
