"""What benchmarks put into a database still fits its tables: they are rarely run themselves."""

from __future__ import annotations

import pytest

from benchmarks import authentication, search
from benchmarks.http import rows


@pytest.mark.long
@pytest.mark.parametrize("fill", [rows.fill, authentication.fill, search.prepare])
def test_a_benchmark_can_fill_its_database(owner, fill):
    assert fill(owner)
