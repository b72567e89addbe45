"""Remind of tasks: at their time, by an event and by mail.

A task is marked as reminded of in the transaction that writes the event and the mail, so each is
there once, whatever happens to a worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from sql import queries
from workers.engine.job import Again
from workers.engine.kind import Clients, Kind
from workers.terminal.command import command_for

if TYPE_CHECKING:
    from sql.connection import Connection
    from webapp.settings import Settings
    from workers.engine.job import Job

# Tasks in one transaction: each writes an event and perhaps a mail.
BATCH: Final = 1_000

log = structlog.get_logger("workers")


class _WithSettings(Clients):
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


def save(conn: Connection, job: Job, sends_mail: bool) -> bool | Again:
    reminded = queries.tasks.remind(conn, limit=BATCH, sends_mail=sends_mail)
    if reminded:
        log.info("reminded", work=job, tasks=reminded)
    return Again() if reminded == BATCH else True


remind_tasks = Kind(
    name="remind_tasks",
    open_clients=_WithSettings,
    work=lambda _, clients: clients.settings.sends_mail,
    save=save,
)

command = command_for([remind_tasks], __doc__)

if __name__ == "__main__":
    command()
