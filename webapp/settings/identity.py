"""Accounts, and how users sign in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from webapp.settings.declaration import at_least, between, days_kept, scheme_of, setting
from webapp.settings.mail import Mail
from webapp.settings.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake

_DEVELOPMENT_SECRET: Final = "for development only, and known to everybody"
_SHORTEST_SECRET: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SsoProvider:
    """A single sign-on provider (OpenID Connect)."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    sign_up: bool = False  # whether its users may become users here


_PROVIDER: Final = {"name": str, "issuer": str, "client_id": str, "client_secret": str}


def _providers(text: str, found: Any) -> tuple[SsoProvider, ...]:
    usual = {"sign_up": found.registration_enabled}
    try:
        given = json.loads(text)
        providers = [usual | each for each in given]
    except (TypeError, ValueError):
        given = None
    if not isinstance(given, list) or not all(_is_provider(each) for each in providers):
        raise ValueError(
            'must be JSON such as [{"name": "work", "issuer": "https://...", "client_id": "...", '
            '"client_secret": "..."}]'
        )
    return tuple(SsoProvider(**each) for each in providers)


def _is_provider(given: dict[str, Any]) -> bool:
    types = {name: type(value) for name, value in given.items()}
    return types == _PROVIDER | {"sign_up": bool} and all(given[name] for name in _PROVIDER)


def _is_weak(secret: str) -> bool:
    return secret == _DEVELOPMENT_SECRET or len(secret) < _SHORTEST_SECRET


@dataclass(frozen=True, kw_only=True)
class Identity(Mail, Web):
    """Accounts, and how they sign in."""

    secret_key: str = setting(
        derived=lambda found: "" if found.environment == "production" else _DEVELOPMENT_SECRET,
        secret=True,
        about="""
        32 or more random characters; required in production (python3 -c 'import secrets;
        print(secrets.token_urlsafe(48))' makes one).
        """,
    )
    secret_keys_former: tuple[str, ...] = setting(
        (),
        secret=True,
        about="""
        Former SECRET_KEYs, separated by commas: what was made with them stays valid.
        docs/security.md says how to change the key.
        """,
    )
    registration_enabled: bool = setting(
        True,
        derived=lambda found: found.smtp_url is not None or found.environment != "production",
        about="Whether anybody may register. The default is true if mail can be sent.",
    )
    access_token_minutes: int = setting(
        15, check=between(1, 60), about="How long an access token is valid."
    )
    session_days: int = setting(
        30,
        check=between(1, 365),
        about="How long a session lasts after its last refresh; a year after its log-in at most.",
    )
    access_check_seconds: float = setting(
        1.0,
        check=between(0, 60),
        about="""
        How long a web process may remember whose a token or key is and what it may do, for requests
        that read. Requests that write always ask the database. 0 makes all requests ask.
        """,
    )
    argon2_memory_kib: int = setting(
        19_456,
        check=between(64, 1_048_576),
        about="""
        The memory in KiB that Argon2 uses for a password. After a change of Argon2's parameters,
        each password is hashed again at its next log-in. A process makes up to four hashes at once,
        so it uses four times as much.
        """,
    )
    argon2_time_cost: int = setting(
        2, check=at_least(1), about="How many passes Argon2 makes over that memory."
    )
    argon2_parallelism: int = setting(
        1, check=at_least(1), about="How many lanes Argon2 divides that memory into."
    )
    sso_providers: tuple[SsoProvider, ...] = setting(
        (),
        read=_providers,
        example='[{"name": "work", "issuer": "https://login.example.com", "client_id": "coffer", '
        '"client_secret": "...", "sign_up": true}]',
        about="""
        Single sign-on providers (OpenID Connect), as a JSON list. Register
        PUBLIC_URL/api/auth/sso/NAME/callback with the provider as redirect URI. sign_up says
        whether its users may become users here; the default is REGISTRATION_ENABLED.
        """,
    )
    audit_kept_days: int = setting(
        0,
        check=days_kept(90),
        about="How many days the audit log is kept, 90 or more; 0 keeps it forever.",
    )

    def mistakes(self) -> Iterator[Mistake]:
        yield from self._mistakes_in_keys()
        if not self.public_url and (self.smtp_url or self.sso_providers):
            yield "PUBLIC_URL", "missing; mails and single sign-on need the address of this server"
        if self.in_production and self.registration_enabled and not self.smtp_url:
            yield "REGISTRATION_ENABLED", "requires SMTP_URL; registration sends mail"
        yield from self._mistakes_in_providers()
        if self.argon2_memory_kib < 8 * self.argon2_parallelism:
            yield "ARGON2_MEMORY_KIB", "must be 8 times ARGON2_PARALLELISM or more"
        elif self.in_production and self.argon2_memory_kib < 7168:
            yield "ARGON2_MEMORY_KIB", "must be 7168 or more in production"

    def _mistakes_in_keys(self) -> Iterator[Mistake]:
        if not self.secret_key:
            yield "SECRET_KEY", f"missing; set {_SHORTEST_SECRET} or more random characters"
        elif self.in_production and _is_weak(self.secret_key):
            yield (
                "SECRET_KEY",
                f"must be {_SHORTEST_SECRET} or more random characters of your own",
            )
        if self.in_production and any(map(_is_weak, self.secret_keys_former)):
            yield "SECRET_KEYS_FORMER", f"each must have {_SHORTEST_SECRET} or more characters"

    def _mistakes_in_providers(self) -> Iterator[Mistake]:
        for provider in self.sso_providers:
            if not re.fullmatch(r"[a-z0-9-]{1,40}", provider.name):
                yield "SSO_PROVIDERS", "a name must be 1 to 40 characters: a-z, 0-9, '-'"
            scheme = scheme_of(provider.issuer)
            if scheme != "https" and (scheme != "http" or self.in_production):
                yield (
                    "SSO_PROVIDERS",
                    f"the issuer of {provider.name!r} must begin with https://",
                )
        if len({provider.name for provider in self.sso_providers}) < len(self.sso_providers):
            yield "SSO_PROVIDERS", "two providers have the same name"
