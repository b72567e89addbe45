"""Checks that released migrations do not change: `python -m sql.released`, or `make freeze`.

A database does not apply a migration twice, so a change to a released one only reaches new
databases. `migrations/released.sha256` has the digests of the released ones, in the format of
`sha256sum --check`, and a test compares them. Rollbacks may be changed.
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Final

from sql.migrate import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path

RELEASED: Final = "released.sha256"


def mistakes(folder: Path) -> list[str]:
    """What is wrong with released migrations, a sentence each."""
    now = _digests(folder)
    said = []
    for name, digest in _released(folder).items():
        if name not in now:
            said.append(
                f"{name} was released and is missing, but databases have applied it. Restore it, "
                "and undo its changes in a new migration."
            )
        elif now[name] != digest:
            said.append(
                f"{name} was released and has changed: databases that have it will not get the "
                "change. Restore it, and put the change into a new migration."
            )
    return said


def freeze(folder: Path) -> list[str]:
    """Mark every migration as released; return the names of the new ones. Those that were released
    before keep their digests."""
    released, now = _released(folder), _digests(folder)
    new = [name for name in now if name not in released]
    lines = [f"{digest}  {name}\n" for name, digest in sorted((now | released).items())]
    (folder / RELEASED).write_text("".join(lines))
    return new


def _released(folder: Path) -> dict[str, str]:
    file = folder / RELEASED
    if not file.exists():
        return {}
    pairs = [line.split() for line in file.read_text().splitlines()]
    return {name: digest for digest, name in pairs}


def _digests(folder: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.glob("*.sql"))
        if not file.name.endswith(".rollback.sql")
    }


if __name__ == "__main__":
    if said := mistakes(MIGRATIONS):
        sys.exit("\n".join(said))
    for name in freeze(MIGRATIONS):
        sys.stdout.write(f"released {name}\n")
