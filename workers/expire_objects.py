"""Expire objects: remove those whose upload never finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    given_up: int = queries.objects.give_up(conn, limit=BATCH)
    return given_up


expire_objects = maintenance("expire_objects", remove)

command = command_for([expire_objects], __doc__)

if __name__ == "__main__":
    command()
