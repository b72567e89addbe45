"""Normalize addresses: bring those of older items into the form that is compared now.

Queued once, by the migration that came with the form. Items that turn out to be the same page stay
what they are; a new capture of the page finds the oldest of them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sql import queries
from webapp.rules.same_page import page_hash
from workers.engine.job import Again
from workers.engine.kind import Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from workers.engine.job import Job

# Rows per transaction: about a fifth of a second.
BATCH: Final = 2_000


def save(conn: Connection, job: Job, _: object) -> bool | Again:  # noqa: ARG001
    """Renew the next items; Again while there are more."""
    found = queries.item_addresses.in_old_form(conn, limit=BATCH)
    hashes: list[bytes | None] = []
    for item in found:
        hashes.append(None)
        with suppress(ValueError):  # what was an address for an earlier version
            hashes[-1] = page_hash(item["source_url"])
    queries.item_addresses.renew(conn, ids=[item["id"] for item in found], page_hashes=hashes)
    return Again() if found else True


normalize_addresses = Kind(name="normalize_addresses", save=save)

command = command_for([normalize_addresses], __doc__)

if __name__ == "__main__":
    command()
