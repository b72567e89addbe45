"""`make tokens-demo` tells the whole story of ten tokens, and leaves nothing running."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demos import tokens as demo
from demos.failure import DemoError
from tests import anvil as chain
from tests import databases

PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder():
    """A folder for all that is written, which the demonstration must leave as empty."""
    with databases.temporary_folder() as folder:
        yield folder


@pytest.fixture
def told(folder, tmp_path):
    """The demonstration, as a terminal starts it; its lines are read from `stdout`."""
    if chain.program() is None:
        pytest.skip("the chain's node is not installed: npm ci --prefix tests/chain")
    with subprocess.Popen(
        [sys.executable, "-m", "demos.tokens", tmp_path / "told"],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        if process.poll() is None:
            process.terminate()


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_ten_tokens_are_revealed_and_checked(told, tmp_path, folder):
    said = told.communicate(timeout=300)[0]
    assert told.returncode == 0, said
    assert "  10 revealed\n" in said
    assert "All 10 are on the chain" in said
    assert len(list((tmp_path / "told").glob("*.png"))) == 10
    assert not list(folder.iterdir())


@pytest.mark.parametrize("line", ["A chain runs", "A Coffer of its own", "7 tokens were minted"])
def test_it_tidies_up_when_it_is_stopped(told, folder, line):
    reached = next(each for each in told.stdout if each.startswith(line))
    ports = map(int, re.findall(r":(\d+)\b", reached))
    os.killpg(told.pid, signal.SIGINT)
    said = told.communicate(timeout=60)[0]
    assert told.returncode == 128 + signal.SIGINT
    assert "Traceback" not in said
    assert not any(map(is_open, ports))
    assert not list(folder.iterdir())


def test_without_npm_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(chain, "FOLDER", tmp_path)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DemoError, match="npm is missing"):
        demo.main(tmp_path)
