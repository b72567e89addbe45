"""Notes without readable text: emoji, symbols, white space, or only addresses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from webapp.reading.wording import is_flag_half, one_line, shows

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_NAMES = 40
_OPAQUE = re.compile(r"\d+|[0-9a-f]{8,}|(?=\w*\d)(?=\w*[a-z])\w{9,}|\w{25,}", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(?:x?html?|php|aspx?|jsp|md|pdf|txt)$", re.IGNORECASE)
_SILENT = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3"}


@dataclass(frozen=True, slots=True)
class Bare:
    """What such a note can be called. `words` are searched for key phrases; `tags` are certain."""

    title: str
    summary: str
    tags: tuple[str, ...]
    words: str = ""


def read_bare(text: str) -> Bare | None:
    """The note's name from its addresses or its characters' names; None if it has words to read."""
    addresses = _ADDRESS.findall(text)
    if addresses and not any(map(str.isalnum, _ADDRESS.sub("", text))):
        return _addresses([address.rstrip(".,;)") for address in addresses])
    if any(map(str.isalnum, text)):
        return None
    names = list(dict.fromkeys(_names(text)))
    shown = one_line(text)
    # Spaces and joiners alone are invisible: then the names are the title, too.
    listed = ", ".join(names[:_NAMES]) or f"U+0000 × {len(text)}"
    return Bare(shown if shows(shown) else listed, listed, tuple(names[:3]) or (listed,))


def _names(text: str) -> Iterator[str]:
    """What the Unicode standard calls each character, in lower case; flags by their letters."""
    half = ""
    for character in text:
        if is_flag_half(character):
            half += chr(ord(character) - 0x1F1E6 + ord("a"))
            if len(half) == 2:
                yield f"flag {half}"
                half = ""
        elif character not in _SILENT and not "\U0001f3fb" <= character <= "\U0001f3ff":
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            yield name if name.startswith("U+") else name.lower()


def _addresses(addresses: list[str]) -> Bare:
    hosts, phrases = list[str](), list[str]()
    for address in dict.fromkeys(addresses):
        host, phrase = _parts(address)
        hosts.append(host)
        phrases.append(phrase)
    hosts = [host for host in dict.fromkeys(hosts) if host]
    first = phrases[0]
    if " " in first:
        title = f"{first[:1].upper()}{first[1:]} – {hosts[0]}" if hosts else first
    else:
        title = re.sub(r"^(?:https?://)?(?:www\.)?|[/?#]*$", "", addresses[0], flags=re.IGNORECASE)
    words = ". ".join(filter(None, phrases))
    return Bare(title or addresses[0], " ".join(dict.fromkeys(addresses)), tuple(hosts[:1]), words)


def _parts(address: str) -> tuple[str, str]:
    """An address's host without its `www.`, and the words of its last telling path segment."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        # An unclosed bracket, a character that is not allowed in a host.
        return "", ""
    for segment in reversed(parts.path.split("/")):
        segment = _EXTENSION.sub("", unquote(segment))
        words = [word for word in re.split(r"[\W_]+", segment) if word]
        words = [word for word in words if not _OPAQUE.fullmatch(word)]
        if words:
            return host, " ".join(words)
    return host, ""
