"""Clients, each against servers that hang, lie or break off: in the second tier, as docs/testing.md
explains. The web server for tests that ask for one is here too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.site import Site
from tests.tiers import left_out

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return "long" in left_out(config.option.markexpr) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("long")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site
