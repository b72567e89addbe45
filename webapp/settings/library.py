"""Items, their pages, and imported files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.settings.declaration import at_least, setting
from webapp.settings.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake


@dataclass(frozen=True, kw_only=True)
class Library(Environment):
    """Items and imports."""

    trash_kept_days: int = setting(
        30,
        check=at_least(0),
        about="How many days discarded items stay in the trash; 0 keeps them forever.",
    )
    import_max_bytes: int = setting(
        50_000_000,
        check=at_least(1),
        about="""
        The largest file that can be imported, in bytes. A web process holds two in memory at most.
        """,
    )
    archive_max_bytes: int = setting(
        2_000_000_000,
        check=at_least(1),
        about="""
        The largest archive of a workspace that can be imported, in bytes. It is kept until it is
        imported, without counting towards the quota; the documents in it do.
        """,
    )
    archive_kept_days: int = setting(
        7,
        check=at_least(1),
        about="How many days an archive of a workspace can be downloaded.",
    )
    fetch_allow_loopback: bool = setting(
        False,
        about="""
        Lets pages, feeds and connections to drives be at loopback addresses. For tests;
        refused in production.
        """,
    )

    def mistakes(self) -> Iterator[Mistake]:
        if self.in_production and self.fetch_allow_loopback:
            yield "FETCH_ALLOW_LOOPBACK", "only for tests; refused in production"
