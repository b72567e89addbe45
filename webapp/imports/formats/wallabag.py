"""wallabag's JSON, its export or a page of its API: articles with the texts of pages, as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds, written
from webapp.imports.document import address, children, contents, list_with, page, strings
from webapp.imports.format import Contents, Format, Link
from webapp.imports.markup import shown
from webapp.imports.texts import annotation, author, content, language, summary, tags, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.imports.document import Document


def _read(document: Document) -> Contents | None:
    answer = document.value if isinstance(document.value, dict) else {}
    embedded = answer.get("_embedded")
    given = embedded.get("items") if isinstance(embedded, dict) else document.value
    entries = list_with(given, "url", "is_archived")
    if entries is None:
        return None
    advice = "export all articles in wallabag as JSON"
    return page(contents(entries, _link), answer.get("total"), None, advice)


def _link(number: int, entry: dict[str, Any]) -> Link:
    labels = [each.get("label") for each in children(entry, "tags")]
    text = entry.get("content")
    return Link(
        number,
        address(entry.get("url")),
        title=title(entry.get("title")),
        summary=summary(*_notes(entry)),
        annotations=list(_annotations(entry)),
        tags=tags([*strings(entry.get("tags")), *labels]),
        added=seconds(entry.get("created_at")),
        # Older versions write 0 and 1.
        is_read=entry.get("is_archived") in (True, 1),
        is_favourite=entry.get("is_starred") in (True, 1),
        content=content(shown(text)) if isinstance(text, str) else None,
        language=language(entry.get("language")),
        author=author(strings(entry.get("published_by"))),
        published=seconds(entry.get("published_at")),
    )


def _annotations(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for given in children(entry, "annotations"):
        made = {name: written(seconds(given.get(name))) for name in ("created_at", "updated_at")}
        found = annotation(given.get("quote"), given.get("text"), **made)
        if found is not None:
            yield found


def _notes(entry: dict[str, Any]) -> Iterator[Any]:
    """What somebody marked in the article, and wrote about it: there is no other description."""
    for note in children(entry, "annotations"):
        yield note.get("quote")
        yield note.get("text")


FORMAT: Final = Format("wallabag", "json", _read)
