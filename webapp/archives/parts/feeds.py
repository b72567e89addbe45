"""Feeds, with the entries that were seen in them: what was seen there is not new here."""

from __future__ import annotations

import re
from typing import Any, Final

from sql import queries
from webapp.archives.checks import check_columns
from webapp.archives.part import Part
from webapp.rules.web_address import parts_of, without_fragment
from webapp.schemas.library.feeds import NewFeed

# As many as the API lets a workspace have: each is asked for again and again.
_MOST: Final = 500

_HASH: Final = re.compile(r"\\x[0-9a-f]{64}")


def _check(row: dict[str, Any]) -> None:
    """It is a feed that the API would follow, and what was seen in it are hashes."""
    check_columns(row, NewFeed())
    row["url"] = without_fragment(row["url"])
    if row.get("site_url") is not None:
        parts_of(row["site_url"])
    for seen in row["entries"]:
        for digest in (seen["entry"], seen["page"]):
            if digest is not None and not _HASH.fullmatch(digest):
                raise ValueError("Its entries are not as they should be.")


PART: Final = Part(
    name="feeds",
    tables=("feeds", "feed_entries"),
    permission="workspace:feeds:read",
    # One may have seen thousands of entries.
    batch=10,
    read=queries.archived_feeds.read,
    taken=queries.archived_feeds.taken,
    same=queries.archived_feeds.same,
    add=queries.archived_feeds.add,
    references={"folder_id": "folders"},
    lists=("entries",),
    check=_check,
    most=(_MOST, queries.archived_feeds.count),
)
