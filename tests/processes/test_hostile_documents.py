"""Documents that try to harm their reader do not keep ordinary ones from being read."""

from __future__ import annotations

import http.client
import json

import pytest

from tests.parsing.documents.conftest import samples  # noqa: F401 -- a fixture
from tests.processes import eventually, running, serving

ORDINARY = 10
# The answers to a file of a type that is not read, and to an empty one.
NOT_TAKEN = (415, 422)


def upload(api, content, name):
    conn = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    conn.request(
        "POST",
        f"/api/documents?name={name}",
        content,
        {"X-Dev-User-Id": "ana", "Content-Type": "application/octet-stream"},
    )
    answer = conn.getresponse()
    body = json.loads(answer.read())
    conn.close()
    return answer.status, body.get("id")


@pytest.fixture
def running_coffer(database, settings):
    """The web, and a worker for all kinds of work."""
    more = {"STORAGE_URL": settings.storage_url}
    with (
        serving(database, **more) as api,
        running("coffer", "work", database=database, **more) as worker,
    ):
        yield api, worker


def test_hostile_files_end_with_a_reason_and_the_others_are_read(
    running_coffer,
    samples,  # noqa: F811 -- the fixture
):
    api, worker = running_coffer
    hostile = [*(samples / "made").iterdir(), *(samples / "refuse").iterdir()]
    ordinary = sorted((samples / "icdar2013").glob("*.pdf"))[:ORDINARY]
    ids = {}
    for path in (*hostile, *ordinary):
        status, ids[path] = upload(api, path.read_bytes(), path.name)
        assert status in (201, *NOT_TAKEN), (path.name, status)
    documents = {path: f"/api/documents/{each}" for path, each in ids.items() if each is not None}

    def found(path):
        return api("GET", documents[path])[2]

    eventually(lambda: all(found(path)["status"] == "ready" for path in ordinary), seconds=300)
    eventually(
        lambda: all(found(path)["status"] in ("ready", "failed") for path in documents), seconds=600
    )
    for path in documents:
        if (document := found(path))["status"] == "failed":
            assert document["error_code"] in (
                *("encrypted", "damaged", "too_complex", "unsupported", "empty"),
            ), path.name
        else:
            text = api("GET", f"{documents[path]}/text")[2]["text"]
            assert "root:x:0" not in text
    assert worker.poll() is None, worker.log()
