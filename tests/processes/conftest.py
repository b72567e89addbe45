"""Everything in this folder is in the second tier; docs/testing.md explains the tiers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiers import left_out

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return "processes" in left_out(config.option.markexpr) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("processes")
