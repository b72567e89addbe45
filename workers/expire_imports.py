"""Expire imports: remove those that ended thirty days ago, and what is left of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sql import queries
from workers.engine.maintenance import BATCH, maintenance
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings

# Each may have many rows.
_AT_ONCE: Final = 20


def remove(conn: Connection, settings: Settings) -> int:  # noqa: ARG001
    removed: int = queries.imports.expire(conn, limit=_AT_ONCE)
    return BATCH if removed == _AT_ONCE else removed


expire_imports = maintenance("expire_imports", remove)

command = command_for([expire_imports], __doc__)

if __name__ == "__main__":
    command()
