"""Released migrations stay as they are."""

from __future__ import annotations

import hashlib

import pytest

from sql import released
from sql.migrate import MIGRATIONS


@pytest.fixture
def folder(tmp_path):
    """Two migrations that were released."""
    for name in ("0001-a", "0002-b"):
        (tmp_path / f"{name}.sql").write_text(f"SELECT '{name}';")
        (tmp_path / f"{name}.rollback.sql").write_text("SELECT 0;")
    released.freeze(tmp_path)
    return tmp_path


def test_released_migrations_are_what_they_were():
    assert released.mistakes(MIGRATIONS) == []


def test_where_nothing_was_released_nothing_is_held(tmp_path):
    (tmp_path / "0001-a.sql").write_text("SELECT 1;")
    assert released.mistakes(tmp_path) == []


def test_the_file_is_what_sha256sum_reads(folder):
    digest = hashlib.sha256(b"SELECT '0001-a';").hexdigest()
    assert (folder / released.RELEASED).read_text().splitlines()[0] == f"{digest}  0001-a.sql"


def test_a_change_and_a_loss_are_reported_with_what_to_do(folder):
    (folder / "0001-a.sql").write_text("SELECT 2;")
    (folder / "0002-b.sql").unlink()
    changed, missing = released.mistakes(folder)
    assert changed.startswith("0001-a.sql was released and has changed")
    assert missing.startswith("0002-b.sql was released and is missing")
    assert "new migration" in changed
    assert "new migration" in missing


def test_new_migrations_and_rollbacks_may_change_until_the_next_release(folder):
    (folder / "0003-c.sql").write_text("SELECT 3;")
    (folder / "0001-a.rollback.sql").write_text("SELECT 1;")
    assert released.mistakes(folder) == []
    assert released.freeze(folder) == ["0003-c.sql"]
    (folder / "0003-c.sql").write_text("SELECT 4;")
    assert len(released.mistakes(folder)) == 1


def test_freezing_again_forgives_nothing(folder):
    (folder / "0001-a.sql").write_text("SELECT 2;")
    assert released.freeze(folder) == []
    assert len(released.mistakes(folder)) == 1
