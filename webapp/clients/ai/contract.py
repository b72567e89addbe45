"""What an AI provider makes of a text, and what every provider guarantees.

Either any endpoint that speaks OpenAI's chat completions (`chat.py`), or the embedded one
(`extractive.py`); `choice.py` chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLE_LIMIT: Final = 100
SUMMARY_LIMIT: Final = 500
TAG_LIMIT: Final = 50
TAGS_LIMIT: Final = 3
DEFAULT_TIMEOUT: Final = 60.0  # seconds, for a whole call


@dataclass(frozen=True, slots=True)
class TagSuggestion:
    """A tag for the text: 1 to 50 characters on one line, and how sure the provider is, 0 to 1."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What a provider made of a text.

    `title`: 1 to 100 characters on one line. `summary`: 1 to 500 characters. `tags`: 1 to 3,
    distinct whatever their case, best first. `language`: ISO 639-1, None where unknown.
    """

    title: str
    summary: str
    tags: tuple[TagSuggestion, ...]
    language: str | None


class AIError(Failure):
    """The AI provider did not answer, or not with an enrichment."""


class Provider(Protocol):
    """What both providers guarantee. Thread-safe; create one per process."""

    def enrich(
        self, text: str, *, title: str | None = None, known_tags: Sequence[str] = ()
    ) -> Enrichment:
        """Title, summary and tags for `text` (1 to 500,000 characters).

        `title` is one already known, a page's own. `known_tags` are the user's, most important
        first; they are preferred, in their own spelling. Raises AIError.
        """
        ...

    def close(self) -> None:
        """Close connections. Calling it again does nothing."""
        ...
