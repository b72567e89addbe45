"""Objects in an S3 bucket: Amazon's, MinIO's, and many others'.

It uses obstore. Its own retries (ten, over three minutes) are cut to what a waiting caller can
bear; longer waits are handled by retrying the work. It must not be used before a fork, so it is
created at the first use in each process.
"""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from webapp.clients.storage.contract import CHUNK, NoObject, StorageError, Stored, checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from obstore.store import S3Store as Bucket

# S3 requires parts of 5 MiB or more; an upload only has a few of them in memory.
_PART: Final = 5 * 1024 * 1024
_PARTS_AT_ONCE: Final = 2
# How much of an object stays in memory until all of it is here.
_IN_MEMORY: Final = 1024 * 1024
# S3 deletes up to a thousand in one request.
_DELETED_AT_ONCE: Final = 1000
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_READ_TIMEOUT: Final = timedelta(seconds=20)
_RETRIES: Final = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}
_FIRST_REGION: Final = "us-east-1"


class S3Store:
    """The store in a bucket, below a prefix; `prepare` creates both if they are missing.

    Without a key pair, obstore looks for one where Amazon's own programs do: in the variables
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or on the machine. If clients do not reach the
    endpoint (`is_internal`), it gives them no addresses.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str | None = None,
        region: str = _FIRST_REGION,
        key_pair: tuple[str, str] | None = None,
        is_internal: bool = False,
    ) -> None:
        self._name = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._endpoint = endpoint
        self._region = region
        self._key_pair = key_pair
        self._is_internal = is_internal
        self._lock = threading.Lock()
        self._made: Bucket | None = None

    def __repr__(self) -> str:
        return f"S3Store({self._name!r}, prefix={self._prefix!r}, endpoint={self._endpoint!r})"

    @property
    def is_shared(self) -> bool:
        return True

    def prepare(self) -> None:
        import httpx2
        import obstore

        try:
            self.check()
        except StorageError:
            pass
        else:
            return
        # obstore cannot create buckets, but it can sign the request that does.
        with self._troubles():
            url = obstore.sign(self._bucket(), "PUT", "", timedelta(minutes=1))
        try:
            made = httpx2.put(url, content=self._constraint(), timeout=20.0, trust_env=False)
        except httpx2.HTTPError as error:
            raise StorageError(f"The store does not answer ({type(error).__name__}).") from None
        # 409: it already exists and is ours; another process was as quick.
        if not made.is_success and made.status_code != 409:
            raise StorageError(
                f"The bucket {self._name} does not exist and cannot be created (HTTP"
                f" {made.status_code}).",
                permanent=True,
            )
        self.check()

    def check(self) -> None:
        import obstore

        with self._troubles():
            for _ in obstore.list(self._bucket(), prefix=self._prefix, chunk_size=1):
                break

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        import obstore

        place = self._place(key)
        # S3 keeps the parts of an upload that breaks off, and obstore leaves them, so that nothing
        # is sent before all of it is here: chunks may come from a client who stops in the middle.
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="coffer-object-") as file:
            for chunk in chunks:
                try:
                    file.write(chunk)
                except OSError as error:
                    raise _full(error) from None
            file.seek(0)
            with self._troubles():
                obstore.put(
                    self._bucket(),
                    place,
                    cast("BinaryIO", file),
                    use_multipart=True,
                    chunk_size=_PART,
                    max_concurrency=_PARTS_AT_ONCE,
                )

    def copy(self, key: str, to: str) -> None:
        import obstore

        place, target = self._place(key), self._place(to)
        with self._troubles(key=key):
            obstore.copy(self._bucket(), place, target)

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        import obstore

        place = self._place(key)
        if end is not None and end <= start:
            return
        wanted: Any = {"offset": start} if end is None else (start, end)
        with self._troubles(key=key):
            options: Any = {"range": wanted} if start or end is not None else None
            found = obstore.get(self._bucket(), place, options=options)
            for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    def open(self, key: str) -> BinaryIO:
        file = cast("BinaryIO", tempfile.TemporaryFile(buffering=0))  # noqa: SIM115
        try:
            for chunk in self.read(key):
                file.write(chunk)
            file.seek(0)
        except OSError as error:
            file.close()
            raise _full(error) from None
        except BaseException:
            file.close()
            raise
        return file

    def size(self, key: str) -> int | None:
        import obstore

        place = self._place(key)
        try:
            with self._troubles(key=key):
                return obstore.head(self._bucket(), place)["size"]
        except NoObject:
            return None

    def delete(self, keys: Iterable[str]) -> None:
        import obstore

        places = [self._place(key) for key in keys]
        for start in range(0, len(places), _DELETED_AT_ONCE):
            with self._troubles():
                obstore.delete(self._bucket(), places[start : start + _DELETED_AT_ONCE])

    def objects(self, after: str = "") -> Iterator[Stored]:
        import obstore

        offset = self._prefix + after if after else None
        with self._troubles():
            for page in obstore.list(self._bucket(), prefix=self._prefix, offset=offset):
                for found in page:
                    key = found["path"].removeprefix(self._prefix)
                    yield Stored(key, found["size"], found["last_modified"])

    def tidy(self, older_than: timedelta) -> int:  # noqa: ARG002
        # The bucket itself has to remove parts of interrupted uploads, by a lifecycle rule.
        return 0

    def upload_url(self, key: str, seconds: int) -> str | None:
        return self._signed("PUT", key, seconds)

    def download_url(self, key: str, seconds: int) -> str | None:
        return self._signed("GET", key, seconds)

    def _signed(self, method: Any, key: str, seconds: int) -> str | None:
        import obstore

        if self._is_internal:
            return None
        place = self._place(key)
        with self._troubles():
            return obstore.sign(self._bucket(), method, place, timedelta(seconds=seconds))

    def _place(self, key: str) -> str:
        return self._prefix + checked(key)

    def _constraint(self) -> bytes:
        """The location of a new bucket; the first region is the one that must not be named."""
        if self._region == _FIRST_REGION:
            return b""
        return (
            b'<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            b"<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>"
        ) % self._region.encode()

    def _bucket(self) -> Bucket:
        from obstore.store import S3Store as Bucket

        with self._lock:
            if self._made is None:
                more: dict[str, Any] = {"region": self._region}
                if self._endpoint is not None:
                    more["endpoint"] = self._endpoint
                if self._key_pair is not None:
                    more["access_key_id"], more["secret_access_key"] = self._key_pair
                self._made = Bucket(
                    self._name,
                    client_options={
                        "allow_http": (self._endpoint or "").startswith("http:"),
                        "connect_timeout": _CONNECT_TIMEOUT,
                        # Per read, not for a whole transfer, which may well take longer.
                        "read_timeout": _READ_TIMEOUT,
                    },
                    retry_config=cast("Any", _RETRIES),
                    **more,
                )
            return self._made

    @contextmanager
    def _troubles(self, *, key: str = "") -> Iterator[None]:
        """Converts what obstore raises to StorageError, without its text, which contains signed
        addresses."""
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            if isinstance(error, FileNotFoundError):
                raise NoObject(key) from None
            raise StorageError(f"The store does not answer ({type(error).__name__}).") from None


def _full(error: OSError) -> StorageError:
    return StorageError(f"This machine's disk has a problem: {error.strerror}.")
