"""Samples from elsewhere, if they are there: see docs/dependencies.md."""

import json
from pathlib import Path
from typing import Any

import pytest


def samples_folder() -> Path | None:
    """`shared/samples` next to this checkout or to one of its parent folders."""
    for parent in Path(__file__).resolve().parents:
        if (found := parent.parent / "shared" / "samples").is_dir():
            return found
    return None


@pytest.fixture(scope="session")
def samples() -> Path:
    found = samples_folder()
    if found is None:
        pytest.skip("the samples are not beside this checkout")
    return found


@pytest.fixture(scope="session")
def manifest(samples: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((samples / "manifest.json").read_text())
    return entries
