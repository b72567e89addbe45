"""A web server for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site
