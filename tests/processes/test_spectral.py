"""The API's description, as judged by Spectral: the npm package, which tests/spectral/ pins.

`make test-all` installs it if npm is there; without it, the test is skipped.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "spectral"


def test_spectral_finds_nothing_in_the_description(client, tmp_path):
    program = FOLDER / "node_modules" / ".bin" / "spectral"
    if shutil.which("node") is None or not program.exists():
        pytest.skip("Spectral is not installed: npm ci --prefix tests/spectral")
    description = tmp_path / "openapi.json"
    description.write_bytes(client.get("/api/openapi.json").data)
    judged = subprocess.run(
        [
            program,
            "lint",
            "--ruleset",
            FOLDER / "ruleset.yaml",
            "--fail-severity=hint",
            description,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
