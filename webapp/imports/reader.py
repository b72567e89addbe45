"""Parses an imported file into the rows that the database adds; runs in a child process.

The input is a line of JSON, `{"format": …, "charset": …, "enrich": …, "folders_become": …, "now":
…}`, followed by the file. The output is JSON lines: first `{"format", "total", "merged", "refused",
"missed", "mistakes", "lacking", "folders"}`, then lists of rows, each with its `number`, `entity`,
`row_id` and `payload`, the columns of the item or task that it becomes. `folders` has for each
folder the number of the one around it and its name; an item's `folders` are such numbers.
"""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from marshmallow import ValidationError

from webapp.imports import series
from webapp.imports.dates import written
from webapp.imports.entries import ItemEntry, TaskEntry
from webapp.imports.families import contents_of
from webapp.imports.folders import MOST_FOLDERS, Folders
from webapp.imports.format import Link, Portable, Refused, Subscription
from webapp.imports.pages import Pages
from webapp.imports.refusals import said_of, said_of_address, said_of_link
from webapp.imports.texts import path, readable, tags
from webapp.rules.due import reminder
from webapp.rules.first_line import first_line
from webapp.rules.names import is_blank
from webapp.rules.same_page import page_hash
from webapp.rules.web_address import without_fragment
from webapp.schemas.library.feeds import NewFeed
from webapp.schemas.library.items import WRITTEN_FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webapp.imports.format import Contents
    from webapp.imports.texts import Path

    Row = dict[str, Any]

MOST_ROWS: Final = 200_000
MOST_MISTAKES: Final = 1000
# Characters of an address that a mistake shows.
_SHOWN: Final = 200
# Rows that one statement adds to the database.
_LINE: Final = 500
_LARGEST_COUNT: Final = 2**31 - 1

_ITEM: Final = ItemEntry()
_TASK: Final = TaskEntry()
_FEED: Final = NewFeed()


def main(data: bytes) -> bytes:
    """What `webapp.parsing.child` calls."""
    head, _, file = data.partition(b"\n")
    given = orjson.loads(head)
    name, contents = contents_of(file, given["format"], given.get("charset"))
    reading = _Reading(
        datetime.fromisoformat(given["now"]),
        enrich=given["enrich"],
        folders_become=given.get("folders_become")
        or ("both" if contents.folders_are_tags else "folders"),
    )
    missed = reading.read(contents)
    rows = reading.numbered()
    summary = {
        "format": name,
        "total": len(rows) + reading.merged,
        "merged": reading.merged,
        "refused": reading.refused,
        "missed": missed,
        "mistakes": reading.mistakes,
        "lacking": contents.lacking(),
        "folders": reading.folders.rows,
    }
    lines = [rows[begin : begin + _LINE] for begin in range(0, len(rows), _LINE)]
    return b"\n".join(orjson.dumps(line, option=orjson.OPT_UTC_Z) for line in (summary, *lines))


class _Reading:
    """The rows of a file, and the account of its entries: each is in a row, is one more of a page
    that is in a row (`merged`), or is refused."""

    def __init__(self, now: datetime, *, enrich: bool, folders_become: str) -> None:
        self._now = now
        self._enrich = enrich
        self._are_tags = folders_become != "folders"
        self._are_folders = folders_become != "tags"
        self.folders = Folders()
        self._rows: list[Row] = []
        self._followed: set[str] = set()
        self._new_ids: dict[str, str] = {}  # of items, by the ids that they have in the file
        self.merged = 0
        self.refused = 0
        self.mistakes: list[Row] = []

    def read(self, contents: Contents) -> int:
        """Take the entries; returns how many of the file's are not among them."""
        pages = Pages()
        for entry in contents.entries:
            if len(self._rows) + len(pages) >= MOST_ROWS:
                self._say(entry.place, f"Not read: more than {MOST_ROWS} entries.")
                break
            if isinstance(entry, Link) and self._are_tags:
                names = (name for folder in entry.folders for name in folder)
                entry.tags = tags([*entry.tags, *names])
            if isinstance(entry, Subscription):
                self._follow(entry)
            elif isinstance(entry, Link) and entry.source_url:
                pages.add(entry)
            else:
                self._take(entry)
        for link in pages.links():
            self._take(link)
        if self._are_folders:
            self.folders.numbers_of(contents.folders())
        if self.folders.is_full:
            self._say(0, f"Not made: more than {MOST_FOLDERS} folders.")
        accounted = len(self._rows) + self.merged + self.refused
        return min(max(0, contents.counted() - accounted), _LARGEST_COUNT)

    def numbered(self) -> list[Row]:
        """The rows. Items come first, so that tasks find them by their new ids."""
        series.link([row for row in self._rows if row["entity"] == "task"])
        self._rows.sort(key=lambda row: row["entity"] == "task")
        for number, row in enumerate(self._rows):
            row["number"] = number
            del row["given_id"]
            if row["entity"] == "task" and row["payload"]["item_id"] is not None:
                about = str(row["payload"]["item_id"])
                row["payload"]["item_id"] = self._new_ids.get(about, about)
        return self._rows

    def _take(self, entry: Link | Portable | Refused) -> None:
        times = entry.times if isinstance(entry, Link) else 1
        if isinstance(entry, Refused):
            self.refused += 1
            self._say(entry.place, entry.message, entry.address)
            return
        given = _given(entry)
        try:
            if isinstance(entry, Portable) and entry.entity == "task":
                entity, payload = "task", _task(given, self._now)
            else:
                entity, payload = "item", _item(given, self._now, enrich=self._enrich)
        except ValidationError as error:
            self.refused += times
            said = said_of_link(entry, error) if isinstance(entry, Link) else said_of(error)
            self._say(entry.place, said, given.get("source_url"))
            return
        if entity == "item":
            self._file(payload, entry.folders if isinstance(entry, Link) else None)
        self.merged += times - 1
        for name, value in payload.items():
            if isinstance(value, datetime) and value.tzinfo is not None:
                # PostgreSQL knows fewer zones than Python.
                payload[name] = value.astimezone(UTC)
        row_id = _id_at(payload["created_at"], len(self._rows))
        given_id = given.get("id")
        given_id = given_id.lower() if isinstance(given_id, str) else None
        if entity == "item" and given_id is not None:
            self._new_ids[given_id] = row_id
        self._rows.append(
            {"entity": entity, "row_id": row_id, "payload": payload, "given_id": given_id}
        )

    def _follow(self, feed: Subscription) -> None:
        """Take a feed; in the first of the folders that it is in."""
        names = feed.tags if not self._are_tags else tags([*feed.tags, *feed.folder])
        try:
            payload = _feed({"url": feed.url, "name": feed.name, "tags": names})
        except ValidationError as error:
            self.refused += 1
            self._say(feed.place, said_of_address(feed.url, error, "url"), feed.url)
            return
        if payload["url"] in self._followed:
            self.merged += 1
            return
        self._followed.add(payload["url"])
        payload["line"] = feed.place
        paths = [feed.folder] if self._are_folders else []
        payload["folders"] = self.folders.numbers_of(paths)
        row_id = _id_at(self._now, len(self._rows))
        self._rows.append(
            {"entity": "feed", "row_id": row_id, "payload": payload, "given_id": None}
        )

    def _file(self, item: Row, paths: Sequence[Path] | None) -> None:
        """Put an item into its folders: those of its link, which are among its tags already if
        they are tags, or else its own."""
        if paths is None:
            paths = [path(names) for names in item["folders"]]
            if self._are_tags:
                item["tags"] += tags(name for names in paths for name in names)
        item["folders"] = self.folders.numbers_of(paths) if self._are_folders else []

    def _say(self, place: int, message: str, address: Any = None) -> None:
        if len(self.mistakes) < MOST_MISTAKES:
            shown = readable(address[:_SHOWN]) if isinstance(address, str) else None
            self.mistakes.append({"line": place, "message": message, "address": shown})


