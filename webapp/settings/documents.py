"""Where documents are stored, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.clients.storage import choice
from webapp.settings.database import PROJECT
from webapp.settings.declaration import at_least, setting
from webapp.settings.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class Documents(Environment):
    """Documents and their store."""

    storage_url: str = setting(
        (Path.cwd() / "data").as_uri(),
        derived=lambda found: (
            PROJECT / ".dev" / "objects"
            if found.environment == "development"
            else Path.cwd() / "data"
        ).as_uri(),
        check=choice.check_url,
        secret=True,
        example="s3://KEY:SECRET@bucket?endpoint=https://s3.example.com&region=eu-central-1",
        about="""
        Where the files of documents are stored: a folder on this machine (file:///var/lib/coffer)
        or an S3 bucket, with internal=true if clients do not reach its endpoint. Without a key in
        the URL, Amazon's usual variables and roles are used. By
        default the folder `data` where the process was started (`.dev/objects` in development). On
        a platform that loses its disk with each release, use a bucket, which needs
        pip install '.[s3]'.
        """,
    )
    document_max_bytes: int = setting(
        100_000_000,
        check=at_least(1),
        about="The largest document, in bytes.",
    )
    quota_bytes: int = setting(
        100_000_000,
        check=at_least(0),
        about="How many bytes of documents a user may store, including versions and the trash.",
    )

    def mistakes(self) -> Iterator[Mistake]:
        if self.storage_url.startswith("s3:") and find_spec("obstore") is None:
            yield "STORAGE_URL", "S3 needs obstore, which is not installed: pip install '.[s3]'"
