"""Check feeds: fetch them, and make items of the entries that are new.

Entries are told apart by their ids, or else their addresses. The first check takes the newest 50,
later ones what was not seen before, whatever became of it: what somebody discarded does not come
back. The entries, the items and the time of the next check are one transaction. A feed that fails
is checked later and later; one that is gone for good is stopped.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sql import queries
from webapp.clients.public.gate import Gate
from webapp.clients.web.contract import Feed, FetchError, UnchangedFeed
from webapp.clients.web.feeds import FeedFetcher, check_reader
from webapp.filing import item_rules
from webapp.rules.same_page import page_hash
from workers.engine import progress
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sql.connection import Connection
    from webapp.clients.web.contract import Entry
    from webapp.rules.filing import Rule
    from webapp.settings import Settings
    from workers.engine.job import Job

    Row = dict[str, Any]

# Entries that become items: of a feed that is new here, and in one later check. A feed that has
# more that are new has changed how it names them, or means no good.
MOST_FIRST: Final = 50
MOST_LATER: Final = 500
# Entries that are remembered when they are no longer in the feed.
KEPT: Final = 1_000
# Feeds of one workspace that are fetched at once in a process, so that those that hang leave
# threads for others.
_OF_ONE: Final = 4

_UNDATED: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outside(Clients):
    """The web."""

    feeds: FeedFetcher

    def close(self) -> None:
        self.feeds.close()


@dataclass(frozen=True, slots=True)
class Checked:
    """A feed as it was loaded, and what was found."""

    row: Row
    found: Feed | UnchangedFeed | FetchError


def open_clients(settings: Settings) -> Outside:
    return Outside(FeedFetcher(Gate(allow_loopback=settings.fetch_allow_loopback)))


def load(conn: Connection, jobs: Sequence[Job]) -> Mapping[UUID, Row]:
    feeds = queries.feeds.load(conn, ids=[job.subject_id for job in jobs])
    return {each["id"]: each for each in feeds}


def check(row: Row, clients: Outside) -> Checked:
    """The work itself."""

    def reading() -> None:
        progress.report(0, None, doing="reading the feed")

    reading()
    try:
        return Checked(
            row,
            clients.feeds.fetch(
                row["url"],
                etag=row["etag"],
                last_modified=row["last_modified"],
                from_page=row["read_at"] is None,
                on_wait=reading,
            ),
        )
    except FetchError as error:
        return Checked(row, error)


def save(conn: Connection, job: Job, checked: Checked) -> bool:
    found, row = checked.found, checked.row
    # What others may hold is held in the order in which they do: folders, the feed, then pages,
    # and tags before items.
    rules = item_rules.active(conn, job.workspace_id)
    own_folders = [row["folder_id"]] if row["folder_id"] else []
    item_rules.hold_folders(conn, job.workspace_id, rules, own_folders)
    feed = queries.feeds.lock(conn, id=job.subject_id)
    if feed is None:
        return False
    if isinstance(found, FetchError):
        _note_failure(conn, feed, found)
        return True
    whose = {"id": feed["id"], "workspace_id": feed["workspace_id"]}
    if queries.feeds.is_followed(conn, url=found.url, **whose):
        error = f"It is now at an address that another feed here has: {found.url}"
        queries.feeds.stop(conn, id=feed["id"], error=error)
        return True
    if isinstance(found, Feed):
        entries = _by_hash(found.entries)
        taken = _noted(conn, feed, found, entries)
        added = _add(conn, feed, taken, rules)
        item_rules.apply(conn, job.workspace_id, rules, added)
    queries.feeds.note_check(conn, id=feed["id"], url=found.url)
    return True


def _noted(conn: Connection, feed: Row, found: Feed, entries: dict[bytes, Entry]) -> list[Entry]:
    """Note what a feed has; returns those of its entries that become items, the oldest first."""
    queries.feeds.note_read(
        conn,
        id=feed["id"],
        title=found.title,
        site_url=found.site_url,
        etag=found.etag,
        last_modified=found.last_modified,
    )
    fresh = queries.feeds.see(
        conn,
        id=feed["id"],
        entries=list(entries),
        pages=[_page(each) for each in entries.values()],
    )
    queries.feeds.forget_entries(conn, id=feed["id"], kept=KEPT)
    return _newest([each["entry"] for each in fresh], entries, feed)


def _note_failure(conn: Connection, feed: Row, error: FetchError) -> None:
    if error.rule == "gone":
        queries.feeds.stop(conn, id=feed["id"], error=str(error))
    else:
        queries.feeds.note_failure(
            conn, id=feed["id"], error=str(error), retry_after=error.retry_after or 0.0
        )


def _by_hash(entries: Sequence[Entry]) -> dict[bytes, Entry]:
    """The entries by what tells them apart, the first of those that are alike."""
    found: dict[bytes, Entry] = {}
    for entry in entries:
        name = entry.id or entry.url or f"{entry.title}\n{entry.text}"
        found.setdefault(hashlib.sha256(name.encode(errors="replace")).digest(), entry)
    return found


def _page(entry: Entry) -> bytes | None:
    return page_hash(entry.url) if entry.url else None


def _newest(fresh: list[bytes], entries: dict[bytes, Entry], feed: Row) -> list[Entry]:
    """The newest entries, the oldest of them first. What is dated in the future is as new as what
    is dated now; without dates, the first in the feed are the newest."""
    now = datetime.now(UTC)
    places = {entry: place for place, entry in enumerate(entries)}

    def age(entry: bytes) -> tuple[datetime, int]:
        return min(entries[entry].published_at or _UNDATED, now), -places[entry]

    most = MOST_FIRST if feed["read_at"] is None else MOST_LATER
    return [entries[entry] for entry in sorted(fresh, key=age)[-most:]]


def _add(
    conn: Connection, feed: Row, entries: Sequence[Entry], rules: Sequence[Rule]
) -> list[UUID]:
    """Make items of entries, one of those with the same page; returns their ids."""
    once = list({_page(each) or index: each for index, each in enumerate(entries)}.values())
    if not once:
        return []
    mine = {"workspace_id": feed["workspace_id"]}
    pages = [_page(each) for each in once]
    queries.feeds.hold_pages(conn, **mine, pages=[page for page in pages if page is not None])
    item_rules.hold_tags(conn, feed["workspace_id"], rules, feed["tags"])
    added = queries.feeds.add_items(
        conn,
        **mine,
        created_by=feed["created_by"],
        urls=[each.url for each in once],
        pages=pages,
        raw_texts=[None if each.url else each.text or each.title for each in once],
        titles=[each.title for each in once],
    )
    item_ids = [each["id"] for each in added]
    if feed["tags"]:
        queries.tags.attach(conn, **mine, item_ids=item_ids, names=feed["tags"])
    if feed["folder_id"] is not None:
        queries.folder_items.put(conn, **mine, item_ids=item_ids, folder_ids=[feed["folder_id"]])
    return item_ids


check_feeds = Kind(
    name="check_feeds",
    entity="feed",
    check=check_reader,
    open_clients=open_clients,
    load=load,
    work=check,
    save=save,
    # For what is no fault of the feed's: the feed's own are results.
    delays=(0, 60, 600),
    # Longer than the 20 s for a feed and the 20 s for its parser, each perhaps twice.
    lease=120,
    waits=2,
    share=lambda clients, workspace_id: _OF_ONE,  # noqa: ARG005
)

command = command_for([check_feeds], __doc__)

if __name__ == "__main__":
    command()
