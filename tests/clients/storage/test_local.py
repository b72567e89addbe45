"""The store in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from webapp.clients.storage.contract import StorageError
from webapp.clients.storage.local import LocalStore

KEY = "user/document/one.pdf"


@pytest.fixture
def store(tmp_path):
    made = LocalStore(tmp_path / "objects")
    made.prepare()
    return made


def files(store: LocalStore, tmp_path: Path) -> list[str]:
    return sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file())


def test_nobody_else_can_read_it(store, tmp_path):
    store.put(KEY, [b"secret"])
    for each in (tmp_path / "objects").rglob("*"):
        assert each.stat().st_mode & 0o077 == 0, each


def test_deleting_leaves_no_empty_folders(store, tmp_path):
    store.put(KEY, [b"x"])
    store.delete([KEY])
    assert [each.name for each in (tmp_path / "objects").iterdir()] == [".unfinished"]


def test_a_process_that_is_killed_leaves_nothing_but_what_tidying_removes(store, tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from webapp.clients.storage.local import LocalStore\n"
        "def chunks():\n"
        "    yield b'x' * 1000000\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "    yield b'y'\n"
        f"LocalStore(Path(sys.argv[1])).put({KEY!r}, chunks())"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "objects"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(store.objects()) == []
    (left,) = files(store, tmp_path)
    assert left.startswith("objects/.unfinished/")
    assert store.tidy(timedelta(hours=1)) == 0
    old = (tmp_path / left).stat().st_mtime - 7200
    os.utime(tmp_path / left, (old, old))
    assert store.tidy(timedelta(hours=1)) == 1
    assert files(store, tmp_path) == []


def test_a_full_disk_is_reported_and_leaves_nothing(store, tmp_path, monkeypatch):
    # Linux's device that is always full, instead of the unfinished file.
    monkeypatch.setattr(store, "_create", lambda path: Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115
    with pytest.raises(StorageError, match="No space left on device") as full:
        store.put(KEY, [b"x"])
    assert not full.value.permanent
    assert list(store.objects()) == []


def test_a_missing_folder_is_reported_by_check_and_listing(tmp_path):
    gone = LocalStore(tmp_path / "nowhere")
    with pytest.raises(StorageError, match="nowhere"):
        gone.check()
    with pytest.raises(StorageError, match="nowhere"):
        next(iter(gone.objects()))
