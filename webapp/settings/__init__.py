"""Every setting, read from the environment once; nothing else reads os.environ.

Each is declared only in the module of its section: `make settings` generates `.env.example` and the
list in docker-compose.yml from the declarations. In development a file `.env` in the working folder
adds to the environment. An environment with a database but without COFFER_ENV is production,
whatever the file says.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from environs import Env

from webapp.settings import declaration
from webapp.settings.ai import AI
from webapp.settings.database import Database
from webapp.settings.documents import Documents
from webapp.settings.drives import Drives
from webapp.settings.embeddings import Embeddings
from webapp.settings.environment import Environment
from webapp.settings.identity import Identity
from webapp.settings.library import Library
from webapp.settings.mail import Mail
from webapp.settings.mail_in import MailIn
from webapp.settings.observability import Observability
from webapp.settings.tokens import Tokens
from webapp.settings.web import Web
from webapp.settings.webhooks import Webhooks


class SettingsError(Exception):
    """One or more settings are wrong. `mistakes` has a line for each, naming the variable."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


# Read, and shown in .env.example, from the last section to the first: each may use later ones.
@dataclass(frozen=True, kw_only=True)
class Settings(
    Observability,
    Embeddings,
    AI,
    Tokens,
    Drives,
    Webhooks,
    MailIn,
    Documents,
    Library,
    Identity,
    Mail,
    Database,
    Web,
    Environment,
):
    """The settings of the environment. Secrets are not in its repr, and so not in logs."""


def load() -> Settings:
    """The settings of this process. Raises SettingsError with all mistakes at once."""
    env = Env()
    unsaid = "production" if os.environ.get("DATABASE_URL") else "development"
    if os.environ.get("COFFER_ENV", unsaid) == "development":
        env.read_env(".env", recurse=False)
    settings, mistakes = declaration.read(Settings, env)
    if mistakes:
        raise SettingsError([f"{variable}: {said}" for variable, said in mistakes])
    return settings


def names_a_database() -> bool:
    """Whether DATABASE_URL is set, so that no embedded database is needed."""
    env = Env()
    env.read_env(".env", recurse=False)
    return bool(env.str("DATABASE_URL", ""))
