"""yoyo on PostgreSQL, waiting for locks no longer than others can bear."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

# Whoever asks for a table after a migration that waits for it waits behind the migration.
LOCK_TIMEOUT: Final = "2s"


class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo tells no types
    """Each of its connections gives up on a lock after LOCK_TIMEOUT."""

    def init_connection(self, connection: Any) -> None:
        super().init_connection(connection)
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (LOCK_TIMEOUT,))

    @contextmanager
    def disable_transactions(self) -> Iterator[None]:
        """For migrations that ask for it, such as CREATE INDEX CONCURRENTLY: that waits for others
        without holding them up, and would leave an invalid index if it gave up."""
        with super().disable_transactions():  # which sets the timeout again
            self.execute("SET lock_timeout = 0")
            yield
