"""wallabag's JSON: each article with the text of its page, as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.document import address, children, contents, list_with, strings
from webapp.imports.format import Contents, Format, Link
from webapp.imports.markup import shown
from webapp.imports.texts import author, content, language, summary, tags, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.document import Document


def _read(document: Document) -> Contents | None:
    entries = list_with(document.value, "url", "is_archived")
    return None if entries is None else contents(entries, _link)


def _link(number: int, entry: dict[str, Any]) -> Link:
    labels = [each.get("label") for each in children(entry, "tags")]
    page = entry.get("content")
    return Link(
        number,
        address(entry.get("url")),
        title=title(entry.get("title")),
        summary=summary(*_notes(entry)),
        tags=tags([*strings(entry.get("tags")), *labels]),
        added=seconds(entry.get("created_at")),
        # Older versions write 0 and 1.
        is_read=entry.get("is_archived") in (True, 1),
        is_favourite=entry.get("is_starred") in (True, 1),
        content=content(shown(page)) if isinstance(page, str) else None,
        language=language(entry.get("language")),
        author=author(strings(entry.get("published_by"))),
        published=seconds(entry.get("published_at")),
    )


def _notes(entry: dict[str, Any]) -> Iterator[Any]:
    """What somebody marked in the article, and wrote about it."""
    for note in children(entry, "annotations"):
        yield note.get("quote")
        yield note.get("text")


FORMAT: Final = Format("wallabag", "json", _read)
