"""Which store an address names, and which addresses are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.clients.storage.choice import check_url, store_from
from webapp.clients.storage.local import LocalStore


def test_a_folder_may_have_spaces():
    store = store_from("file:///var/lib/my%20coffer")
    assert isinstance(store, LocalStore)
    assert repr(store) == f"LocalStore({str(Path('/var/lib/my coffer'))!r})"


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket",
        "s3://bucket/prefix/below",
        "s3://key:secret@bucket?endpoint=http://127.0.0.1:9000&region=eu-west-1",
        "s3://key:se%2Fcret@bucket",
    ],
)
def test_a_bucket(url):
    check_url(url)
    assert "cret" not in repr(store_from(url))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must be file"),
        ("/var/lib/coffer", "must be file"),
        ("ftp://x", "must be file"),
        ("file://host/folder", "an absolute folder"),
        ("file:relative", "an absolute folder"),
        ("s3://", "must name a bucket"),
        ("s3://UPPER", "must name a bucket"),
        ("s3://key@bucket", "both a key and its secret"),
        ("s3://bucket?endpoint", "must be file"),
        ("s3://bucket?endpont=https://x", "takes endpoint, region, internal"),
        ("s3://bucket?endpoint=minio:9000", "must begin with https"),
    ],
)
def test_what_names_no_store(url, said):
    with pytest.raises(ValueError, match=said):
        check_url(url)
