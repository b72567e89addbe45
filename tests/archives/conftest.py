"""Archives for tests: written and put back by workers, over HTTP."""

from __future__ import annotations

import time
from typing import Any

import pytest

from workers.read_archives import read_archives
from workers.write_archives import write_archives


def _until_done(running: Any, owner: Any, kind: str) -> None:
    until = time.monotonic() + 60
    left = "SELECT last_error FROM outbox WHERE kind = %s"
    while found := owner.execute(left, (kind,)).fetchone():
        assert found == (None,)
        assert time.monotonic() < until
        if not running.round():
            time.sleep(0.01)


@pytest.fixture
def write(worker: Any, owner: Any) -> Any:
    """Has a person's archive written; gives its bytes."""

    def write(person: Any, **more: Any) -> bytes:
        asked = person.client.post("/api/archives", **more)
        assert asked.status_code == 202, asked.json
        _until_done(worker(write_archives), owner, "write_archives")
        shown = person.client.get(asked.headers["Location"], **more).json
        assert (shown["status"], shown["error"], shown["missing"]) == ("ready", None, []), shown
        answer = person.client.get(f"{asked.headers['Location']}/download", buffered=True, **more)
        assert answer.status_code == 200
        assert len(answer.data) == shown["bytes"]
        return bytes(answer.data)

    return write


@pytest.fixture
def put(worker: Any, owner: Any) -> Any:
    """Imports an archive for a person; gives the import as it ended."""

    def put(person: Any, archive: bytes, **more: Any) -> Any:  # also has `go_on` and `path`
        asked = person.client.post(
            "/api/imports/archive", data=archive, content_type="application/zip", **more
        )
        assert asked.status_code == 201, asked.json
        put.path = asked.headers["Location"]
        return go_on(person, **more)

    def go_on(person: Any, **more: Any) -> Any:
        _until_done(worker(read_archives), owner, "read_archives")
        return person.client.get(put.path, **more).json

    put.go_on = go_on
    return put
