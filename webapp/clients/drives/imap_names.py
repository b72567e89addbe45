"""Names of IMAP folders: what they are on the wire, and the lists they come in."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from webapp.clients.drives.contract import MOST_PATH, DriveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PLAIN: Final = re.compile("[\x20-\x7e]+")
_CODED: Final = re.compile("&([A-Za-z0-9+,]*)-")
_LISTED: Final = re.compile(rb'\(([^)]*)\) (NIL|"\\?."|"") ?(.*)', re.DOTALL)


def check_name(path: str) -> None:
    """Raise DriveError `invalid_path` unless this could be the name of a folder."""
    if not path or len(path) > MOST_PATH or not path.isprintable():
        raise DriveError("This is not a valid name of a mail folder.", code="invalid_path")


def encoded(name: str) -> str:
    """A name in the modified UTF-7 of RFC 3501: what is not ASCII is base64 of its UTF-16."""
    parts = re.split("([^\x20-\x7e]+)", name)
    return "".join(
        part.replace("&", "&-") if not part or _PLAIN.fullmatch(part) else _shifted(part)
        for part in parts
    )


def _shifted(text: str) -> str:
    data = base64.b64encode(text.encode("utf-16-be", errors="surrogatepass"))
    return f"&{data.decode().rstrip('=').replace('/', ',')}-"


def decoded(name: str) -> str:
    """The name behind modified UTF-7. Raises ValueError for what is none."""

    def unshifted(found: re.Match[str]) -> str:
        if not found[1]:
            return "&"
        data = found[1].replace(",", "/")
        data += "=" * (-len(data) % 4)
        try:
            return base64.b64decode(data, validate=True).decode("utf-16-be")
        except binascii.Error as error:
            raise ValueError from error

    return _CODED.sub(unshifted, name)


def quoted(text: str) -> str:
    """A string as commands take it, for text without control characters."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def listed(answer: Sequence[object]) -> Iterator[tuple[str, str | None, frozenset[str]]]:
    """The folders in the answer to LIST: name, what separates the levels, and flags in small
    letters. What has no name that can be passed back is left out."""
    for line in answer:
        text = line[0] if isinstance(line, tuple) else line
        if not isinstance(text, bytes) or not (found := _LISTED.fullmatch(text)):
            continue
        name = bytes(line[1]) if isinstance(line, tuple) else _unquoted(found[3])
        try:
            path = decoded(name.decode("ascii"))
        except ValueError:
            continue
        if encoded(path) == name.decode("ascii"):
            flags = frozenset(found[1].decode(errors="replace").lower().split())
            yield path, _separator(found[2]), flags


def _separator(text: bytes) -> str | None:
    return None if text in (b"NIL", b'""') else text[1:-1].decode(errors="replace")[-1]


def _unquoted(text: bytes) -> bytes:
    text = text.strip()
    if len(text) >= 2 and text.startswith(b'"') and text.endswith(b'"'):
        return re.sub(rb"\\(.)", rb"\1", text[1:-1])
    return text
