"""Feeds in Atom, RFC 4287."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from webapp.exporting.xml_text import allowed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    Row = dict[str, Any]

MIMETYPE: Final = "application/atom+xml"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"


def feed(
    *, feed_id: UUID, title: str, address: str, updated: datetime, entries: Iterable[Row]
) -> bytes:
    """A feed in UTF-8.

    `address` is its own. `updated` is when it was changed itself; later entries make it later. An
    entry has `id`, `title`, `source_url`, `summary`, `author`, `tags`, `created_at` and
    `appeared_at`, since when it is in the feed.
    """
    root = Element("feed", xmlns=_NAMESPACE)
    entries = list(entries)
    _text(root, "id", f"urn:uuid:{feed_id}")
    _text(root, "title", title)
    _text(root, "updated", _moment(max([updated, *(each["appeared_at"] for each in entries)])))
    # Required where an entry names none. Whose folder it is, nobody is told.
    _text(SubElement(root, "author"), "name", title)
    _text(root, "generator", "Coffer")
    SubElement(root, "link", rel="self", type=MIMETYPE, href=address)
    for each in entries:
        _add(root, each)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add(root: Element, given: Row) -> None:
    entry = SubElement(root, "entry")
    _text(entry, "id", f"urn:uuid:{given['id']}")
    _text(entry, "title", given["title"])
    _text(entry, "updated", _moment(given["appeared_at"]))
    _text(entry, "published", _moment(given["created_at"]))
    if given["author"]:
        _text(SubElement(entry, "author"), "name", given["author"])
    for tag in given["tags"]:
        SubElement(entry, "category", term=allowed(tag))
    if given["summary"]:
        _text(entry, "summary", given["summary"])
    if given["source_url"]:
        SubElement(entry, "link", rel="alternate", href=allowed(given["source_url"]))
    else:
        # An entry leads somewhere, or has its content with it.
        _text(entry, "content", given["summary"] or given["title"])


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = allowed(text)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
