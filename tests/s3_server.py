"""A server that speaks S3 on loopback: moto, in its own process and environment.

`make test-all` makes the environment; without it, the tests that need it are skipped.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "s3"
PYTHON = FOLDER / ".venv" / "bin" / "python"


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of the server. Skips the test if it is not installed."""
    if not PYTHON.exists():
        pytest.skip("the S3 server is not installed: make tests/s3/.venv/ready")
    with subprocess.Popen(
        [PYTHON, FOLDER / "server.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            # Before the address, it prints that it is starting.
            address = next((line for line in process.stdout if line.startswith("http")), None)
            if address is None:
                pytest.fail("The S3 server did not start.")
            yield address.strip()
        finally:
            process.kill()
