"""A WebDAV server, and connections to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.blueprints.documents.conftest import upload  # noqa: F401
from tests.webdav_server import PASSWORD, USER, WebDavServer, webdav_server


@dataclass(frozen=True)
class Folder:
    """A folder on the server that one test has to itself."""

    url: str
    path: Path
    server: WebDavServer

    def put(self, name: str, content: bytes) -> None:
        (self.path / name).write_bytes(content)

    def names(self) -> list[str]:
        return sorted(each.name for each in self.path.iterdir())


@pytest.fixture(scope="session")
def running_webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDavServer]:
    with webdav_server(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture
def cloud(running_webdav: WebDavServer) -> Folder:
    path = running_webdav.folder / str(uuid4())
    path.mkdir()
    return Folder(f"{running_webdav.url}/{path.name}", path, running_webdav)


@pytest.fixture
def connect(cloud: Folder) -> Callable[..., Any]:
    """Connects a client to the server; gives the answer."""

    def send(client: Any, **changes: Any) -> Any:
        body = {"provider": "webdav", "name": "Scans", "base_url": cloud.url, "user": USER}
        return client.post("/api/connections", json=body | {"password": PASSWORD} | changes)

    return send
