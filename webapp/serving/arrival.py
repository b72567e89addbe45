"""How much of a request has arrived.

This only decides when to take a thread: gunicorn's parser reads the request and refuses it. So
anything that looks wrong here is passed on as if it were complete.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from webapp.serving.bounds import Bounds

_LENGTH: Final = b"\r\ncontent-length:"
_CODING: Final = b"\r\ntransfer-encoding:"
_EXPECT: Final = b"\r\nexpect:"
_CREDENTIALS: Final = (b"\r\nauthorization:", b"\r\nx-api-key:", b"\r\nx-dev-user-id:")
_PASSED_ON: Final = b"\r\nx-forwarded-for:"

_FIRST_LINE: Final = re.compile(rb" HTTP/\d\.\d\Z")
_DIGITS: Final = re.compile(rb"\d{1,18}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;.*)?")
_LONGEST_CHUNK_LINE: Final = 8_192


class Stage(Enum):
    """How much of a request has arrived."""

    HEAD = auto()
    HUGE_HEAD = auto()  # longer than allowed, without an end
    BODY = auto()
    WHOLE = auto()
    UPLOAD = auto()  # its head has arrived, and its body is too long to wait for here


class Arrival:
    """The bytes of one request, as they arrive; the next one's may follow."""

    def __init__(self, bounds: Bounds, begun: bytes = b"") -> None:
        self.data = bytearray(begun)
        self._bounds = bounds
        self._head = b""  # in lower case
        self._head_end = 0
        self._chunk_at = 0  # where the next line with a chunk size begins

    def stage(self) -> Stage:
        """How much has arrived so far."""
        if not self._head_end:
            end = self.data.find(b"\r\n\r\n")
            if end < 0:
                return self._stage_of_head()
            if end > self._bounds.head_bytes:
                return Stage.HUGE_HEAD
            self._head_end = self._chunk_at = end + 4
            self._head = bytes(self.data[: end + 2]).lower()
        if _CODING in self._head:
            return self._stage_of_chunks()
        length = self._header(_LENGTH)
        if length is None or not _DIGITS.fullmatch(length):
            return Stage.WHOLE
        return self._stage_of(self._head_end + int(length))

    def take(self) -> list[bytes]:
        """Everything that has arrived, the head first: gunicorn's parser copies its input at
        once."""
        data, at = bytes(self.data), self._head_end
        self.data.clear()
        return [piece for piece in (data[:at], data[at:]) if piece]

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for our consent before it sends the body."""
        return self._header(_EXPECT) == b"100-continue"

    @property
    def is_about_health(self) -> bool:
        """Whether it is a health check."""
        return self.data.startswith((b"GET /health ", b"HEAD /health "))

    def caller(self, proxies: int) -> bytes | None:
        """What identifies its caller: the credential, or the address seen by the outermost trusted
        proxy. None if there is neither."""
        for name in _CREDENTIALS:
            if name in self._head:
                return self._header(name)
        if not proxies:
            return None
        passed = (self._header(_PASSED_ON) or b"").split(b",")
        return passed[-proxies].strip() or None if proxies <= len(passed) else None

    def _header(self, name: bytes) -> bytes | None:
        """The value of a header, in lower case."""
        at = self._head.find(name)
        if at < 0:
            return None
        begin = at + len(name)
        return self._head[begin : self._head.find(b"\r\n", begin)].strip(b" \t")

    def _stage_of_head(self) -> Stage:
        line, ending, _ = self.data.lstrip(b"\r\n").partition(b"\r\n")
        if ending and not _FIRST_LINE.search(line):
            return Stage.WHOLE
        if self.data.count(b"\n") > self.data.count(b"\r\n"):
            return Stage.WHOLE  # lines with other endings, which no HTTP head has
        return Stage.HUGE_HEAD if len(self.data) > self._bounds.head_bytes else Stage.HEAD

    def _stage_of(self, end: int) -> Stage:
        if end <= len(self.data):
            return Stage.WHOLE
        return Stage.UPLOAD if end - self._head_end > self._bounds.body_bytes else Stage.BODY

    def _stage_of_chunks(self) -> Stage:
        data = self.data
        while self._chunk_at <= len(data):
            end = data.find(b"\r\n", self._chunk_at)
            if end < 0:
                too_long = len(data) - self._chunk_at > _LONGEST_CHUNK_LINE
                return Stage.WHOLE if too_long else self._stage_of(len(data) + 1)
            size = _CHUNK.fullmatch(data, self._chunk_at, end)
            if size is None:
                return Stage.WHOLE
            if not int(size[1], 16):
                # The last one; an empty line ends any trailers.
                last = data.find(b"\r\n\r\n", end)
                return self._stage_of(len(data) + 1 if last < 0 else last + 4)
            self._chunk_at = end + 2 + int(size[1], 16) + 2
            if not b"\r\n".startswith(data[self._chunk_at - 2 : self._chunk_at]):
                return Stage.WHOLE
        return self._stage_of(self._chunk_at)
