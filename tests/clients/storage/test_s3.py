"""The store in a bucket, and what its server may do wrong."""

from __future__ import annotations

import socket
import time

import httpx2
import pytest

from webapp.clients.storage.choice import store_from
from webapp.clients.storage.contract import StorageError


@pytest.mark.processes
def test_a_bucket_in_another_region_is_made_there(s3_endpoint):
    address = f"s3://key:secret@far-away?endpoint={s3_endpoint}&region=eu-central-1"
    store_from(address).prepare()
    where = httpx2.get(f"{s3_endpoint}/far-away?location")
    assert "eu-central-1</LocationConstraint>" in where.text


@pytest.mark.processes
def test_two_prefixes_of_a_bucket_do_not_meet(s3_endpoint):
    one, other = (
        store_from(f"s3://key:secret@shared-bucket/{prefix}?endpoint={s3_endpoint}")
        for prefix in ("one", "one-more")
    )
    one.prepare()
    other.prepare()
    one.put("a", [b"1"])
    other.put("a", [b"22"])
    assert [(each.key, each.bytes) for each in one.objects()] == [("a", 1)]
    assert [(each.key, each.bytes) for each in other.objects()] == [("a", 2)]


@pytest.mark.long
def test_a_server_that_is_away_is_reported_within_seconds_and_without_secrets():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    store = store_from(f"s3://key:hunter2@bucket?endpoint=http://127.0.0.1:{port}")
    began = time.monotonic()
    with pytest.raises(StorageError) as away:
        store.size("a")
    assert not away.value.permanent
    assert time.monotonic() - began < 30
    assert "hunter2" not in f"{away.value}{store!r}{away.value.__context__}"
    with pytest.raises(StorageError):
        store.prepare()
    with pytest.raises(StorageError):
        store.put("a", [b"x"])
