"""Keeps files nowhere else: they are in the database, and served from there under their CID."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from webapp.clients.ipfs.contract import File


class EmbeddedStore:
    """The store of a Coffer that knows no other. Whoever stores a file keeps it in the database
    anyway, with what it belongs to."""

    service: ClassVar[str] = "embedded"

    def store(self, file: File) -> None:
        pass

    def close(self) -> None:
        pass
