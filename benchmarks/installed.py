"""What a benchmark installs in addition to the project, in `.bench/` of the checkout.

It is separate from the project's own environment, so that no library of a peer can get into that,
and each benchmark has its own. Files in the repository pin every version.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

PROJECT: Final = Path(__file__).parent.parent
FOLDER: Final = PROJECT / ".bench"

_INSTALL_SECONDS: Final = 600


class Missing(Exception):
    """Something that the benchmark needs is not on this machine; the message says what."""


class PythonEnvironment:
    """A virtual environment with the packages that one requirements file pins."""

    def __init__(self, name: str, requirements: Path) -> None:
        self._name = name
        self._folder = FOLDER / name
        self._requirements = requirements
        self.python = self._folder / "bin" / "python"

    def make(self) -> None:
        """Install it if it is missing or out of date. Raises Missing."""
        if is_ready(self._name, [self._requirements]):
            return
        say(f"Installing the peers written in Python into {self._folder} ...")
        shutil.rmtree(self._folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", self._folder)
        quiet = ("-q", "--disable-pip-version-check", "--no-deps")
        run(self.python, "-m", "pip", "install", *quiet, "-r", self._requirements)
        mark(self._name, [self._requirements])

    def versions(self, *names: str) -> list[str]:
        """Some of the pinned libraries, for the head of a report."""
        lines = self._requirements.read_text().splitlines()
        pins = dict(line.split("==") for line in lines if "==" in line)
        return [f"{name} {pins[name]}" for name in names]


def run(*command: str | Path) -> None:
    """Run one step of an installation. Raises Missing if it fails."""
    FOLDER.mkdir(exist_ok=True)
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


def is_ready(name: str, files: Iterable[Path]) -> bool:
    """Whether something was installed from these files as they are now."""
    stamp = FOLDER / f"{name}.ready"
    return stamp.exists() and stamp.read_text() == _digest(files)


def mark(name: str, files: Iterable[Path]) -> None:
    """Note that something was installed from these files."""
    (FOLDER / f"{name}.ready").write_text(_digest(files))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _digest(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
