"""Services on loopback, and what calls them."""

from __future__ import annotations

import pytest

from tests.fakes.replicate import TOKEN, FakeReplicate
from tests.fakes.vendor import running
from webapp.clients.images.pictures import Pictures
from webapp.clients.images.replicate import Replicate
from webapp.clients.public.gate import Gate


@pytest.fixture(scope="session")
def pictures():
    made = Pictures()
    yield made
    made.close()


@pytest.fixture
def service():
    with running(FakeReplicate()) as server:
        yield server


@pytest.fixture
def replicate(service, pictures):
    made = Replicate(
        *(TOKEN, "black-forest-labs/flux-schnell", pictures),
        base=service.base,
        hosts=("127.0.0.1",),
        gate=Gate(allow_loopback=True),
    )
    yield made
    made.close()
