"""Linkwarden's JSON: an account, with the links of each of its collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from webapp.imports.dates import seconds
from webapp.imports.document import address, children, contents, paths
from webapp.imports.format import Contents, Format, Link
from webapp.imports.texts import content, path, summary, tags, title

if TYPE_CHECKING:
    from webapp.imports.document import Document

# Where Linkwarden puts what is in no collection.
_NOWHERE: Final = "Unorganized"


def _read(document: Document) -> Contents | None:
    collections = children(document.value, "collections")
    if not any(isinstance(each.get("links"), list) for each in collections):
        return None
    names = paths(each for each in collections if each.get("name") != _NOWHERE)
    pinned = {str(each.get("id")) for each in children(document.value, "pinnedLinks")}
    # Each link with the names of its collection and of those around it.
    links = [
        {
            "link": link,
            "names": names.get(str(collection.get("id")), []),
            "is_pinned": str(link.get("id")) in pinned,
        }
        for collection in collections
        for link in children(collection, "links")
    ]
    lists = [each["links"] for each in collections if isinstance(each.get("links"), list)]
    return contents(links, _link)._replace(
        counted=lambda: sum(map(len, lists)), folders=lambda: map(path, names.values())
    )


def _link(number: int, given: dict[str, Any]) -> Link:
    link = given["link"]
    return Link(
        number,
        address(link.get("url")),
        title=title(link.get("name")),
        summary=summary(link.get("description")),
        tags=tags(each.get("name") for each in children(link, "tags")),
        added=seconds(link.get("importDate")) or seconds(link.get("createdAt")),
        content=content(link.get("textContent")),
        is_favourite=given["is_pinned"],
        folders=[path(given["names"])],
    )


FORMAT: Final = Format("linkwarden", "json", _read)
