"""A page's content, and the reasons why one was not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.failure import Failure

if TYPE_CHECKING:
    from datetime import datetime


class FetchError(Failure):
    """The page was not fetched, or there is nothing to read on it.

    `rule` names the check that refused it, for tests and logs: one of `AddressError`'s or
    `CallError`'s, or `status`, `gone`, `content_type`, `content_encoding`, `unreadable`,
    `no_text`, `no_feed`.
    """

    def __init__(
        self, message: str, *, rule: str, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Page:
    """The readable content of a page."""

    url: str  # where it was in the end, after redirects
    title: str | None  # at most 300 characters
    author: str | None  # at most 200 characters
    published_at: datetime | None  # UTC
    language: str | None  # ISO 639-1, if the page declares one
    text: str  # at most 500,000 characters, paragraphs separated by blank lines
    canonical: str | None = None  # what it calls its own address
    asks_to_sign_in: bool = False  # and says little else


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed. It has an address, or at least a text."""

    id: str | None  # as the feed names it
    url: str | None
    title: str | None  # at most 200 characters
    text: str | None  # at most 10,000 characters; only if there is no address
    published_at: datetime | None  # UTC


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed has, and what its server says of it."""

    url: str  # where it is to be asked for from now on
    title: str | None
    site_url: str | None
    entries: list[Entry]  # in its own order
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class UnchangedFeed:
    """A feed that is as it was."""

    url: str
