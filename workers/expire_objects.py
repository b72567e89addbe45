"""Expire objects: remove those whose upload never finished, and documents whose file never came."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


# As long as an address for a file is valid.
_TIME_TO_ARRIVE = timedelta(hours=1)


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    documents: int = queries.presigned.give_up(conn, time=_TIME_TO_ARRIVE, limit=BATCH)
    objects: int = queries.objects.give_up(conn, limit=BATCH)
    return max(documents, objects)


expire_objects = maintenance("expire_objects", remove)

command = command_for([expire_objects], __doc__)

if __name__ == "__main__":
    command()
