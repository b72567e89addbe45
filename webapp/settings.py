"""Every setting, read from the environment once; nothing else reads os.environ.

`.env.example` documents each of them. In development a file `.env` in the working folder adds what
the environment does not say. An environment that names a database but not COFFER_ENV is production,
whatever the file says.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from environs import Env, EnvValidationError, validate

from sql import server

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENTS: Final = ("development", "test", "production")
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")

PROJECT: Final = Path(__file__).parent.parent

# The embedded server's two roles and its database, as `make dev` makes them.
DEVELOPMENT_DATABASE: Final = "coffer"
DEVELOPMENT_APP_ROLE: Final = "coffer_app"
DEVELOPMENT_OWNER_ROLE: Final = "coffer_owner"

_DEVELOPMENT_SECRET: Final = "for development only, and known to everybody"
_SHORTEST_SECRET: Final = 32
_SHORTEST_TOKEN: Final = 16

# As many days of history are spared by the database itself, whoever asks.
_FEWEST_DAYS: Final = 30


class SettingsError(Exception):
    """One or more settings are wrong. `mistakes` has a line for each, naming the variable."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment said. Secrets stay out of its repr, and so out of logs."""

    environment: str
    database_url: str = field(repr=False)
    database_migrate_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    database_pooler: bool = False
    database_listen_url: str | None = field(default=None, repr=False)
    database_pool_size: int = 17
    port: int = 8080
    web_processes: int = 2
    web_threads: int = 16
    log_level: str = "INFO"
    max_body_bytes: int = 1_000_000
    cors_origins: tuple[str, ...] = ()
    docs_enabled: bool = True
    ai_url: str | None = None
    ai_key: str | None = field(default=None, repr=False)
    ai_model: str | None = None
    fetch_allow_loopback: bool = False
    events_kept_days: int = 0
    metrics_token: str | None = field(default=None, repr=False)
    worker_metrics: str | None = None
    otel_endpoint: str | None = None

    @property
    def in_development(self) -> bool:
        return self.environment == "development"

    @property
    def in_production(self) -> bool:
        return self.environment == "production"

    @property
    def serves_metrics(self) -> bool:
        """Whether the web counts its requests, for whoever may ask for `/metrics`."""
        return self.in_development or self.metrics_token is not None


def load() -> Settings:
    """The settings of this process. Raises SettingsError with all mistakes at once."""
    env = Env(eager=False)
    unsaid = "production" if os.environ.get("DATABASE_URL") else "development"
    if os.environ.get("COFFER_ENV", unsaid) == "development":
        env.read_env(".env", recurse=False)

    environment = env.str("COFFER_ENV", "production", validate=validate.OneOf(ENVIRONMENTS))
    in_production = environment == "production"
    database_url = env.str("DATABASE_URL", None) or _development_url(
        environment, DEVELOPMENT_APP_ROLE
    )
    migrate_url = env.str("DATABASE_MIGRATE_URL", None) or (
        _development_url(environment, DEVELOPMENT_OWNER_ROLE)
        if not env.str("DATABASE_URL", None)
        else database_url
    )
    whole = validate.Range(min=1)
    threads = env.int("WEB_THREADS", 16, validate=whole)
    found: dict[str, Any] = {
        "environment": environment,
        "database_url": database_url,
        "database_migrate_url": migrate_url,
        "secret_key": env.str("SECRET_KEY", None if in_production else _DEVELOPMENT_SECRET),
        "database_pooler": (pooler := env.bool("DATABASE_POOLER", False)),
        "database_listen_url": env.str("DATABASE_LISTEN_URL", None if pooler else database_url),
        "database_pool_size": env.int("DATABASE_POOL_SIZE", (threads or 16) + 1, validate=whole),
        "port": env.int("PORT", 8080, validate=validate.Range(min=1, max=65535)),
        "web_processes": env.int("WEB_CONCURRENCY", 2, validate=whole),
        "web_threads": threads,
        "log_level": env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(LOG_LEVELS)),
        "max_body_bytes": env.int("MAX_BODY_BYTES", 1_000_000, validate=whole),
        "cors_origins": tuple(env.list("CORS_ORIGINS", []) or ()),
        "docs_enabled": env.bool("DOCS_ENABLED", not in_production),
        "ai_url": env.str("AI_URL", None) or None,
        "ai_key": env.str("AI_KEY", None) or None,
        "ai_model": env.str("AI_MODEL", None) or None,
        "fetch_allow_loopback": env.bool("FETCH_ALLOW_LOOPBACK", False),
        "events_kept_days": env.int("EVENTS_KEPT_DAYS", 0, validate=validate.Range(min=0)),
        "metrics_token": env.str("METRICS_TOKEN", None) or None,
        "worker_metrics": env.str("WORKER_METRICS", None) or None,
        "otel_endpoint": env.str("OTEL_EXPORTER_OTLP_ENDPOINT", None) or None,
    }
    mistakes = _wrong_values(env) + _wrong_together(found)
    if mistakes:
        raise SettingsError(mistakes)
    return Settings(**found)


