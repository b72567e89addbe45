"""The mistakes in settings that take more than one of them, or a rule of ours, to see."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from webapp.clients import mail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEVELOPMENT_SECRET: Final = "for development only, and known to everybody"

_SHORTEST_SECRET: Final = 32
_SHORTEST_TOKEN: Final = 16

# As many days of history are spared by the database itself, whoever asks.
_FEWEST_DAYS: Final = {"events_kept_days": 30, "audit_kept_days": 90}

_PROVIDER: Final = {"name", "issuer", "client_id", "client_secret"}


def mistakes_in(found: Mapping[str, Any]) -> list[str]:
    """A line for each mistake, naming the variable; `found` has the settings by their fields."""
    return [*_basic(found), *_of_identity(found), *_to_watch(found)]


def _basic(found: Mapping[str, Any]) -> Iterator[str]:
    production = found["environment"] == "production"
    for variable in ("database_url", "database_migrate_url", "database_listen_url"):
        url = found[variable]
        if isinstance(url, str) and urlsplit(url).scheme not in ("postgresql", "postgres"):
            yield f"{variable.upper()}: must begin with postgresql://"
    if not found["database_url"]:
        yield (
            "DATABASE_URL: missing; in development `make dev` starts a database, elsewhere name "
            "one: postgresql://user:password@host/database"
        )
    if not found["secret_key"]:
        yield f"SECRET_KEY: missing; set {_SHORTEST_SECRET} or more random characters"
    elif production and _is_weak(found["secret_key"]):
        yield f"SECRET_KEY: must be {_SHORTEST_SECRET} or more random characters of your own"
    if found["ai_url"] and not found["ai_model"]:
        yield "AI_MODEL: missing; AI_URL needs the name of a model"
    if found["ai_url"] and not _is_web(found["ai_url"]):
        yield "AI_URL: must begin with https:// or http://"
    for variable, fewest in _FEWEST_DAYS.items():
        if 0 < (found[variable] or 0) < fewest:
            yield f"{variable.upper()}: must be {fewest} or more, or 0 to keep them all"
    if production and found["fetch_allow_loopback"]:
        yield "FETCH_ALLOW_LOOPBACK: only for tests; refused in production"


def _of_identity(found: Mapping[str, Any]) -> Iterator[str]:
    production = found["environment"] == "production"
    if production and any(_is_weak(each) for each in found["secret_keys_former"]):
        yield f"SECRET_KEYS_FORMER: each must have {_SHORTEST_SECRET} or more characters"
    public_url, app_url = found["public_url"], found["app_url"]
    for variable, url in (("PUBLIC_URL", public_url), ("APP_URL", app_url)):
        if url and not _is_web(url):
            yield f"{variable}: must begin with https:// or http://"
    if not public_url and (found["smtp_url"] or found["sso_providers"]):
        yield "PUBLIC_URL: missing; mails and single sign-on need the address of this server"
    if "*" in found["cors_origins"]:
        yield "CORS_ORIGINS: name each origin; * would let every page on the web call with a cookie"
    yield from _to_send_mail(found)
    yield from _of_single_sign_on(found)
    memory, parallelism = found["argon2_memory_kib"], found["argon2_parallelism"]
    if memory and parallelism and memory < 8 * parallelism:
        yield "ARGON2_MEMORY_KIB: must be 8 times ARGON2_PARALLELISM or more"
    elif production and memory and memory < 7168:
        yield "ARGON2_MEMORY_KIB: must be 7168 or more in production"


def _to_send_mail(found: Mapping[str, Any]) -> Iterator[str]:
    url, sender = found["smtp_url"], found["mail_from"]
    try:
        if url:
            mail.check_url(url)
    except ValueError as error:
        yield f"SMTP_URL: {error}"
    try:
        mail.sender_from(None, sender)
    except ValueError:
        yield "MAIL_FROM: must be an address, such as coffer@example.com"
    if found["environment"] == "production" and found["registration_enabled"] and not url:
        yield "REGISTRATION_ENABLED: takes SMTP_URL; who registers is written to"


def _of_single_sign_on(found: Mapping[str, Any]) -> Iterator[str]:
    providers = found["sso_providers"]
    form = (
        'SSO_PROVIDERS: must be JSON such as [{"name": "work", "issuer": "https://...", '
        '"client_id": "...", "client_secret": "..."}]'
    )
    if not isinstance(providers, list):
        yield form
        return
    for each in providers:
        if (
            not isinstance(each, dict)
            or each.keys() - {"sign_up"} != _PROVIDER
            or not all(isinstance(each[key], str) and each[key] for key in _PROVIDER)
            or not isinstance(each.get("sign_up", True), bool)
        ):
            yield form
            return
        if not re.fullmatch(r"[a-z0-9-]{1,40}", each["name"]):
            yield "SSO_PROVIDERS: a name takes 1 to 40 characters: a-z, 0-9, '-'"
        scheme = urlsplit(each["issuer"]).scheme
        if scheme != "https" and (scheme != "http" or found["environment"] == "production"):
            yield f"SSO_PROVIDERS: the issuer of {each['name']!r} must begin with https://"
    names = [each["name"] for each in providers]
    if len(set(names)) < len(names):
        yield "SSO_PROVIDERS: two providers have the same name"


def _to_watch(found: Mapping[str, Any]) -> Iterator[str]:
    """The mistakes in what operators watch Coffer by."""
    token, address, endpoint = (
        str(found[name] or "") for name in ("metrics_token", "worker_metrics", "otel_endpoint")
    )
    if token and (len(token) < _SHORTEST_TOKEN or not re.fullmatch(r"[\x21-\x7e]+", token)):
        yield f"METRICS_TOKEN: must be {_SHORTEST_TOKEN} or more random characters without spaces"
    host, _, port = address.rpartition(":")
    if address and not (host and port.isdecimal() and 0 < int(port) < 65536):
        yield "WORKER_METRICS: must be host:port, such as 127.0.0.1:9100"
    if endpoint and not _is_web(endpoint):
        yield "OTEL_EXPORTER_OTLP_ENDPOINT: must begin with https:// or http://"
    elif endpoint and not _has_opentelemetry():
        yield (
            "OTEL_EXPORTER_OTLP_ENDPOINT: takes OpenTelemetry, which is not installed; "
            "pip install '.[otel]'"
        )


def _is_weak(secret: str) -> bool:
    return secret == DEVELOPMENT_SECRET or len(secret) < _SHORTEST_SECRET


def _is_web(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https")


def _has_opentelemetry() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # not even the packages around it
        return False
