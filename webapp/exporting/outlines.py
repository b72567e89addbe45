"""Feeds in OPML 2.0, which feed readers read and write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from webapp.exporting.folder_tree import walked
from webapp.exporting.xml_text import allowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    Row = dict[str, Any]

MIMETYPE: Final = "text/x-opml"


def outlines(folders: Iterable[Row], feeds: Iterable[Row]) -> bytes:
    """A file in UTF-8: the folders that have feeds, then the feeds that are in none.

    `folders` are as in `bookmark_file`. A feed has `url`, `name`, `title`, `site_url`, `tags` and
    `folder_id`; those in one folder are in their order.
    """
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = "Feeds"
    body = SubElement(root, "body")
    made = {None: body}
    around = {}
    for folder, _ in walked(folders):
        parent = made[folder["parent_id"]]
        made[folder["id"]] = SubElement(parent, "outline", text=allowed(folder["name"]))
        around[folder["id"]] = parent
    for feed in feeds:
        _add(made[feed["folder_id"]], feed)
    for folder_id, parent in reversed(around.items()):
        if not len(made[folder_id]):
            parent.remove(made[folder_id])
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: Element, feed: Row) -> None:
    called = allowed(feed["name"] or feed["title"] or feed["url"])
    about = {"type": "rss", "text": called, "title": called, "xmlUrl": allowed(feed["url"])}
    if feed["site_url"]:
        about["htmlUrl"] = allowed(feed["site_url"])
    if feed["tags"]:
        # Commas separate them, and slashes what is in what.
        names = (name.replace(",", " ").replace("/", " ") for name in feed["tags"])
        about["category"] = allowed(",".join(names))
    SubElement(parent, "outline", about)
