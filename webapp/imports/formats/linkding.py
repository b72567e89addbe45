"""linkding's JSON, as its API gives it: a list of bookmarks, or a page of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.document import address, contents, list_with, page, strings
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import summary, tags, title

if TYPE_CHECKING:
    from webapp.imports.document import Document


def _read(document: Document) -> Contents | None:
    answer = document.value if isinstance(document.value, dict) else {"results": document.value}
    entries = list_with(answer.get("results"), "url", "tag_names")
    if entries is None:
        return None
    total = answer.get("count")
    limit = total if isinstance(total, int) else "…"
    advice = f"ask linkding for all with ?limit={limit}"
    return page(contents(entries, _link), total, answer.get("next"), advice)


def _link(number: int, entry: dict[str, Any]) -> Link:
    # What linkding read on the page is in fields of its own, up to version 1.31.
    return Link(
        number,
        address(entry.get("url")),
        title=title(entry.get("title")) or title(entry.get("website_title")),
        summary=summary(
            entry.get("description") or entry.get("website_description"), entry.get("notes")
        ),
        tags=tags(strings(entry.get("tag_names"))),
        added=seconds(entry.get("date_added")),
        is_read=entry.get("unread") is False or entry.get("is_archived") is True,
    )


FORMAT: Final = Format("linkding", "json", _read)
