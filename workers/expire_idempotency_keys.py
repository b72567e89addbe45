"""Expire idempotency keys: remove the answers kept for more than a day."""

# P5.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from sql import queries
from workers.command import command_for
from workers.kind import Kind

if TYPE_CHECKING:
    from sql.connection import Connection
    from workers.kind import Job

log = structlog.get_logger("workers")

# Rows in one transaction: few enough to be done in well under a second. What is left over is next
# in ten minutes, so a million keys a day are kept up with.
_BATCH = 10_000


def load(conn: Connection, job: Job) -> bool:  # noqa: ARG001  # there is nothing to read
    return True


def save(conn: Connection, job: Job, result: Any) -> bool:  # noqa: ARG001
    expired = queries.idempotency_keys.expire(conn, limit=_BATCH)
    log.info("expired", idempotency_keys=expired)
    return True


expire_idempotency_keys = Kind(name="expire_idempotency_keys", load=load, save=save)

command = command_for([expire_idempotency_keys], __doc__)

if __name__ == "__main__":
    command()
