"""Every setting, read from the environment once; nothing else reads os.environ.

`.env.example` documents each of them. In development a file `.env` in the working folder adds what
the environment does not say. An environment that names a database but not COFFER_ENV is production,
whatever the file says.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from environs import Env, EnvValidationError, validate

from sql import server
from webapp.settings.mistakes import DEVELOPMENT_SECRET, mistakes_in

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENTS: Final = ("development", "test", "production")
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")

_WEB_THREADS: Final = 8

PROJECT: Final = Path(__file__).parents[2]

# The embedded server's two roles and its database, as `make dev` makes them.
DEVELOPMENT_DATABASE: Final = "coffer"
DEVELOPMENT_APP_ROLE: Final = "coffer_app"
DEVELOPMENT_OWNER_ROLE: Final = "coffer_owner"


class SettingsError(Exception):
    """One or more settings are wrong. `mistakes` has a line for each, naming the variable."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class SsoProvider:
    """A provider of single sign-on, by OpenID Connect."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    sign_up: bool = False  # whether whoever it knows may become a user


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment said. Secrets stay out of its repr, and so out of logs."""

    environment: str
    database_url: str = field(repr=False)
    database_migrate_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    secret_keys_former: tuple[str, ...] = field(default=(), repr=False)
    database_pooler: bool = False
    database_listen_url: str | None = field(default=None, repr=False)
    database_pool_size: int = _WEB_THREADS + 1
    port: int = 8080
    web_processes: int = 2
    web_threads: int = _WEB_THREADS
    log_level: str = "INFO"
    max_body_bytes: int = 1_000_000
    import_max_bytes: int = 50_000_000
    cors_origins: tuple[str, ...] = ()
    docs_enabled: bool = True
    ai_url: str | None = None
    ai_key: str | None = field(default=None, repr=False)
    ai_model: str | None = None
    fetch_allow_loopback: bool = False
    events_kept_days: int = 0
    trash_kept_days: int = 30
    metrics_token: str | None = field(default=None, repr=False)
    worker_metrics: str | None = None
    otel_endpoint: str | None = None
    public_url: str = "http://localhost:8080"
    app_url: str | None = None
    trusted_proxies: int = 0
    registration_enabled: bool = True
    access_token_minutes: int = 15
    access_check_seconds: float = 1.0
    session_days: int = 30
    argon2_memory_kib: int = 19_456
    argon2_time_cost: int = 2
    argon2_parallelism: int = 1
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "coffer@localhost"
    sso_providers: tuple[SsoProvider, ...] = ()
    rate_limit_reads: int = 3000
    rate_limit_writes: int = 600
    audit_kept_days: int = 0

    @property
    def sends_mail(self) -> bool:
        """Whether mail reaches anybody: by SMTP, or in development on the terminal."""
        return self.smtp_url is not None or not self.in_production

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
    threads = env.int("WEB_THREADS", _WEB_THREADS, validate=whole)
    found: dict[str, Any] = {
        "environment": environment,
        "database_url": database_url,
        "database_migrate_url": migrate_url,
        "secret_key": env.str("SECRET_KEY", None if in_production else DEVELOPMENT_SECRET),
        "database_pooler": (pooler := env.bool("DATABASE_POOLER", False)),
        "database_listen_url": env.str("DATABASE_LISTEN_URL", None if pooler else database_url),
        "database_pool_size": env.int(
            "DATABASE_POOL_SIZE", (threads or _WEB_THREADS) + 1, validate=whole
        ),
        "port": env.int("PORT", 8080, validate=validate.Range(min=1, max=65535)),
        "web_processes": env.int("WEB_CONCURRENCY", 2, validate=whole),
        "web_threads": threads,
        "log_level": env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(LOG_LEVELS)),
        "max_body_bytes": env.int("MAX_BODY_BYTES", 1_000_000, validate=whole),
        "import_max_bytes": env.int("IMPORT_MAX_BYTES", 50_000_000, validate=whole),
        "cors_origins": tuple(env.list("CORS_ORIGINS", []) or ()),
        "docs_enabled": env.bool("DOCS_ENABLED", not in_production),
        "ai_url": env.str("AI_URL", None) or None,
        "ai_key": env.str("AI_KEY", None) or None,
        "ai_model": env.str("AI_MODEL", None) or None,
        "fetch_allow_loopback": env.bool("FETCH_ALLOW_LOOPBACK", False),
        "events_kept_days": env.int("EVENTS_KEPT_DAYS", 0, validate=validate.Range(min=0)),
        "trash_kept_days": env.int("TRASH_KEPT_DAYS", 30, validate=validate.Range(min=0)),
        "metrics_token": env.str("METRICS_TOKEN", None) or None,
        "worker_metrics": env.str("WORKER_METRICS", None) or None,
        "otel_endpoint": env.str("OTEL_EXPORTER_OTLP_ENDPOINT", None) or None,
        **_of_identity(env, environment),
    }
    mistakes = _wrong_values(env) + mistakes_in(found)
    if mistakes:
        raise SettingsError(mistakes)
    sign_up = {"sign_up": found["registration_enabled"]}
    providers = [SsoProvider(**sign_up | each) for each in found["sso_providers"]]
    return Settings(**found | {"sso_providers": tuple(providers)})


def _of_identity(env: Env, environment: str | None) -> dict[str, Any]:
    """The settings of accounts, of how they sign in, and of what they may use."""
    in_production = environment == "production"
    whole = validate.Range(min=1)
    natural = validate.Range(min=0)
    port = os.environ.get("PORT", "8080")
    smtp_url = env.str("SMTP_URL", None) or None
    return {
        "secret_keys_former": tuple(env.list("SECRET_KEYS_FORMER", []) or ()),
        "public_url": (
            env.str("PUBLIC_URL", None) or ("" if in_production else f"http://localhost:{port}")
        ).rstrip("/"),
        "app_url": (env.str("APP_URL", None) or "").rstrip("/") or None,
        "trusted_proxies": env.int("TRUSTED_PROXIES", 0, validate=natural),
        "registration_enabled": env.bool(
            "REGISTRATION_ENABLED", smtp_url is not None or not in_production
        ),
        "access_token_minutes": env.int(
            "ACCESS_TOKEN_MINUTES", 15, validate=validate.Range(min=1, max=60)
        ),
        "access_check_seconds": env.float(
            "ACCESS_CHECK_SECONDS", 1.0, validate=validate.Range(min=0, max=60)
        ),
        "session_days": env.int("SESSION_DAYS", 30, validate=validate.Range(min=1, max=400)),
        "argon2_memory_kib": env.int(
            "ARGON2_MEMORY_KIB", 19_456, validate=validate.Range(min=64, max=1_048_576)
        ),
        "argon2_time_cost": env.int("ARGON2_TIME_COST", 2, validate=whole),
        "argon2_parallelism": env.int("ARGON2_PARALLELISM", 1, validate=whole),
        "smtp_url": smtp_url,
        "mail_from": env.str("MAIL_FROM", None) or ("" if smtp_url else "coffer@localhost"),
        "sso_providers": env.json("SSO_PROVIDERS", None) or [],
        "rate_limit_reads": env.int("RATE_LIMIT_READS", 3000, validate=natural),
        "rate_limit_writes": env.int("RATE_LIMIT_WRITES", 600, validate=natural),
        "audit_kept_days": env.int("AUDIT_KEPT_DAYS", 0, validate=natural),
    }


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
