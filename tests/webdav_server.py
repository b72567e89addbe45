"""A real WebDAV server on loopback, wsgidav, over a folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cheroot.wsgi import Server
from wsgidav.fs_dav_provider import FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp

USER, PASSWORD = "ana", "an app password: with a colon"


@dataclass(frozen=True)
class WebDavServer:
    """The address of the server, and the folder that it serves."""

    url: str
    folder: Path
    passwords: dict[str, dict[str, str]]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Change the password within the block."""
        self.passwords[USER]["password"] = "another"
        try:
            yield
        finally:
            self.passwords[USER]["password"] = PASSWORD


@contextmanager
def webdav_server(folder: Path) -> Iterator[WebDavServer]:
    logging.getLogger("wsgidav").setLevel(logging.CRITICAL)
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/files": FilesystemProvider(str(folder))},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_digest": False, "default_to_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    server = Server(("127.0.0.1", 0), app, numthreads=4)
    server.shutdown_timeout = 0
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        port = server.bind_addr[1]
        passwords = app.config["simple_dc"]["user_mapping"]["*"]
        yield WebDavServer(f"http://127.0.0.1:{port}/files", folder, passwords)
    finally:
        server.stop()
        thread.join()
