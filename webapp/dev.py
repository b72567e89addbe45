"""`make dev`: run a migrated database of our own and everything in Procfile.dev, then stop both.

With DATABASE_URL set, that database is used and none is started.
"""

from __future__ import annotations

import contextlib
import fcntl
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from sql import provision, server
from sql.migrate import MigrationError, migrate
from webapp import settings
from webapp.settings import database

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds until honcho has started its processes; a signal before that breaks it.
_HONCHO_STARTS: Final = 1.0


class StartError(Exception):
    """Nothing was started; the message says why."""


def main() -> int:
    """Run the processes of Procfile.dev with a database; return honcho's exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    folder = server.folder_for(database.PROJECT)
    embedded = server.Server(folder)
    with _only_one(folder), contextlib.ExitStack() as ours:
        if not settings.names_a_database():
            # One that is already running was left behind, and something may still use it; so we
            # only take it over once we are sure to run.
            if embedded.pid() is None:
                ours.callback(embedded.stop)
            embedded.start()
            provision.provide(
                embedded.url(),
                database=database.DEVELOPMENT_DATABASE,
                owner=database.DEVELOPMENT_OWNER_ROLE,
                app_role=database.DEVELOPMENT_APP_ROLE,
                password=embedded.password(),
            )
        loaded = settings.load()
        _check_port(loaded.port)
        ours.callback(embedded.stop)  # does nothing if none of ours runs
        try:
            migrate(loaded.database_migrate_url, app_url=loaded.database_url)
        except psycopg.ProgrammingError as error:
            said = f"The database cannot be migrated: {error.diag.message_primary}"
            raise StartError(_with_advice(said, embedded)) from None
        except MigrationError as error:
            raise StartError(_with_advice(str(error), embedded)) from None
        _say(f"The database for psql: {loaded.database_url}")
        # honcho gives each process its own port; mails must name the web's.
        address = folder.with_name(f"{folder.name}.env")
        address.write_text(f"PUBLIC_URL={loaded.public_url}\n")
        return _run_honcho(loaded.port, address)


def _with_advice(said: str, embedded: server.Server) -> str:
    if settings.names_a_database():
        return said
    return f"{said}\nIf you do not need its data, remove {embedded.folder} and start again."


def _leave(*_: object) -> None:
    raise SystemExit(0)


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Allow one `make dev` per checkout: a second one would stop the first one's database."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError("`make dev` is already running in this checkout.") from None
        yield


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise StartError(
                f"Port {port} is in use, perhaps by an earlier `make dev` that was killed. Stop "
                f"that process, or choose another port: PORT={port + 1} make dev"
            ) from None


def _run_honcho(port: int, more: Path) -> int:
    """Run honcho, with `more` in addition to .env, until it ends or we are told to stop.

    It gets its own session: we pass Ctrl-C on when honcho can handle it.
    """
    honcho = Path(sys.executable).with_name("honcho")
    # honcho would choose port 5000 of its own accord.
    command: list[str | Path] = [honcho, "-f", "Procfile.dev", "-e", f".env,{more}"]
    command += ["start", "-p", str(port)]
    began = time.monotonic()
    with subprocess.Popen(command, start_new_session=True) as running:
        try:
            return running.wait()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # we are already stopping
            time.sleep(max(0.0, began + _HONCHO_STARTS - time.monotonic()))
            running.terminate()
            running.wait()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except settings.SettingsError as error:
        sys.exit("\n  ".join(["These settings are wrong:", *error.mistakes]))
    except StartError as error:
        sys.exit(str(error))
    except (server.ServerError, psycopg.Error) as error:
        sys.exit(f"No database: {error}")
