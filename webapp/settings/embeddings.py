"""The provider of vectors, by which texts are found by their meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.settings.declaration import Section, setting, web_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class Embeddings(Section):
    """Search by meaning."""

    embeddings_url: str | None = setting(
        None,
        check=web_address,
        about="""
        An OpenAI-compatible endpoint that makes vectors of texts, such as https://api.example.com/v1
        or http://localhost:11434/v1: it gets the texts and the searches of all workspaces. Without
        it the embedded model is used, if the extra `meaning` is installed. The database needs
        pgvector.
        """,
    )
    embeddings_key: str | None = setting(
        None, secret=True, about="The endpoint's API key, if it takes one."
    )
    embeddings_model: str | None = setting(
        None,
        about="The endpoint's name for the model to use. With another one, all texts are embedded "
        "again.",
    )

    def mistakes(self) -> Iterator[Mistake]:
        if self.embeddings_url and not self.embeddings_model:
            yield "EMBEDDINGS_MODEL", "missing; EMBEDDINGS_URL needs the name of a model"
