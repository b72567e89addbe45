"""The peers' environment: made when it is missing or out of date.

`requirements.txt` and `package-lock.json` pin every version.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from benchmarks.installed import FOLDER, Missing, PythonEnvironment, is_ready, mark, run, say

MODULES: Final = FOLDER / "node_modules"

_HERE: Final = Path(__file__).parent
_PACKAGES: Final = (_HERE / "package.json", _HERE / "package-lock.json")
_PYTHON: Final = PythonEnvironment("venv", _HERE / "requirements.txt")

PYTHON: Final = _PYTHON.python


def make(*, python: bool, node: bool) -> None:
    """Install the requested halves of the environment if they are missing. Raises Missing."""
    if python:
        _PYTHON.make()
    if node and not is_ready("node", _PACKAGES):
        if shutil.which("npm") is None:
            raise Missing("npm is not on PATH; leave Graphile Worker out with --peers")
        say("Installing the peer written in JavaScript into .bench ...")
        FOLDER.mkdir(exist_ok=True)
        for file in _PACKAGES:
            shutil.copy(file, FOLDER)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        mark("node", _PACKAGES)


def variables(url: str) -> dict[str, str]:
    """A driver's environment variables: its database and its modules, but none of our settings."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NODE_PATH": str(MODULES),
        "NODE_ENV": "production",
        "BENCH_DATABASE_URL": url,
    }


def versions() -> str:
    """The pinned peers and what they run on, for the head of a report."""
    peers = ("procrastinate", "pgqueuer", "asyncpg", "psycopg", "uvloop")
    named = _PYTHON.versions(*peers)
    pinned = json.loads(_PACKAGES[0].read_text())["dependencies"]
    named += [f"{name} {version}" for name, version in pinned.items()]
    return ", ".join([*named, f"Python {sys.version.split()[0]}"])
