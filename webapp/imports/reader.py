"""Parses an imported file into the rows that the database adds; runs in a child process.

The input is a line of JSON, `{"format": …, "enrich": …, "now": …}`, followed by the file. The
output is JSON lines: first `{"total", "refused", "mistakes"}`, then lists of rows, each with its
`number`, `entity`, `row_id` and `payload`, the columns of the item or task that it becomes.
"""

from __future__ import annotations

import os
import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
from marshmallow import ValidationError

from webapp.imports import bookmarks, series
from webapp.imports.entries import MOST_TAGS, ItemEntry, TaskEntry
from webapp.rules.due import reminder
from webapp.rules.first_line import first_line
from webapp.rules.same_page import normalized, page_hash
from webapp.schemas.common import MAX_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = dict[str, Any]

MOST_ROWS: Final = 200_000
MOST_MISTAKES: Final = 50
# Rows that one statement adds to the database.
_LINE: Final = 500

_CHARSET: Final = re.compile(rb"charset=[\"']?([\w-]+)", re.IGNORECASE)

_ITEM: Final = ItemEntry()
_TASK: Final = TaskEntry()


def main(data: bytes) -> bytes:
    """What `webapp.parsing.child` calls."""
    head, _, file = data.partition(b"\n")
    given = orjson.loads(head)
    now = datetime.fromisoformat(given["now"])
    entries = _of_bookmarks(file) if given["format"] == "bookmarks" else _of_lines(file)
    rows: list[Row] = []
    given_ids: dict[Any, str] = {}
    mistakes: list[Row] = []
    refused = 0
    for place, entity, entry in entries:
        if len(rows) >= MOST_ROWS:
            mistakes.append({"line": place, "message": f"Not read: more than {MOST_ROWS} entries."})
            break
        try:
            if entity == "item":
                payload = _item(entry, now, enrich=given["enrich"])
            else:
                payload = _task(entry, now)
        except ValidationError as error:
            refused += 1
            if len(mistakes) < MOST_MISTAKES:
                mistakes.append({"line": place, "message": _said(error)})
            continue
        for name, value in payload.items():
            if isinstance(value, datetime) and value.tzinfo is not None:
                # PostgreSQL knows fewer zones than Python.
                payload[name] = value.astimezone(UTC)
        row_id = _id_at(payload["created_at"], len(rows))
        given_id = entry.get("id") if isinstance(entry, dict) else None
        given_id = given_id.lower() if isinstance(given_id, str) else None
        if entity == "item" and given_id is not None:
            given_ids[given_id] = row_id
        rows.append({"entity": entity, "row_id": row_id, "payload": payload, "given_id": given_id})
    series.link([row for row in rows if row["entity"] == "task"])
    # Items come first, so that tasks find them by their new ids.
    rows.sort(key=lambda row: row["entity"] == "task")
    for number, row in enumerate(rows):
        row["number"] = number
        del row["given_id"]
        if row["entity"] == "task" and row["payload"]["item_id"] is not None:
            about = str(row["payload"]["item_id"])
            row["payload"]["item_id"] = given_ids.get(about, about)
    summary = {"total": len(rows), "refused": refused, "mistakes": mistakes}
    lines = [rows[begin : begin + _LINE] for begin in range(0, len(rows), _LINE)]
    return b"\n".join(orjson.dumps(line, option=orjson.OPT_UTC_Z) for line in (summary, *lines))


def _of_bookmarks(file: bytes) -> Iterator[tuple[int, str, Row | str]]:
    """The links of a file, each page once: with all its tags, and the oldest date."""
    pages: dict[str, Row] = {}
    folded: dict[str, set[str]] = {}
    for number, link in enumerate(bookmarks.read(_decoded(file)), start=1):
        page = _page(link["source_url"])
        known = pages.get(page)
        if known is None:
            if len(pages) > MOST_ROWS:
                break
            pages[page] = {"number": number, **link}
            folded[page] = {tag.casefold() for tag in link["tags"]}
            continue
        for tag in link["tags"]:
            if len(known["tags"]) < MOST_TAGS and tag.casefold() not in folded[page]:
                folded[page].add(tag.casefold())
                known["tags"].append(tag)
        known["added"] = min(filter(None, (known["added"], link["added"])), default=None)
    for link in pages.values():
        added = link.pop("added")
        if added is not None:
            link["created_at"] = datetime.fromtimestamp(added, UTC).isoformat()
        yield link.pop("number"), "item", link | {"source_type": "article"}


