"""Where documents are kept, and how much of them."""

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
        Where the files of documents are kept: a folder of this machine, file:///var/lib/coffer, or
        a bucket that speaks S3. Without a key, Amazon's own variables and machines are asked. By
        default the folder `data` where the process was started (`.dev/objects` in development). On
        a platform whose disk goes with each release, name a bucket. S3 takes pip install '.[s3]'.
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
        about="How many bytes of documents a user may have, versions and the trash included.",
    )

    def mistakes(self) -> Iterator[Mistake]:
        if self.storage_url.startswith("s3:") and find_spec("obstore") is None:
            yield "STORAGE_URL", "S3 takes obstore, which is not installed; pip install '.[s3]'"