def names_a_database() -> bool:
    """Whether DATABASE_URL is set, so that no database of our own is needed."""
    env = Env()
    env.read_env(".env", recurse=False)
    return bool(env.str("DATABASE_URL", ""))


def _development_url(environment: str | None, role: str) -> str | None:
    """The server that `make dev` started, where one runs."""
    if environment != "development":
        return None
    try:
        embedded = server.Server(server.folder_for(PROJECT))
        return embedded.url(user=role, database=DEVELOPMENT_DATABASE)
    except (server.ServerError, OSError):
        return None


def _wrong_values(env: Env) -> list[str]:
    try:
        env.seal()
    except EnvValidationError as error:
        messages = cast("Mapping[str, list[str]]", error.error_messages)
        return [f"{name}: {' '.join(said)}" for name, said in messages.items()]
    return []


def _wrong_together(found: Mapping[str, object]) -> list[str]:
    """The mistakes that take more than one setting to see."""
    mistakes = []
    production = found["environment"] == "production"
    for variable in ("database_url", "database_migrate_url", "database_listen_url"):
        url = found[variable]
        if isinstance(url, str) and urlsplit(url).scheme not in ("postgresql", "postgres"):
            mistakes.append(f"{variable.upper()}: must begin with postgresql://")
    if not found["database_url"]:
        mistakes.append(
            "DATABASE_URL: missing; in development `make dev` starts a database, elsewhere name "
            "one: postgresql://user:password@host/database"
        )
    secret = found["secret_key"]
    if not secret:
        mistakes.append(f"SECRET_KEY: missing; set {_SHORTEST_SECRET} or more random characters")
    elif production and (secret == _DEVELOPMENT_SECRET or len(str(secret)) < _SHORTEST_SECRET):
        mistakes.append(
            f"SECRET_KEY: must be {_SHORTEST_SECRET} or more random characters of your own"
        )
    if found["ai_url"] and not found["ai_model"]:
        mistakes.append("AI_MODEL: missing; AI_URL needs the name of a model")
    if found["ai_url"] and urlsplit(str(found["ai_url"])).scheme not in ("http", "https"):
        mistakes.append("AI_URL: must begin with https:// or http://")
    if 0 < int(str(found["events_kept_days"])) < _FEWEST_DAYS:
        mistakes.append(f"EVENTS_KEPT_DAYS: must be {_FEWEST_DAYS} or more, or 0 to keep them all")
    if production and found["fetch_allow_loopback"]:
        mistakes.append("FETCH_ALLOW_LOOPBACK: only for tests; refused in production")
    return mistakes + _wrong_to_watch(found)


def _wrong_to_watch(found: Mapping[str, object]) -> list[str]:
    """The mistakes in what operators watch Coffer by."""
    mistakes = []
    token, address, endpoint = (
        str(found[name] or "") for name in ("metrics_token", "worker_metrics", "otel_endpoint")
    )
    if token and (len(token) < _SHORTEST_TOKEN or not re.fullmatch(r"[\x21-\x7e]+", token)):
        mistakes.append(
            f"METRICS_TOKEN: must be {_SHORTEST_TOKEN} or more random characters without spaces"
        )
    host, _, port = address.rpartition(":")
    if address and not (host and port.isdecimal() and 0 < int(port) < 65536):
        mistakes.append("WORKER_METRICS: must be host:port, such as 127.0.0.1:9100")
    if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
        mistakes.append("OTEL_EXPORTER_OTLP_ENDPOINT: must begin with https:// or http://")
    elif endpoint and not _has_opentelemetry():
        mistakes.append(
            "OTEL_EXPORTER_OTLP_ENDPOINT: takes OpenTelemetry, which is not installed; "
            "pip install '.[otel]'"
        )
    return mistakes


def _has_opentelemetry() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # not even the packages around it
        return False
