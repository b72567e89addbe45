"""What an AI provider makes of a text, and what every provider guarantees.

Either any endpoint that speaks OpenAI's chat completions (`chat.py`), or the embedded one
(`extractive.py`); `choice.py` chooses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

TITLE_LIMIT: Final = 100
GIVEN_TITLE_LIMIT: Final = 200  # of one that was there already
SUMMARY_LIMIT: Final = 500
TAG_LIMIT: Final = 50
TAGS_LIMIT: Final = 3
CATEGORY_LIMIT: Final = 100
CORRESPONDENT_LIMIT: Final = 200
DEFAULT_TIMEOUT: Final = 60.0  # seconds, for a whole call


@dataclass(frozen=True, slots=True)
class TagSuggestion:
    """A tag for the text: 1 to 50 characters on one line, and how sure the provider is, 0 to 1."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Enrichment:
    """What a provider made of a text.

    `title`: 1 to 100 characters on one line, up to 200 if it is the one given. `summary`: 1 to 500
    characters. `tags`: 1 to 3, distinct whatever their case, best first. `language`: ISO 639-1,
    None where unknown.
    """

    title: str
    summary: str
    tags: tuple[TagSuggestion, ...]
    language: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a workspace uses already, most important first: a provider prefers them."""

    categories: Sequence[str] = ()
    correspondents: Sequence[str] = ()
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """A category of at most 100 characters or a correspondent of at most 200, on one line, and how
    sure the provider is, 0 to 1."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class DayGuess:
    """The day that a document is dated, and how sure the provider is, 0 to 1."""

    day: date
    confidence: float


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider made of a document: an enrichment, and what else it could tell."""

    enrichment: Enrichment
    category: Guess | None = None
    correspondent: Guess | None = None
    dated_on: DayGuess | None = None


class AIError(Failure):
    """The AI provider did not answer, or not with an enrichment."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a provider was named, and what its parts are called there: for those who can mend it
    when it fails."""

    said: str
    url: str
    key: str
    model: str


SETTINGS: Final = Origin("named in the settings", "AI_URL", "AI_KEY", "AI_MODEL")
_PARTS: Final = ("its url", "its key", "its model")
EVERYBODY: Final = Origin("assigned to everybody", *_PARTS)
WORKSPACE: Final = Origin("assigned to this workspace", *_PARTS)


class Provider(Protocol):
    """What both providers guarantee. Thread-safe; create one per process.

    `source` says where its results come from: an AI (`ai`), or the text alone (`text`).
    """

    source: ClassVar[str]

    def enrich(
        self, text: str, *, title: str | None = None, known_tags: Sequence[str] = ()
    ) -> Enrichment:
        """Title, summary and tags for `text` (1 to 500,000 characters).

        `title` is one already known, a page's own. `known_tags` are the user's, most important
        first; they are preferred, in their own spelling. Raises AIError.
        """
        ...

    def describe(
        self, text: str, *, name: str, title: str | None = None, known: Known | None = None
    ) -> Description:
        """What a document with this file name is about; otherwise like `enrich`. Raises AIError."""
        ...

    def close(self) -> None:
        """Close connections. Calling it again does nothing."""
        ...