def _page(url: str) -> str:
    """The key that addresses of the same page share; for an address that will be refused, the
    address."""
    try:
        return normalized(url) if len(url) <= MAX_URL else url
    except ValueError:
        return url


def _decoded(file: bytes) -> str:
    """The text of a file: UTF-8 if it is valid, otherwise as declared, otherwise the browsers'
    default."""
    try:
        return file.decode("utf-8-sig")
    except UnicodeDecodeError:
        said = _CHARSET.search(file[:2000])
    try:
        return file.decode(said[1].decode() if said else "cp1252", errors="replace")
    except LookupError:
        return file.decode("cp1252", errors="replace")


def _of_lines(file: bytes) -> Iterator[tuple[int, str, Row | str]]:
    """The entries of JSON lines, as exported; a text in place of an invalid one."""
    for number, line in enumerate(file.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield number, "item", "The line is not valid JSON."
            continue
        if not isinstance(entry, dict):
            yield number, "item", "The line is not a JSON object."
            continue
        entity = entry.pop("type", "item")
        if entity == "end":
            continue
        if entity not in ("item", "task"):
            yield number, "item", "The type is neither item nor task."
        else:
            yield number, str(entity), _refusal(entry) or entry


def _checked(entry: Row | str) -> Row:
    if isinstance(entry, str):
        raise ValidationError(entry)
    return entry


def _item(entry: Row | str, now: datetime, *, enrich: bool) -> Row:
    """The columns of an item. Raises ValidationError."""
    item: Row = _ITEM.load(_checked(entry))
    url = item["source_url"]
    if item["source_type"] is None:
        item["source_type"] = "note" if url is None else "article"
    if item["raw_text"] is not None and not item["raw_text"].strip():
        item["raw_text"] = None
    if item["status"] is None:
        item["status"] = "enriching" if enrich else "confirmed"
    if item["status"] == "confirmed" and item["title"] is None:
        text = item["raw_text"] or url
        item["title"] = first_line(text)
    for suggestion in item["suggestions"]:
        suggestion["confidence"] = round(suggestion["confidence"], 6)
    item["page_hash"] = None if url is None else "\\x" + page_hash(url).hex()
    _times(item, now)
    if item["status"] == "confirmed":
        item["confirmed_at"] = item["confirmed_at"] or item["created_at"]
    return item


def _task(entry: Row | str, now: datetime) -> Row:
    """The columns of a task. Raises ValidationError."""
    task: Row = _TASK.load(_checked(entry))
    is_completed = task.pop("completed")
    task["status"] = "completed" if is_completed else "pending"
    _times(task, now)
    task["remind_at"] = reminder(task)
    if task["remind_at"] is not None and task["remind_at"] <= now:
        task["reminded_at"] = task["reminded_at"] or now
    task["completed_at"] = (task["completed_at"] or task["updated_at"]) if is_completed else None
    return task


def _times(row: Row, now: datetime) -> None:
    """Nothing was created or changed later than now."""
    row["created_at"] = min(row["created_at"] or now, now)
    row["updated_at"] = min(row["updated_at"] or row["created_at"], now)


def _id_at(moment: datetime, number: int) -> str:
    """A UUIDv7 for a time in the past, so that imported things are sorted by their age. Things of
    the same age keep their order, at least among 4,096."""
    milliseconds = int(moment.timestamp() * 1000)
    random = int.from_bytes(os.urandom(8)) >> 2
    return str(
        uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | (number & 0xFFF) << 64 | 0b10 << 62 | random)
    )


def _refusal(entry: Row) -> str | None:
    """Why an entry cannot be read at all."""
    try:
        return "Contains U+0000, which cannot be stored." if _has_nul(entry) else None
    except RecursionError:
        return "Is nested too deeply."


def _has_nul(value: Any) -> bool:
    """Whether it contains a character that the database does not accept."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_has_nul(each) for each in value)


def _said(error: ValidationError) -> str:
    """The mistakes of an entry in one line."""
    if isinstance(error.messages, dict):
        return "; ".join(
            f"{field}: {_first(messages)}" for field, messages in error.messages.items()
        )[:500]
    return str(_first(error.messages))[:500]


def _first(messages: Any) -> str:
    while isinstance(messages, (list, dict)) and messages:
        messages = messages[0] if isinstance(messages, list) else next(iter(messages.values()))
    return str(messages)
