"""Chooses the store that the settings name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from webapp.clients.storage.contract import Store

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FORM: Final = "must be file:///folder or s3://bucket?endpoint=https://..."
_OPTIONS: Final = ("endpoint", "region", "internal")


def store_from(url: str) -> Store:
    """The store that STORAGE_URL names. Raises ValueError as `check_url` does."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc or parts.query or not parts.path.startswith("/"):
            raise ValueError("must name an absolute folder, such as file:///var/lib/coffer")
        from webapp.clients.storage.local import LocalStore

        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme != "s3":
        raise ValueError(_FORM)
    bucket = parts.netloc.rpartition("@")[2]
    if not _BUCKET.fullmatch(bucket):
        raise ValueError("must name a bucket: 3 to 63 of a-z, 0-9, '.' and '-'")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("must have both a key and its secret before the @, or neither")
    try:
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise ValueError(_FORM) from None
    if unknown := options.keys() - set(_OPTIONS):
        raise ValueError(f"takes {', '.join(_OPTIONS)} after the ?, not {', '.join(unknown)}")
    if options.get("internal", "true") != "true":
        raise ValueError("takes internal=true, or no internal")
    endpoint = options.get("endpoint")
    if endpoint is not None and urlsplit(endpoint).scheme not in ("http", "https"):
        raise ValueError("the endpoint must begin with https:// or http://")
    from webapp.clients.storage.s3 import S3Store

    return S3Store(
        bucket,
        prefix=parts.path,
        endpoint=endpoint,
        is_internal="internal" in options,
        **({"region": options["region"]} if "region" in options else {}),
        key_pair=(unquote(parts.username or ""), unquote(parts.password or ""))
        if parts.username is not None
        else None,
    )


def check_url(url: str) -> None:
    """Raise ValueError, with a sentence that does not quote `url`, unless it names a store."""
    store_from(url)
