"""Each store, newly made; the same tests hold them to the same contract."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.s3_server import s3_server
from webapp.clients.storage.choice import store_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.clients.storage.contract import Store


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server on loopback that speaks S3."""
    with s3_server() as address:
        yield address


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.processes)])
def store(request: pytest.FixtureRequest, tmp_path) -> Store:
    if request.param == "local":
        url = f"file://{tmp_path}/objects"
    else:
        endpoint = request.getfixturevalue("s3_endpoint")
        url = f"s3://key:secret@bucket-{uuid4()}/below/here?endpoint={endpoint}"
    made = store_from(url)
    made.prepare()
    return made
