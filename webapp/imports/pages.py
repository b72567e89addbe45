"""Pages, each once: all that a file says of a page, in however many places, becomes one link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from webapp.imports.entries import MOST_TAGS
from webapp.imports.texts import summary
from webapp.rules.names import fold
from webapp.rules.same_page import normalized
from webapp.schemas.common import MAX_URL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webapp.imports.format import Link
    from webapp.imports.texts import Path

# What the later of two links only adds where the first one has nothing.
_ONE_OF: Final = ("title", "raw_text", "content", "language", "author", "published")


class Pages:
    """The links of a file by their pages, in the order of the first ones: with the tags, the
    folders and the descriptions of all, and the oldest date."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        self._folded: dict[str, set[str]] = {}
        self._folders: dict[str, set[Path]] = {}

    def __len__(self) -> int:
        return len(self._links)

    def links(self) -> Iterable[Link]:
        return self._links.values()

    def add(self, link: Link) -> None:
        page = _page(link.source_url or "")
        known = self._links.setdefault(page, link)
        if known is link:
            return
        folded = self._folded.get(page)
        if folded is None:
            folded = self._folded[page] = {fold(tag) for tag in known.tags}
        for tag in link.tags:
            if len(known.tags) < MOST_TAGS and fold(tag) not in folded:
                folded.add(fold(tag))
                known.tags.append(tag)
        folders = self._folders.setdefault(page, set(known.folders))
        known.folders += [path for path in link.folders if path not in folders]
        folders.update(link.folders)
        known.times += link.times
        known.is_read |= link.is_read
        known.is_favourite |= link.is_favourite
        known.summary = summary(known.summary, link.summary)
        known.added = min(filter(None, (known.added, link.added)), default=None)
        for name in _ONE_OF:
            if getattr(known, name) is None:
                setattr(known, name, getattr(link, name))


def _page(url: str) -> str:
    """The key that addresses of the same page share; for an address that will be refused, the
    address."""
    try:
        return normalized(url) if len(url) <= MAX_URL else url
    except ValueError:
        return url