def _given(entry: Link | Portable) -> Row:
    """An entry in the form of the API."""
    if isinstance(entry, Portable):
        return entry.entry
    given = {
        "source_url": entry.source_url,
        "raw_text": entry.raw_text,
        "title": entry.title,
        "summary": entry.summary,
        "tags": entry.tags,
        "content": entry.content,
        "language": entry.language,
        "author": entry.author,
        "is_read": entry.is_read or None,
        "is_favourite": entry.is_favourite or None,
        "annotations": entry.annotations or None,
        "published_at": written(entry.published),
        "created_at": written(entry.added),
    }
    # What is left out costs no check.
    return {name: value for name, value in given.items() if value is not None}


def _item(entry: Row, now: datetime, *, enrich: bool) -> Row:
    """The columns of an item. Raises ValidationError."""
    item: Row = _ITEM.load(entry)
    url = item["source_url"]
    if item["source_type"] is None:
        item["source_type"] = "note" if url is None else "article"
    if is_blank(item["raw_text"] or " "):
        item["raw_text"] = None
    if item["status"] is None:
        item["status"] = "enriching" if enrich else "confirmed"
    if item["written_fields"] is None:
        item["written_fields"] = [name for name in WRITTEN_FIELDS if item[name] is not None]
    if item["status"] == "confirmed" and item["title"] is None:
        text = item["raw_text"] or url
        item["title"] = first_line(text)
    for suggestion in item["suggestions"]:
        suggestion["confidence"] = round(suggestion["confidence"], 6)
    item["page_hash"] = None if url is None else "\\x" + page_hash(url).hex()
    _times(item, now)
    if item["status"] == "confirmed":
        item["confirmed_at"] = item["confirmed_at"] or item["created_at"]
    for number, annotation in enumerate(item["annotations"]):
        annotation["created_at"] = annotation.get("created_at") or item["created_at"]
        _times(annotation, now)
        annotation["id"] = _id_at(annotation["created_at"], number)
        if annotation.get("quote") is not None:
            annotation["color"] = annotation.get("color") or "yellow"
    return item


def _task(entry: Row, now: datetime) -> Row:
    """The columns of a task. Raises ValidationError."""
    task: Row = _TASK.load(entry)
    is_completed = task.pop("completed")
    task["status"] = "completed" if is_completed else "pending"
    _times(task, now)
    task["remind_at"] = reminder(task)
    if task["remind_at"] is not None and task["remind_at"] <= now:
        task["reminded_at"] = task["reminded_at"] or now
    task["completed_at"] = (task["completed_at"] or task["updated_at"]) if is_completed else None
    return task


def _feed(feed: Row) -> Row:
    """The columns of a feed. Raises ValidationError."""
    given: Row = _FEED.load(feed)
    given["url"] = without_fragment(given["url"])
    return given


def _times(row: Row, now: datetime) -> None:
    """Nothing was created or changed later than now."""
    row["created_at"] = min(row["created_at"] or now, now)
    row["updated_at"] = min(row.get("updated_at") or row["created_at"], now)


def _id_at(moment: datetime, number: int) -> str:
    """A UUIDv7 for a time in the past, so that imported things are sorted by their age. Things of
    the same age keep their order, at least among 4,096."""
    milliseconds = int(moment.timestamp() * 1000)
    random = int.from_bytes(os.urandom(8)) >> 2
    return str(
        uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | (number & 0xFFF) << 64 | 0b10 << 62 | random)
    )
