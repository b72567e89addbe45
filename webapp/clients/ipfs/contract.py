"""What every store of IPFS guarantees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from webapp.failure import Failure


class IpfsError(Failure):
    """A file is not in the store, at least not now.

    `slows_down` says that the store wants nobody to send it anything for `retry_after` seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        slows_down: bool = False,
    ) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after)
        self.slows_down = slows_down


class AnotherCid(IpfsError):
    """The store has made another CID of the same bytes. What was announced would lead nowhere, and
    another attempt would end the same way."""

    def __init__(self, service: str, wanted: str, made: str) -> None:
        super().__init__(
            f"{service} has stored the file as {made[:100]} rather than {wanted}: it cuts files"
            " into blocks in another way than IPFS_PROFILE says.",
            permanent=True,
        )


@dataclass(frozen=True, slots=True)
class File:
    """A file to store, and the CID that its bytes have. `name` is for people who look at the
    store."""

    cid: str
    name: str
    media_type: str
    data: bytes


class Store(Protocol):
    """Keeps files in IPFS. Thread-safe; it connects at its first use."""

    # As in the column `service` of ipfs_upload_records.
    service: ClassVar[str]

    def store(self, file: File) -> None:
        """Return once the store keeps the file under its CID. It may have had it before. Raises
        IpfsError."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...
