"""`make dev`: a migrated database of our own, everything of Procfile.dev, and an end to both.

With DATABASE_URL set that database is used, and none is started.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from sql import server
from sql.migrate import migrate
from webapp import settings


def main() -> int:
    """Run the processes of Procfile.dev with a database; return honcho's exit code."""
    embedded = None
    if not settings.names_a_database():
        embedded = server.Server(server.folder_for(settings.PROJECT))
        embedded.start()
        server.provide(
            embedded.url(),
            database=settings.DEVELOPMENT_DATABASE,
            owner=settings.DEVELOPMENT_OWNER_ROLE,
            app_role=settings.DEVELOPMENT_APP_ROLE,
            password=embedded.password(),
        )
    try:
        loaded = settings.load()
        migrate(loaded.database_migrate_url, app_url=loaded.database_url)
        _say(f"PostgreSQL: {loaded.database_url}")
        # honcho would choose port 5000 of its own accord.
        honcho = Path(sys.executable).with_name("honcho")
        return _run([honcho, "-f", "Procfile.dev", "start", "-p", str(loaded.port)])
    finally:
        if embedded is not None:
            embedded.stop()


def _run(command: list[str | Path]) -> int:
    """Run a command to its end. It gets the terminal's Ctrl-C itself, and our SIGTERM from us."""
    with subprocess.Popen(command) as process:
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except settings.SettingsError as error:
        sys.exit("\n  ".join(["These settings are wrong:", *error.mistakes]))
    except (server.ServerError, psycopg.Error) as error:
        sys.exit(f"No database: {error}")
