"""What a log-in provider publishes about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webapp.clients.oidc.contract import Provider

_MAX_URL = 2048  # characters


@dataclass(frozen=True, slots=True)
class Metadata:
    """The parts of a discovery document that we need. Every address was checked."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    secret_in_body: bool  # of the form, rather than in the Authorization header
    sends_iss: bool


def discovery_url(provider: Provider, *, allow_http: bool) -> str:
    """Where the document is. Raises `OidcError` for an issuer that is no usable address."""
    url = f"{provider.issuer.removesuffix('/')}/.well-known/openid-configuration"
    return _usable(provider, "issuer", url, allow_http=allow_http)


def metadata_from(document: Mapping[str, Any], provider: Provider, *, allow_http: bool) -> Metadata:
    """What the document says. Raises `OidcError`."""
    # Another issuer's document would let its owner speak for this one.
    if document.get("issuer") != provider.issuer:
        raise provider.invalid("is not the issuer that its discovery document names")

    def endpoint(name: str) -> str:
        return _usable(provider, name, document.get(name), allow_http=allow_http)

    has_userinfo = document.get("userinfo_endpoint") is not None
    return Metadata(
        authorization_endpoint=endpoint("authorization_endpoint"),
        token_endpoint=endpoint("token_endpoint"),
        jwks_uri=endpoint("jwks_uri"),
        userinfo_endpoint=endpoint("userinfo_endpoint") if has_userinfo else None,
        secret_in_body=_secret_in_body(
            provider, document.get("token_endpoint_auth_methods_supported")
        ),
        sends_iss=document.get("authorization_response_iss_parameter_supported") is True,
    )


def is_visible(text: str) -> bool:
    """Whether it only has visible ASCII characters, so that a header can hold it."""
    return bool(text) and all("!" <= one <= "~" for one in text)


def _secret_in_body(provider: Provider, methods: object) -> bool:
    # In a plain string, `in` would find substrings.
    if methods is None or (isinstance(methods, list) and "client_secret_basic" in methods):
        return False
    if isinstance(methods, list) and "client_secret_post" in methods:
        return True
    raise provider.invalid("supports no way of sending the client's secret that Coffer knows")


def _usable(provider: Provider, name: str, url: object, *, allow_http: bool) -> str:
    """`url`, if a secret and a browser can be sent there."""
    # An address that a Location header cannot hold is not valid either.
    plain = isinstance(url, str) and len(url) <= _MAX_URL and is_visible(url)
    try:
        parsed = httpx2.URL(str(url)) if plain else httpx2.URL("")
    except httpx2.InvalidURL:
        parsed = httpx2.URL("")
    address = parsed.host and not parsed.userinfo and (parsed.port or 0) < 65536
    if not address or "#" in str(url):
        raise provider.invalid(f"has no usable {name}")
    if parsed.scheme != "https" and not (allow_http and parsed.scheme == "http"):
        raise provider.invalid(f"has no {name} that begins with https://")
    return str(url)
