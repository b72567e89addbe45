"""Webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.settings.declaration import setting
from webapp.settings.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class Webhooks(Environment):
    """Webhooks of workspaces."""

    webhook_allow_loopback: bool = setting(
        False,
        about="""
        Lets webhooks be at loopback addresses, and unencrypted. For tests and development, where
        `make dev` sets it; refused in production.
        """,
    )

    def mistakes(self) -> Iterator[Mistake]:
        if self.in_production and self.webhook_allow_loopback:
            yield "WEBHOOK_ALLOW_LOOPBACK", "only for tests; refused in production"
