"""The environment that the process runs in."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.settings.declaration import Section, one_of, setting


@dataclass(frozen=True, kw_only=True)
class Environment(Section):
    """Where Coffer runs."""

    environment: str = setting(
        derived=lambda _: "production",
        check=one_of("development", "test", "production"),
        variable="COFFER_ENV",
        example="development",
        about="""
        development, test or production (the default). Development signs in anyone who sends
        X-Dev-User-Id, and logs for people instead of machines. This file is read only if the
        environment says development, or sets neither COFFER_ENV nor DATABASE_URL.
        """,
    )

    @property
    def in_development(self) -> bool:
        return self.environment == "development"

    @property
    def in_production(self) -> bool:
        return self.environment == "production"
