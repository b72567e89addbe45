"""The child processes of this process."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def children() -> set[int]:
    """The ids of those that were started and not yet waited for.

    They are not read from `/proc/self/task/*/children`, where the children of a thread that ends
    are missing for a moment.
    """
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended in the meantime
            # The name, in brackets, may contain anything.
            _, parent, *_ = (process / "stat").read_text().rpartition(")")[2].split()
            if int(parent) == os.getpid():
                found.add(int(process.name))
    return found
