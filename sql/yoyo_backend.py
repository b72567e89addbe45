"""yoyo on PostgreSQL, with a limit on how long it waits for locks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

# Anybody who needs a table that a migration waits for queues behind the migration.
LOCK_TIMEOUT: Final = "2s"


class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo has no type hints
    """Its connections give up on a lock after LOCK_TIMEOUT."""

    def init_connection(self, connection: Any) -> None:
        super().init_connection(connection)
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_TIMEOUT,))

    @contextmanager
    def disable_transactions(self) -> Iterator[None]:
        """For migrations that request it, such as CREATE INDEX CONCURRENTLY: that waits for others
        without blocking them, and would leave an invalid index if it gave up."""
        with super().disable_transactions():  # this sets the timeout again
            self.execute("SET lock_timeout = 0")
            yield
