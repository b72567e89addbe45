"""The provider of titles, summaries and tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.settings.declaration import Section, setting, web_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class AI(Section):
    """The AI provider."""

    ai_url: str | None = setting(
        None,
        check=web_address,
        about="""
        An OpenAI-compatible endpoint that writes titles, summaries and tags, such as
        https://api.example.com/v1 or http://localhost:11434/v1. Without it they are taken from the
        text itself, offline. Admins and owners of workspaces may assign others.
        """,
    )
    ai_key: str | None = setting(
        None, secret=True, about="The endpoint's API key, if it takes one."
    )
    ai_model: str | None = setting(None, about="The endpoint's name for the model to use.")

    def mistakes(self) -> Iterator[Mistake]:
        if self.ai_url and not self.ai_model:
            yield "AI_MODEL", "missing; AI_URL needs the name of a model"
