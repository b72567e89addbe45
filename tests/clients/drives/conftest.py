"""Each drive, newly made; the same tests hold them to the same contract."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.fakes.drive import FakeDrive, fake
from tests.fakes.google import FakeGoogle
from tests.fakes.graph import FakeGraph
from tests.webdav_server import PASSWORD, USER, WebDavServer, webdav_server
from webapp.clients.drives.contract import Drive
from webapp.clients.drives.google import GoogleDrive
from webapp.clients.drives.graph import OneDrive
from webapp.clients.drives.webdav import WebDavDrive
from webapp.clients.public.gate import Gate


@dataclass
class Elsewhere:
    """A drive, and what its owner can do there without us."""

    drive: Drive
    # Puts a file into a folder, or the topmost one.
    put: Callable[..., None]
    make_folder: Callable[[str], str]
    # After this, the credentials are no longer accepted.
    lock_out: Callable[[], None]
    names: Callable[[], list[str]]
    has_unique_names: bool = True


@pytest.fixture(scope="session")
def running_webdav(tmp_path_factory) -> Iterator[WebDavServer]:
    with webdav_server(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture
def webdav(running_webdav) -> Iterator[Elsewhere]:
    root = running_webdav.folder / str(uuid4())
    root.mkdir()

    def put(name: str, content: bytes, folder: str = "") -> None:
        (root / folder / name).write_bytes(content)

    def make_folder(name: str) -> str:
        (root / name).mkdir()
        return name

    address = f"{running_webdav.url}/{root.name}"
    drive = WebDavDrive(address, USER, PASSWORD, Gate(allow_loopback=True))
    with contextlib.ExitStack() as stack:
        yield Elsewhere(
            drive=drive,
            put=put,
            make_folder=make_folder,
            lock_out=lambda: stack.enter_context(running_webdav.locked()),
            names=lambda: sorted(path.name for path in root.iterdir()),
        )
    drive.close()


def elsewhere_on(server, drive) -> Elsewhere:
    """A drive on a fake server, with a token that works until it is locked out."""

    def put(name: str, content: bytes, folder: str = "") -> None:
        server.add(name, content, folder or "root")

    return Elsewhere(
        drive=drive,
        put=put,
        make_folder=lambda name: server.add(name, None).id,
        lock_out=server.access.clear,
        names=server.names,
    )


@dataclass
class Tokens:
    """A token, which is replaced when it is rejected, as long as there are others left."""

    server: FakeDrive
    current: str = ""
    left: int = 0

    def __post_init__(self) -> None:
        self.current = self.server.grant()["access_token"]

    def __call__(self, rejected: str | None = None) -> str:
        if rejected is not None and self.left > 0:
            self.left -= 1
            self.current = self.server.grant()["access_token"]
        return self.current


@pytest.fixture
def google_server():
    with fake(FakeGoogle) as server:
        yield server


@pytest.fixture
def google(google_server) -> Iterator[Elsewhere]:
    drive = GoogleDrive(Tokens(google_server), base=google_server.url)
    made = elsewhere_on(google_server, drive)
    made.has_unique_names = False
    yield made
    drive.close()


@pytest.fixture
def graph_server():
    with fake(FakeGraph) as server:
        yield server


@pytest.fixture
def graph(graph_server) -> Iterator[Elsewhere]:
    gate = Gate(allow_loopback=True)
    drive = OneDrive(Tokens(graph_server), gate, base=graph_server.url)
    yield elsewhere_on(graph_server, drive)
    drive.close()


@pytest.fixture(params=["webdav", "google", "graph"])
def elsewhere(request: pytest.FixtureRequest) -> Elsewhere:
    return request.getfixturevalue(request.param)
