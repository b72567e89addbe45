"""A WebDAV server, connections to it, and uploads, as for tests over HTTP."""

from __future__ import annotations

from tests.blueprints.documents.conftest import upload  # noqa: F401
from tests.blueprints.drives.conftest import cloud, connect, running_webdav  # noqa: F401
