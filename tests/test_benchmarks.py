"""What benchmarks put into a database still fits its tables: they are rarely run themselves."""

from __future__ import annotations

import importlib

import pytest

from benchmarks import authentication, search
from benchmarks.consumers import changes
from benchmarks.http import rows


@pytest.mark.long
def test_pages_of_changes_can_be_measured(database):
    with database.connect(role="admin") as conn:
        assert changes.fill(conn, 1000) == 1000
        assert conn.execute("SELECT count(*) FROM events").fetchone() == (1000,)


@pytest.mark.long
@pytest.mark.parametrize("fill", [rows.fill, authentication.fill, search.prepare])
def test_a_benchmark_can_fill_its_database(owner, fill):
    assert fill(owner)


def test_the_engine_can_be_measured():
    """It makes results of workers, whose form may change."""
    assert importlib.import_module("benchmarks.engine.coffer_engine")
