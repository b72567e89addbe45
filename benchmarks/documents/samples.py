"""The real files that the documents benchmarks use, if they are there.

They are in the folder `shared/samples` next to the checkout or next to one of its parent folders:
files from the test suites of Apache Tika (Apache-2.0) and others, with the right answers. They are
not part of the project.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.installed import PROJECT, Missing

if TYPE_CHECKING:
    from pathlib import Path


def folder() -> Path:
    """The folder with the samples. Raises Missing."""
    for parent in PROJECT.parents:
        if (found := parent / "shared" / "samples").is_dir():
            return found
    raise Missing("there is no folder shared/samples beside this checkout")


def strings() -> dict[Path, list[str]]:
    """What must be found in each of 75 files."""
    place = folder()
    known: dict[str, list[str]] = json.loads((place / "strings.json").read_text())
    return {place / "strings" / name: expected for name, expected in known.items()}


def with_true_endings() -> list[Path]:
    """Files whose extension says what they are."""
    place = folder()
    manifest: list[dict[str, Any]] = json.loads((place / "manifest.json").read_text())
    listed = [
        place / entry["file"] for entry in manifest if not entry["file"].startswith("refuse/")
    ]
    return sorted({*listed, *strings()})


def pdfs() -> list[Path]:
    """Public documents with a lot of text."""
    return sorted((folder() / "icdar2013").glob("*.pdf"))
